"""Small changes of a tuning: the steps of the search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from random import Random

from vliwc.tune.tuning import Tuning

Forms = Sequence[Sequence[int]]
"""The forms of each class, as in `Tuning.forms`."""
PASSES = (1, 2, 3, 4, 6)
Move = Callable[[Tuning, Random, float], Tuning]
"""Changes a tuning at random; the last argument is the critical path in cycles, the scale of all times."""


def _nudged(values: Sequence[float], random: Random, sigma: float) -> tuple[float, ...]:
    """The same values with one of them changed."""
    changed = list(values)
    changed[random.randrange(len(changed))] += random.gauss(0, sigma)
    return tuple(changed)


def _shift_one(t: Tuning, random: Random, length: float) -> Tuning:
    """One strand begins earlier or later."""
    return replace(t, offsets=_nudged(t.offsets, random, 0.1 * length))


def _shift_rest(t: Tuning, random: Random, length: float) -> Tuning:
    """All strands from some one on begin earlier or later."""
    first, by = random.randrange(len(t.offsets)), random.gauss(0, 0.06 * length)
    return replace(t, offsets=tuple(x + by if s >= first else x for s, x in enumerate(t.offsets)))


def _stretch(t: Tuning, random: Random, _: float) -> Tuning:
    """All strands begin closer together or further apart."""
    factor = random.uniform(0.8, 1.25)
    return replace(t, offsets=tuple(x * factor for x in t.offsets))


def _swap(t: Tuning, random: Random, _: float) -> Tuning:
    """Two strands change places."""
    offsets = list(t.offsets)
    a, b = random.randrange(len(offsets)), random.randrange(len(offsets))
    offsets[a], offsets[b] = offsets[b], offsets[a]
    return replace(t, offsets=tuple(offsets))


def _pace(t: Tuning, random: Random, length: float) -> Tuning:
    """One strand goes slower or faster."""
    return replace(t, paces=_nudged(t.paces, random, 0.1 * length))


def _weigh(t: Tuning, random: Random, length: float) -> Tuning:
    """One class of operations becomes more or less urgent."""
    return replace(t, weights=_nudged(t.weights, random, 0.03 * length))


def _prefer(t: Tuning, random: Random, _: float) -> Tuning:
    """A class of operations prefers other forms."""
    c = random.choice([c for c, order in enumerate(t.forms) if len(order) > 1])
    order = list(t.forms[c])
    a, b = random.sample(range(len(order)), 2)
    order[a], order[b] = order[b], order[a]
    return replace(t, forms=(*t.forms[:c], tuple(order), *t.forms[c + 1 :]))


def _allow(t: Tuning, random: Random, every: Forms) -> Tuning:
    """A form that was spare for a class of operations is not any more."""
    c = random.choice([c for c, order in enumerate(t.forms) if len(order) < len(every[c])])
    missing = random.choice([f for f in every[c] if f not in t.forms[c]])
    return replace(t, forms=(*t.forms[:c], (*t.forms[c], missing), *t.forms[c + 1 :]))


def _forbid(t: Tuning, random: Random, every: Forms) -> Tuning:
    """The last form of a class of operations becomes spare."""
    c = random.choice([c for c, order in enumerate(t.forms) if len(order) > 1])
    return replace(t, forms=(*t.forms[:c], t.forms[c][:-1], *t.forms[c + 1 :]))


def _bend(t: Tuning, random: Random, length: float) -> Tuning:
    """A phase of all strands becomes more or less urgent."""
    return replace(t, curve=_nudged(t.curve, random, 0.04 * length))


def _drift(t: Tuning, random: Random, length: float) -> Tuning:
    """The program order counts more or less."""
    step = random.gauss(0, 0.05) * (t.drift or length / 10_000)
    return replace(t, drift=abs(t.drift * random.uniform(0.7, 1.4) + step))


def _reserve(t: Tuning, random: Random, _: float) -> Tuning:
    """More or less scratch is kept for the oldest strand."""
    return replace(t, reserve=random.choice([r for r in (0, 2, 4, 8, 16, 32) if r != t.reserve]))


def _admit(t: Tuning, random: Random, _: float) -> Tuning:
    """More or fewer strands may be under way."""
    every = len(t.offsets)
    return replace(t, strands=random.randint(1, every) if random.random() < 0.5 else every)


def _shake(t: Tuning, random: Random, length: float) -> Tuning:
    """Other noise."""
    return replace(t, noise=random.choice((0.0, 0.004, 0.012, 0.025)) * length, noise_seed=random.getrandbits(32))


def _passes(t: Tuning, random: Random, _: float) -> Tuning:
    """The schedule is pushed to and fro more often or less."""
    return replace(t, passes=random.choice([n for n in PASSES if n != t.passes]))


_OF_STRANDS: tuple[Move, ...] = (_shift_one, _shift_rest, _stretch, _swap, _pace, _admit)
_OF_CLASSES: tuple[Move, ...] = (_weigh,)
_OF_FORMS: tuple[Move, ...] = (_prefer,)
_ALWAYS: tuple[Move, ...] = (_bend, _drift, _shake, _reserve, _passes)
_TWICE = 0.3
"""How often a second change follows."""


def moved(tuning: Tuning, random: Random, length: float, every: Forms) -> Tuning:
    """A tuning near `tuning`, of a problem with `every` form of each class, and a critical path of `length` cycles."""
    changed = _moved_once(tuning, random, length, every)
    return _moved_once(changed, random, length, every) if random.random() < _TWICE else changed


def _moved_once(tuning: Tuning, random: Random, length: float, every: Forms) -> Tuning:
    moves = _ALWAYS
    if len(tuning.offsets) > 1:
        moves = _OF_STRANDS + moves
    if len(tuning.weights) > 1:
        moves = _OF_CLASSES + moves
    if any(len(order) > 1 for order in tuning.forms):
        moves = (*_OF_FORMS, partial(_on_forms, _forbid, every), *moves)
    if any(len(order) < len(known) for order, known in zip(tuning.forms, every, strict=True)):
        moves = (partial(_on_forms, _allow, every), *moves)
    return random.choice(moves)(tuning, random, length)


def _on_forms(
    change: Callable[[Tuning, Random, Forms], Tuning], every: Forms, t: Tuning, random: Random, _: float
) -> Tuning:
    return change(t, random, every)
