"""A place in the ledger's feed: after this entry or event, and everything that was visible before it.

Numbers that a database hands out grow, but transactions do not commit in their order: who reads "after number
7" passes over a 6 that is committed later. So a place has two parts, the transaction and the number within
the ledger, and readers stop below the oldest transaction that still runs. Callers get it as text and hand it
back as they got it.
"""

import re
from dataclasses import dataclass
from typing import Self

from fulfillment.domain.errors import InvalidRequest

_TEXT = re.compile(r"([0-9a-f]{1,16})-([0-9a-f]{1,16})")
_GREATEST = 2**63 - 1


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """A place in a feed; later places are greater.

    Attributes
    ----------
    xid : int
        The transaction that wrote the row; 0 on SQLite, whose writers commit one after another.
    position : int
        The row's number.
    """

    xid: int
    position: int

    def __str__(self) -> str:
        return f"{self.xid:x}-{self.position:x}"

    @classmethod
    def parse(cls, text: str, key: str = "cursor") -> Self:
        """Read a cursor from the text that `str` made of it.

        Parameters
        ----------
        key : str
            What the caller calls it, for the error.

        Raises
        ------
        InvalidRequest
            When it is no such text.
        """
        found = _TEXT.fullmatch(text)
        xid, position = (int(part, 16) for part in found.groups()) if found else (_GREATEST + 1, 0)
        if max(xid, position) > _GREATEST:
            raise InvalidRequest(
                f"{key} is {text!r}, which is no place in the feed",
                remedy="give a cursor as it came from an answer, or none to start at the beginning",
                key=key,
                value=text,
            )
        return cls(xid, position)


BEGINNING = Cursor(0, 0)
"""Before the first row."""
