"""JSON that comes from anywhere, read entry by entry: every error names its place, none is a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from vliwc import strict_json
from vliwc.errors import DataError


def parse(text: str, what: str, help: str) -> Entry:  # noqa: A002
    """The object that a JSON text is. Raises DataError if the text is no JSON, or no object."""
    try:
        data = strict_json.loads(text)
    except ValueError as error:
        raise DataError(f"the {what} is no JSON: {error}", help=help) from None
    return Entry(what, data, help)


@dataclass(frozen=True, slots=True)
class Entry:
    """An object in JSON data. All methods raise DataError for what is missing, of another type or out of range."""

    place: str
    data: Any
    help: str

    def __post_init__(self) -> None:
        if not isinstance(self.data, dict):
            raise DataError(f"{self.place}: expected an object", help=self.help)

    def error(self, key: str, cause: str) -> DataError:
        """The error that something is wrong with a key."""
        return DataError(f"{self.place}: {key}: {cause}", help=self.help)

    def only(self, *keys: str) -> None:
        """Raises DataError if there is another key."""
        for key in self.data:
            if key not in keys:
                raise self.error(str(key)[:40], f"unknown key; known are {', '.join(keys)}")

    def has(self, key: str) -> bool:
        """Is there such a key?"""
        return key in self.data

    def entry(self, key: str) -> Entry:
        """The object at a key."""
        return Entry(f"{self.place}.{key}", self.data.get(key), self.help)

    def entries(self, key: str) -> Iterator[Entry]:
        """The objects in the list at a key."""
        for i, item in enumerate(self.list(key)):
            yield Entry(f"{self.place}.{key}[{i}]", item, self.help)

    def text(self, key: str, default: str | None = None) -> str:
        """The text at a key."""
        value = self.data.get(key, default)
        if not isinstance(value, str):
            raise self.error(key, "expected a text")
        return value

    def flag(self, key: str) -> bool:
        """The truth value at a key; false if there is none."""
        value = self.data.get(key, False)
        if not isinstance(value, bool):
            raise self.error(key, "expected true or false")
        return value

    def integer(self, key: str, low: int = 0, high: int = 1 << 31) -> int:
        """The integer at a key, from `low` to `high`."""
        return self.number(key, self.data.get(key), low, high)

    def integers(self, key: str, high: int = 1 << 31) -> tuple[int, ...]:
        """The integers in the list at a key, from 0 to `high`."""
        return tuple(self.number(key, item, 0, high) for item in self.list(key))

    def list(self, key: str) -> list[Any]:
        """The list at a key."""
        found = self.data.get(key)
        if not isinstance(found, list):
            raise self.error(key, "expected a list")
        return found

    def number(self, key: str, value: object, low: int, high: int) -> int:
        """The value, which belongs to a key, if it is an integer from `low` to `high`."""
        if type(value) is not int:  # `isinstance` would take a truth value for an integer
            raise self.error(key, "expected an integer")
        if not low <= value <= high:
            raise self.error(key, f"{value if abs(value) < 1 << 64 else 'a huge number'} is not in {low} … {high}")
        return value
