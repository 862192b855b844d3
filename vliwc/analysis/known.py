"""Which values are known when the program is compiled, lane by lane.

Scalars that are known are folded to constants everywhere. Vectors are not, since a vector of different constants takes
more operations to make than to compute: the numbers of the lanes times 12, say. But one may know what is in them.
"""

from __future__ import annotations

from vliwc.ir.graph import Graph
from vliwc.ir.ops import PURE


def known_words(graph: Graph) -> dict[int, tuple[int, ...]]:
    """The nodes that are computed of constants only, with a word for each lane."""
    known: dict[int, tuple[int, ...]] = {}
    for n in graph.walk():
        op, attr, constant = graph.op[n], graph.attr[n], graph.const(n)
        if constant is not None:
            known[n] = (constant,) * graph.width[n]
            continue
        args = [known[a] for a in graph.args[n] if a in known]
        if not args or len(args) < len(graph.args[n]):
            continue
        meaning = PURE[op].word if op in PURE and not PURE[op].can_fault else None
        if op == "pack":
            known[n] = tuple(words[0] for words in args)
        elif op == "lane" and isinstance(attr, int):
            known[n] = (args[0][attr],)
        elif op == "blend":
            known[n] = tuple(a if c else b for c, a, b in zip(*args[:3], strict=True))
        elif meaning is not None:
            known[n] = tuple(meaning(*operands) for operands in zip(*args, strict=True))  # all are equally wide
    return known
