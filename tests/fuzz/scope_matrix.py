"""Every operation of the specification, asked without a key, with a false one, and with each wrong scope."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from fulfillment.domain.access import Scope

PROTECTED = "/v1/"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, and the scopes that the specification says it needs."""

    method: str
    path: str
    scopes: frozenset[str]

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def address(self) -> str:
        """The path with something in place of its parameters."""
        return re.sub(r"\{[^}]+\}", "x", self.path)


def operations_of(specification: dict[str, Any]) -> Iterator[Operation]:
    """List the operations that need a key."""
    for path, methods in specification["paths"].items():
        if not path.startswith(PROTECTED):
            continue
        for method, operation in methods.items():
            needed = [name for each in operation.get("security", []) for name in each.get("key", [])]
            yield Operation(method, path, frozenset(needed))


def holes(url: str, specification: dict[str, Any], keys: dict[Scope, str]) -> list[str]:
    """Ask every operation in every way that must be refused; return those that were not.

    Parameters
    ----------
    keys : dict
        A key by scope that opens that scope alone.
    """
    found = []
    with httpx.Client(base_url=url, timeout=60) as client:
        for operation in operations_of(specification):
            if not operation.scopes:
                found.append(f"{operation} needs no scope")
            for who, key, expected in _strangers(operation, keys):
                headers = {} if key is None else {"Authorization": f"Bearer {key}"}
                answer = client.request(operation.method, operation.address, headers=headers)
                if answer.status_code != expected:
                    found.append(f"{operation} answers {who} with {answer.status_code}, not {expected}")
    return found


def _strangers(operation: Operation, keys: dict[Scope, str]) -> Iterator[tuple[str, str | None, int]]:
    yield "nobody", None, 401
    yield "a false key", "ful_false", 401
    for scope, key in keys.items():
        if scope not in operation.scopes:
            yield f"a key for {scope} alone", key, 403
