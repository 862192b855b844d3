"""numba's cache of machine code on disk, made to forgive: a cache that is damaged or cannot be written is no cache.

numba itself passes on whatever goes wrong when it reads or writes its files: a file that was cut short by a full disk
would make every later search fail.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any


class Forgiving:
    """Stands in for a function's `numba.core.caching.FunctionCache`, and does what that does, where it can."""

    def __init__(self, cache: Any) -> None:
        self._cache = cache

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cache, name)

    def load_overload(self, signature: Any, context: Any) -> Any:
        """The machine code for a signature; None if the cache has none that can be read, and then it is emptied."""
        try:
            return self._cache.load_overload(signature, context)
        except Exception:  # of any kind, since the contents may be anything
            with suppress(Exception):
                self._cache.flush()
            return None

    def save_overload(self, signature: Any, data: Any) -> None:
        """Keeps the machine code for a signature, if there is room."""
        with suppress(Exception):
            self._cache.save_overload(signature, data)
