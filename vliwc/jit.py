"""Functions as machine code, made by numba (Lam, Pitrou, Seibert 2015).

Importing this module imports numba, which takes a second: only modules that hold compiled functions do, and they are
only imported when they are needed. The first call of a function compiles it, unless an earlier process has left the
result in the cache. numba notices changes of a cached function's own file only: whatever compiled functions call, and
whatever constants they use, should stand in their file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

from vliwc.code_cache import Forgiving

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS: dict[str, Any] = {"nogil": True, "_nrt": False, "error_model": "numpy"}
"""Without the interpreter's lock. No compiled function of vliwc allocates: reference counts, which else take nine
tenths of the time, are switched off. Nor does one raise: a division by zero has to be looked for before."""


def inlined(function: F) -> F:
    """Compiles a function as a part of every one that calls it; Python calls none of these.

    Arrays are handed over as seven words each. A call with two dozen of them takes longer than what most functions do:
    calls took half to three quarters of the list scheduler's time.
    """
    return cast(F, numba.njit(forceinline=True, **_OPTIONS)(function))


def native(function: F) -> F:
    """Compiles a function, and keeps the result for later processes if there is a place for it."""
    try:
        compiled = numba.njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:  # there is no directory for the cache that can be written
        return cast(F, numba.njit(**_OPTIONS)(function))
    compiled._cache = Forgiving(compiled._cache)
    return cast(F, compiled)
