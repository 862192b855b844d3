"""JSON that comes from anywhere, without what Python's reader lets through: keys that are there twice, and NaN."""

from __future__ import annotations

import json
from typing import Any, NoReturn


def loads(text: str) -> object:
    """The data that a JSON text stands for. Raises ValueError, with the cause in a few words."""
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refused)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice in one object")
    return found


def _refused(number: str) -> NoReturn:
    raise ValueError(f"{number} is no number")
