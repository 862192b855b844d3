"""What graphs say of their nodes."""

from __future__ import annotations

from tests.backend.harness import builder
from vliwc.ir.graph import Access, Mode


def test_operands_beside_a_constant() -> None:
    """The constant may stand on either side, and there may be none, two, or one operand."""
    b = builder(1, a=(1, Mode.IN))
    x, three, five = b.emit("load", b.const(0), attr=Access("a")), b.const(3), b.const(5)
    graph = b.graph
    assert graph.with_constant(b.emit("and", x, three)) == (x, 3)
    assert graph.with_constant(b.emit("sub", five, x)) == (x, 5)
    assert graph.with_constant(b.emit("add", three, five)) == (three, 5)
    assert graph.with_constant(b.emit("xor", x, x)) is None
    assert graph.with_constant(x) is None
