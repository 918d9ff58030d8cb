"""A process that takes a unit and a client's key, and then never commits.

`python -m tests.concurrency.holder URL` says `holding` once it holds the locks, and is to be killed then.
"""

import sys
import time

from fulfillment.store.engine import open_engine
from fulfillment.store.idempotency import RequestKey, claim
from fulfillment.store.stock import post
from tests.support.ledgers import NOON, a_group, an_entry


def main(url: str) -> None:
    """Hold until killed."""
    with open_engine(url).begin() as connection:
        claim(connection, [RequestKey("shop", "O1", "another process")], NOON)
        post(connection, [a_group(an_entry(("L1", "V"), 1))])
        sys.stdout.write("holding\n")
        sys.stdout.flush()
        time.sleep(600)


if __name__ == "__main__":
    main(sys.argv[1])
