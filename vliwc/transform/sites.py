"""Sites: the gathers of a `par` body of which the reach is known, and what each one's index is made of.

A site may be carried out in many ways (`vliwc.transform.alternatives`). Part of it is the chain of operations that
only the gathered word goes through, with constants and itself: they may as well be done once to the words of the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass

from vliwc.analysis.facts import Fact
from vliwc.analysis.linear import Form, Forms, signed
from vliwc.ir.graph import Graph, Loop
from vliwc.ir.ops import OPS, Kind
from vliwc.transform.rewriter import never_stored

Bits = tuple[tuple[int, int], ...]
"""(weight, node) pairs of single-bit words, in the order in which they become known; weights may be negative."""


@dataclass(frozen=True, slots=True)
class Site:
    """A gather that reaches words `lo` … `lo + count - 1` of an array which keeps its initial contents.

    `load` is the gather's node and `chain` the operations that its word goes through; `node` is the last of them, whose
    value the site stands for. `form` is the index as a linear form. If the index is a sum of single-bit words within
    the reach, these are the `bits`, and their sum without the form's constant is what is chosen by.
    """

    node: int
    load: int
    chain: tuple[int, ...]
    array: str
    lo: int
    count: int
    form: Form
    bits: Bits | None
    simple: bool
    """Does only one elementwise operation, which `alu` has, use the value? Then it may be done lane by lane."""
    block: int
    """The loop that the site stands in."""
    words: tuple[object, ...]
    """Which words a site looks up, and what its chain does to them: equal for sites that may share a table."""
    whole: bool = False
    """Do the bits of the index come with the index and not before, however it is computed?"""
    head: int = 0
    """At least so many cycles pass before the index is known, however other sites are carried out."""
    tail: int = 0
    """The same from the site's value to the end."""
    path: int = 0
    """If the longest path through an iteration leads through the site, the least number of cycles that it takes."""
    before: tuple[int, ...] = ()
    """The other sites (by their nodes) on a longest path from the beginning to the index, in order."""
    after: tuple[int, ...] = ()
    """The same from the value to the end."""

    @property
    def least(self) -> int:
        """The cycles from the last bit of the index to the site's value, however it is carried out: what uses the value
        by itself may have been done beforehand, with the words that are left."""
        return 0 if self.simple else 1

    @property
    def address_ops(self) -> int:
        """How many operations it takes at least to make an address of the index, or of its last bit."""
        bits = self.bits or ()
        return int(len(bits) > 1 or any(weight != 1 for weight, _ in bits))

    @property
    def selects(self) -> int:
        """The number of two-way choices among the reachable words."""
        return (1 << len(self.bits)) - 1 if self.bits is not None else self.count - 1

    @property
    def leaf_selects(self) -> int:
        """How many of the choices are between two words that all lanes share."""
        return (self.selects + 1) // 2

    @property
    def bit_ops(self) -> int:
        """The operations that take the bits from the index, if there is need."""
        return 0 if self.bits is not None else 1 + (self.count - 1).bit_length()


def find_sites(graph: Graph, facts: list[Fact], forms: Forms, loop: Loop) -> list[Site]:
    """The sites in a `par` body, in program order: gathers that may reach more than one word, without distances."""
    frozen = never_stored(graph)
    users, blocks = _users(graph), _blocks(graph, loop)
    found: list[Site] = []
    for n in graph.walk(loop.body):
        slice_ = reach(graph, facts, n, frozen) if graph.op[n] == "load" else None
        if slice_ is None or len(slice_) < 2:
            continue
        lo, hi = slice_[0], slice_[-1]
        chain = _chain(graph, n, users)
        node = chain[-1] if chain else n
        form = forms.of(graph.args[n][0])
        last = users[node][0] if len(users.get(node, ())) == 1 else None
        simple = last is not None and OPS[graph.op[last]].arity == 2 and graph.kind(last) is Kind.PURE
        bits = single_bits(form, facts, lo, hi)
        array, count = graph.access(n).array, hi - lo + 1
        words = (array, lo, count, *_steps(graph, n, chain))
        whole = bits is None and _whole(graph, facts, form)
        found.append(Site(node, n, chain, array, lo, count, form, bits, simple, blocks[n], words, whole))
    return found


_FEW_WORDS = 1 << 16
"""Arrays of more words are never changed as a whole."""

_CARRYING = frozenset({"add", "sub", "mul", "muladd", "mod", "div", "cdiv", "load", "gather"})
"""Operations whose bits, but for the lowest one, are there with the result and not before: no rewrite rule takes them
from the operands."""


def _whole(graph: Graph, facts: Sequence[Fact], form: Form) -> bool:
    """Does every bit of an index, but for the lowest one, wait for all that the index is a sum of?

    The lowest bits of two words that may both be odd carry into all others.
    """
    if any(k % 2 == 0 or graph.op[n] not in _CARRYING for n, k in form.terms):
        return False
    return len(form.terms) == 1 or not any(facts[n].zeros & 1 for n, _ in form.terms)


