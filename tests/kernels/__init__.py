"""Random kernels for hypothesis; `vliwc.fuzz` draws them."""

from __future__ import annotations

from hypothesis import strategies as st

from vliwc.fuzz.files import random_kernel
from vliwc.fuzz.policies import MIXED, Policy
from vliwc.language import syntax

_SMALL = {n: st.integers(0, n - 1) for n in range(1, 65)}


class Drawn:
    """Hypothesis as the source of choices."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def randrange(self, stop: int) -> int:
        return self._draw(_SMALL[stop] if stop in _SMALL else st.integers(0, stop - 1))


@st.composite
def kernels(draw: st.DrawFn, policy: Policy = MIXED) -> syntax.File:
    """A strategy for whole files."""
    return random_kernel(Drawn(draw), policy)
