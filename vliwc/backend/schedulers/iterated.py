"""Iterated local search around a schedule: disturb it, and push it to the right and back, again and again.

It begins with some passes that disturb nothing, and goes on from what is no longer or, now and then, hardly longer than
the best (record-to-record travel, Dueck 1993). Each turn disturbs the cycles by which operations have to begin
(see `justify`), and now and then the order in which forms are tried. The list scheduler makes the next schedule by
them, and another one by the latest cycles of that (Lourenço, Martin and Stützle 2003; Valls, Ballestín and Quintanilla
2005). Some disturb a range of cycles only; many others disturb parts: a strand is put off as a whole, or a phase of all
strands, or all operations of a kind, which no disturbance of single operations comes to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import numpy as np
import numpy.typing as npt

from vliwc.backend.schedulers.making import Forms, Made, Maker, Order, Starts
from vliwc.backend.schedulers.shapes import Shapes
from vliwc.backend.schedulers.sorting import by_cycles, by_times
from vliwc.backend.schedulers.urgency import NO_LIMITS, Settings, Urgency

_NOISE = (1.0, 4.0, 16.0, 64.0)
"""By how many cycles operations are disturbed at most."""
_BY_PARTS = 0.5
"""How often whole parts are."""
_PHASES = 9
"""Into how many phases a program is divided, by the path to its end."""
_PASSES = 2
"""How many schedules a turn makes."""
_OTHER_FORMS = 0.3
"""How often forms are tried in another order, or some are spare."""
_SPARE = 0.5
"""How often some are, in a class that is changed."""
_BY_RANGES = 0.3
"""How often mainly a range of cycles is disturbed: a long schedule does not get better everywhere at once."""
_RANGES = (0.05, 0.1, 0.2)
"""The length of such ranges, as a share of the schedule, and the fewest cycles."""
_SHORTEST = 8
_TIES = 0.01
"""By how many cycles the others are, so that ties are broken at random."""
_DEVIATES = 0.3
_DEVIATION = 1 / 80
"""How often, and by what share of the best, schedules may be longer from which the search goes on."""
_UNDISTURBED = 8
"""How many passes come first that disturb nothing."""

Part = npt.NDArray[np.intp]
"""For each operation the number of the part that it belongs to."""
Later = Callable[[Made, bool], Starts | None]
"""The latest cycles of a schedule's operations, perhaps by paths: see `Made.late`."""


def latest(made: Made, by_paths: bool) -> Starts | None:
    """`Made.late`."""
    return made.late(by_paths=by_paths)


def partitions(urgency: Urgency, shapes: Shapes) -> list[Part]:
    """Ways to divide a problem into parts: strands, phases, strands' phases, classes; only those with several parts."""
    strand = np.array(urgency.strand, np.intp)
    height = np.array(urgency.height, np.intp)
    phase = height * _PHASES // (height.max(initial=0) + 1)
    several = (strand, phase, strand * _PHASES + phase, np.array(shapes.of, np.intp))
    numbered = (np.unique(part, return_inverse=True)[1] for part in several)
    return [part.astype(np.intp) for part in numbered if part.max(initial=0) > 0]


def iterated(
    maker: Maker,
    late: Starts,
    cycles: int,
    forms: Forms,
    runs: int,
    parts: Sequence[Part],
    *,
    seed: int,
    enough: int = 0,
    limits: Settings = NO_LIMITS,
    later: Later = latest,
    tell: Callable[[Made], None] | None = None,
) -> Made | None:
    """The shortest of so many schedules around one of `cycles` cycles, or None if none is shorter than that.

    `late` has the latest cycles in which operations can begin there, `forms` those that it was made of, `parts` the
    ways to divide the operations. All keep to the `limits`; `later` gives a schedule's latest cycles. The search ends
    with `enough` cycles. `tell` is told of each schedule that is shorter than all before.
    """
    random, best = Random(seed), None
    now = least = cycles
    usual = forms
    passed = _passes(maker, late, forms, enough, limits, later)
    if passed is not None and passed[0].cycles < least:
        best, late = passed
        now = least = best.cycles
        if tell is not None:
            tell(best)
    for _ in range(-(-runs // _PASSES)):
        if least <= enough:
            break
        tried = _shuffled(usual, random) if random.random() < _OTHER_FORMS else forms
        turn = _turn(maker, _disturbed(late, parts, random), tried, limits, later)
        deviation = int(_DEVIATION * least) if random.random() < _DEVIATES else 0
        if turn is not None and turn[0].cycles <= max(now, least + deviation):
            (made, late), forms = turn, tried
            now = made.cycles
            if now < least:
                best, least = made, now
                if tell is not None:
                    tell(best)
    return best


def _passes(
    maker: Maker, late: Starts, forms: Forms, enough: int, limits: Settings, later: Later
) -> tuple[Made, Starts] | None:
    """The shortest of some schedules, each of which is the one before pushed to the right and back, and its latest
    starts. Longer ones are followed, too; every other one is pushed by paths."""
    shortest: tuple[Made, Starts] | None = None
    for number in range(_UNDISTURBED):
        made = maker.make(by_cycles(late), limits, forms)
        following = None if made is None else later(made, number % 2 == 0)
        if made is None or following is None or (shortest and shortest[0].cycles <= enough):
            break
        late = following
        if shortest is None or made.cycles < shortest[0].cycles:
            shortest = made, late
    return shortest


def _turn(maker: Maker, order: Order, forms: Forms, limits: Settings, later: Later) -> tuple[Made, Starts] | None:
    """The shortest of the schedules of one turn, with its latest starts."""
    shortest: tuple[Made, Starts] | None = None
    for _ in range(_PASSES):
        made = maker.make(order, limits, forms)
        late = None if made is None else later(made, False)
        if made is None or late is None:
            break
        if shortest is None or made.cycles <= shortest[0].cycles:
            shortest = made, late
        order = by_cycles(late)
    return shortest


def _disturbed(late: Starts, parts: Sequence[Part], random: Random) -> Order:
    """The operations by their latest cycles, each later by a random part of a random number of cycles; or hardly any
    but those in a range of cycles; or all those of one part by the same, and each by less than a cycle."""
    most = random.choice(_NOISE)
    if random.random() < _BY_RANGES:
        amount = np.where(_in_range(late, random), most, _TIES)
        return by_times(late + amount * _noise(len(late), random))
    if not parts or random.random() >= _BY_PARTS:
        return by_times(late + most * _noise(len(late), random))
    part = random.choice(parts)
    of_parts = most * _noise(part.max() + 1, random)
    return by_times(late + of_parts[part] + _noise(len(late), random))


def _in_range(late: Starts, random: Random) -> npt.NDArray[np.bool_]:
    """Which operations begin in a random range of cycles."""
    last = int(late.max(initial=0)) + 1
    length = max(_SHORTEST, random.choice(_RANGES) * last)
    first = random.random() * (last + length) - length
    return (first <= late) & (late < first + length)


def _noise(count: int, random: Random) -> npt.NDArray[np.float64]:
    """So many random numbers from 0 to 1."""
    return np.frombuffer(random.randbytes(4 * count), np.uint32) / 2.0**32


def _shuffled(usual: Forms, random: Random) -> Forms:
    """For about half of the classes forms in a random order, perhaps some of them only, and as usual for the others."""

    def sample(forms: Sequence[int]) -> Sequence[int]:
        few = random.randint(1, len(forms)) if forms and random.random() < _SPARE else len(forms)
        return random.sample(forms, few)

    return [sample(forms) if random.random() < 0.5 else forms for forms in usual]
