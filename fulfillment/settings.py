"""What a deployment sets: one frozen object, read from the environment once, at the start.

No other file reads the environment. A bad value stops the start.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Self

from fulfillment.domain.errors import InvalidRequest

PREFIX = "FULFILLMENT_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of one deployment: one retailer, one currency.

    Attributes
    ----------
    database_url : str
        SQLAlchemy URL of the ledger; SQLite or PostgreSQL. It may hold a password and is never printed.
    retailer : str
        Name shown to people.
    currency : str
        ISO 4217 code of every amount of money.
    transaction_attempts_max : int
        How often one use case is tried when the database reports a serialization failure or a deadlock.
    """

    database_url: str = field(default="sqlite:///fulfillment.db", repr=False)
    retailer: str = "retailer"
    currency: str = "USD"
    transaction_attempts_max: int = 8

    def __post_init__(self) -> None:
        if not re.fullmatch(r"(sqlite|postgresql)(\+\w+)?://.*", self.database_url):
            raise _bad(
                "database_url", None, "give an SQLAlchemy URL that starts with sqlite:// or postgresql://"
            )
        if not self.retailer.strip():
            raise _bad("retailer", self.retailer, "give the name that people should read")
        if not re.fullmatch(r"[A-Z]{3}", self.currency):
            raise _bad("currency", self.currency, "give an ISO 4217 code of three capitals, such as USD")
        if not 1 <= self.transaction_attempts_max <= 100:
            raise _bad("transaction_attempts_max", self.transaction_attempts_max, _ATTEMPTS_REMEDY)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read each attribute from the variable named ``FULFILLMENT_`` and the attribute in capitals.

        Parameters
        ----------
        environment : mapping
            As a rule ``os.environ``.

        Raises
        ------
        InvalidRequest
            On a bad value, or a variable that is nearly a setting; names the variable and the remedy.
        """
        _refuse_misspelt(environment)
        default = cls()
        attempts = environment.get(
            variable_of("transaction_attempts_max"), str(default.transaction_attempts_max)
        )
        if not re.fullmatch(r"[0-9]{1,9}", attempts):
            raise _bad("transaction_attempts_max", attempts, _ATTEMPTS_REMEDY)
        return cls(
            database_url=environment.get(variable_of("database_url"), default.database_url),
            retailer=environment.get(variable_of("retailer"), default.retailer),
            currency=environment.get(variable_of("currency"), default.currency),
            transaction_attempts_max=int(attempts),
        )


_ATTEMPTS_REMEDY = "give a whole number from 1 to 100"


def variable_of(name: str) -> str:
    """Return the environment variable that sets the attribute `name`."""
    return PREFIX + name.upper()


def _bad(name: str, value: object, remedy: str) -> InvalidRequest:
    shown = "has a bad value" if value is None else f"is {value!r}"
    return InvalidRequest(f"{variable_of(name)} {shown}", remedy=remedy, key=variable_of(name), value=value)


def _refuse_misspelt(environment: Mapping[str, str]) -> None:
    # Not every stranger is refused: Kubernetes gives each container variables such as
    # FULFILLMENT_SERVICE_HOST when a service of that name stands beside it.
    known = [variable_of(setting.name) for setting in fields(Settings)]
    for variable in sorted(set(environment) - set(known)):
        if variable.startswith(PREFIX) and (near := difflib.get_close_matches(variable, known, 1, 0.85)):
            raise InvalidRequest(
                f"{variable} is not a setting", remedy=f"did you mean {near[0]}?", key=variable
            )
