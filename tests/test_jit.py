"""Compiled functions: with a cache, and without one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest

from vliwc import jit

F = TypeVar("F", bound=Callable[..., object])


def test_compiled_anew_where_no_cache_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def njit(*, cache: bool = False, **_: object) -> Callable[[F], F]:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function

    monkeypatch.setattr(jit.numba, "njit", njit)
    assert jit.native(abs) is abs
