"""Address arithmetic made explicit, so that later passes can fold it.

%v = gather t[%i]    →    %a = add %i, (base of t); %v = gather t@0[%a]
"""

from __future__ import annotations

from vliwc.ir.graph import Access, Graph
from vliwc.ir.ops import Kind
from vliwc.transform.independence import index_position
from vliwc.transform.rewriter import Rewriter


def absolute(graph: Graph) -> Graph:
    """Makes address arithmetic explicit: indices count from word 0 of the image from here on."""
    return _Absolute(graph).run()


class _Absolute(Rewriter):
    def pure(self, n: int, args: tuple[int, ...]) -> int:
        if self.old.kind(n) not in (Kind.LOAD, Kind.STORE) or self.old.access(n).absolute:
            return super().pure(n, args)
        at = index_position(self.old.op[n])
        width, span = self.new.graph.width[args[at]], self.old.span[n]
        address = self.emit("add", args[at], self.new.const(self.old.origin(n), width), span=span)
        access = self.old.access(n)
        attr = Access(access.array, access.active, absolute=True)
        operands = (*args[:at], address, *args[at + 1 :])
        return self.emit(self.old.op[n], *operands, attr=attr, width=self.old.width[n], span=span)
