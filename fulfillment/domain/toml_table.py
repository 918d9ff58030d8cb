"""Reading a TOML document key by key, so that every mistake in it is named, unknown keys included."""

import difflib
import json
import tomllib
from typing import Self

from fulfillment.domain.errors import InvalidRequest


class TomlTable:
    """A table of a TOML document that knows which of its keys were read.

    Parameters
    ----------
    values : dict
        The table as `tomllib` gives it.
    path : str
        Its own key in the document; empty for the document.
    """

    def __init__(self, values: dict[str, object], path: str = "") -> None:
        self._values = values
        self._path = path
        self._read: dict[str, None] = {}

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a document.

        Raises
        ------
        InvalidRequest
            When the text is not TOML; names the place.
        """
        try:
            return cls(tomllib.loads(text))
        # Beside its own error tomllib lets through Python's on numbers and nests beyond measure.
        except (ValueError, RecursionError) as cause:
            raise InvalidRequest(f"not a TOML document: {cause}", remedy="correct it there") from cause

    def names(self) -> list[str]:
        """List the keys of the table, as the document orders them."""
        return list(self._values)

    def integer(self, key: str, default: int | None = None) -> int:
        """Read a whole number; without a default the key must be there."""
        value = self._take(key, default)
        if type(value) is not int:  # a bool is an int to Python
            raise self._wrong_type(key, value, "a whole number")
        return value

    def boolean(self, key: str, default: bool) -> bool:
        """Read true or false."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise self._wrong_type(key, value, "true or false")
        return value

    def text(self, key: str, default: str) -> str:
        """Read a text."""
        value = self._take(key, default)
        if not isinstance(value, str):
            raise self._wrong_type(key, value, "a text in quotation marks")
        return value

    def texts(self, key: str) -> list[str]:
        """Read a list of texts, empty where the key is absent."""
        value = self._take(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong_type(key, value, "a list of texts")
        return value

    def table(self, key: str) -> "TomlTable":
        """Read a table, empty where the key is absent."""
        value = self._take(key, {})
        if not isinstance(value, dict):
            raise self._wrong_type(key, value, "a table")
        return TomlTable(value, self.path_of(key))

    def refuse_unread(self) -> None:
        """Refuse the keys that nothing has read: they would have no effect.

        Raises
        ------
        InvalidRequest
            Names the first of them and the key that it resembles.
        """
        for key in self._values:
            if key not in self._read:
                near = difflib.get_close_matches(key, self._read, 1)
                known = ", ".join(self._read) or "none"
                raise InvalidRequest(
                    f"{self.path_of(key)} = {self._values[key]!r}: there is no such key",
                    remedy=f"did you mean {near[0]}?" if near else f"remove it; the keys here are {known}",
                    key=self.path_of(key),
                    value=self._values[key],
                )

    def path_of(self, key: str) -> str:
        """Return the dotted path of `key` in the document."""
        return f"{self._path}.{key}" if self._path else key

    def _take(self, key: str, default: object) -> object:
        self._read[key] = None
        value = self._values.get(key, default)
        if value is None:
            raise InvalidRequest(
                f"{self.path_of(key)} is missing", remedy=f"add a line `{key} = …`", key=self.path_of(key)
            )
        return value

    def _wrong_type(self, key: str, value: object, wanted: str) -> InvalidRequest:
        path = self.path_of(key)
        return InvalidRequest(f"{path} is {value!r}", remedy=f"give {wanted}", key=path, value=value)


def toml_text(value: str) -> str:
    """Write a text as a TOML basic string."""
    # JSON escapes what TOML wants escaped, but for one control character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