def _blocks(graph: Graph, loop: Loop) -> dict[int, int]:
    """For each node in a loop, a number for the block that it stands in: the index node of the innermost loop."""
    block = dict.fromkeys(loop.body, loop.index)
    for n in loop.body:
        attr = graph.attr[n]
        if isinstance(attr, Loop):
            block.update(_blocks(graph, attr))
    return block


def reach(graph: Graph, facts: list[Fact], n: int, frozen: frozenset[str]) -> range | None:
    """The indices that load `n` can have, if its array (one of `frozen`) keeps its contents."""
    array, index = graph.access(n).array, graph.args[n][0]
    if array not in frozen:
        return None
    return range(facts[index].lo, min(facts[index].hi, graph.arrays[array].length - 1) + 1)


def few_words(graph: Graph, facts: list[Fact], n: int, frozen: frozenset[str]) -> int | None:
    """How many words have to be changed once for a change of every word that node `n` stands for, if these are few: the
    one that all lanes share, or those of a table (of one of the arrays in `frozen`) that the node looks up."""
    if graph.op[n] == "splat":
        return 1
    slice_ = reach(graph, facts, n, frozen) if graph.op[n] == "load" else None
    return len(slice_) if slice_ is not None and len(slice_) < _FEW_WORDS else None


def origins(graph: Graph, facts: list[Fact], frozen: frozenset[str]) -> dict[int, int]:
    """For each word that many words share, or that is looked up in a small table, and for what is made of that and
    constants alone, the node that it comes from."""
    origin: dict[int, int] = {}
    for n in graph.walk():
        if few_words(graph, facts, n, frozen) is not None:
            origin[n] = n
        elif graph.kind(n) is Kind.PURE:
            found = {origin.get(a, -1) for a in graph.args[n] if graph.const(a) is None}
            if len(found) == 1 and -1 not in found:
                origin[n] = found.pop()
    return origin


def _users(graph: Graph) -> dict[int, list[int]]:
    """For each node that only nodes of its own block use, these, in order and once for each use."""
    uses = graph.uses()
    users: dict[int, list[int]] = {}

    def scan(block: tuple[int, ...]) -> None:
        own = set(block)
        for n in block:
            for a in graph.args[n]:
                if a in own:
                    users.setdefault(a, []).append(n)
            attr = graph.attr[n]
            if isinstance(attr, Loop):
                scan(attr.body)

    scan(graph.body)
    return {a: several for a, several in users.items() if len(several) == uses[a]}


def _chain(graph: Graph, load: int, users: Mapping[int, Sequence[int]]) -> tuple[int, ...]:
    """The operations between a load and the last node that all of its word's ways lead through, in order: those on the
    word, on what was made of it, and on constants."""
    whole: tuple[int, ...] = ()
    made, inside = {load}, [load]
    waiting: set[int] = set()
    """Users of what is inside that are not yet inside themselves."""
    while True:
        new = users.get(inside[-1])
        if new is None:
            return whole  # its word is needed elsewhere
        waiting.update(new)
        n = min(waiting)
        if not _by_constants(graph, n, made):
            return whole
        waiting.remove(n)
        inside.append(n)
        made.add(n)
        if not waiting:
            whole = tuple(inside[1:])


def _steps(graph: Graph, load: int, chain: Sequence[int]) -> list[tuple[object, ...]]:
    """What a chain does: equal for chains that do the same."""
    place = {n: ("word", k) for k, n in enumerate((load, *chain))}
    return [(graph.op[n], *(place.get(a, graph.const(a)) for a in graph.args[n])) for n in chain]


def _by_constants(graph: Graph, user: int, made: Set[int]) -> bool:
    """Is `user` an elementwise operation on what was made before and on constants?"""
    op = OPS[graph.op[user]]
    if op.kind is not Kind.PURE or op.can_fault or op.name == "table":
        return False
    return all(a in made or graph.const(a) is not None for a in graph.args[user])


def through(graph: Graph, site: Site, value: int, emit: Callable[..., int], constant: Callable[[int], int]) -> int:
    """A gathered word or vector `value` after the site's chain; `constant` makes a constant of the same width."""
    made = {site.load: value}
    for n in site.chain:
        repeat(graph, n, made, emit, constant)
    return made[site.node]


def repeat(
    graph: Graph, n: int, made: dict[int, int], emit: Callable[..., int], constant: Callable[[int], int]
) -> None:
    """Does one operation of a chain to what was `made` of earlier ones, by their nodes."""
    args = [made[a] if a in made else constant(graph.const(a) or 0) for a in graph.args[n]]
    made[n] = emit(graph.op[n], *args, span=graph.span[n])


def single_bits(form: Form, facts: list[Fact], lo: int, hi: int) -> Bits | None:
    """The signed weights and single-bit words that the index is a sum of, if it is such a sum within lo..hi."""
    weights = [(signed(k), n) for n, k in form.terms]
    if not all(facts[n].is_bit for _, n in weights) or len(weights) > (hi - lo).bit_length():
        return None
    least = form.constant + sum(min(k, 0) for k, _ in weights)
    most = form.constant + sum(max(k, 0) for k, _ in weights)
    return tuple(weights) if lo <= least and most <= hi else None
