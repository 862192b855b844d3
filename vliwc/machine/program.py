"""Machine programs: typed slots in bundles."""

from __future__ import annotations

from dataclasses import dataclass

from vliwc.source import Span

Operand = int | str | tuple[object, ...]

MAX_DEPTH = 16
"""How deep the keys of debug slots may be nested."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One operation of a bundle: `operands` in the machine's order (destination first, then sources, immediates).

    All operands are scratch addresses but for immediates; `debug` slots carry keys. `span` is the place in the
    kernel that the slot computes for, where it is known.
    """

    engine: str
    op: str
    operands: tuple[Operand, ...]
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Bundle:
    """What the machine does in one cycle: all slots read the old state, all writes land after it.

    `empty_engines` names engines that are present without a slot in the interchange form: such a bundle takes a cycle.
    """

    slots: tuple[Slot, ...]
    empty_engines: tuple[str, ...] = ()

    @property
    def takes_cycle(self) -> bool:
        """Does it name an engine other than `debug`, with or without slots? Any other bundle is free."""
        return any(slot.engine != "debug" for slot in self.slots) or any(e != "debug" for e in self.empty_engines)

    def by_engine(self) -> dict[str, tuple[Slot, ...]]:
        """The slots of each engine, in the machine's order: engines as they first appear, their slots as they stand."""
        engines: dict[str, tuple[Slot, ...]] = {}
        for slot in self.slots:
            engines[slot.engine] = (*engines.get(slot.engine, ()), slot)
        return engines | {engine: engines.get(engine, ()) for engine in self.empty_engines}


@dataclass(frozen=True)
class Program:
    """A complete program. Execution starts at bundle 0 and ends when it runs off the end, or at `halt`.

    `scratch_words` is how many scratch words it uses (addresses 0 … scratch_words - 1).
    """

    machine: str
    bundles: tuple[Bundle, ...]
    scratch_words: int
    kernel: str = ""
