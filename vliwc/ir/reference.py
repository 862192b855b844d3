"""The table of operations as documentation: docs/ir.md contains exactly this text."""

from __future__ import annotations

from vliwc.ir.forms import FORMS
from vliwc.ir.ops import OPS, Kind, Op


def operation_table() -> str:
    """A Markdown table with one row for each operation of `vliwc.ir.ops`, in its order."""
    rows = ["| operation | kind | operands | text form | meaning | symbol | notes |", "| --- " * 7 + "|"]
    rows += [_row(op) for op in OPS.values()]
    return "\n".join(rows) + "\n"


def _row(op: Op) -> str:
    operands = "any" if op.arity < 0 else str(op.arity)
    default = ", ".join(f"{{{k}}}" for k in range(op.arity)) if op.arity > 0 else "{0}, {1}, …"
    written = op.kind is not Kind.CONTROL or op.name in FORMS  # the others are parts of a loop's head
    form = f"`{op.name} {FORMS.get(op.name, default)}`" if written else "see the grammar"
    properties = {"commutative": op.commutative, "associative": op.associative, "can fault": op.can_fault}
    notes = ", ".join(name for name, holds in properties.items() if holds)
    symbol = f"`{op.symbol}`".replace("|", "\\|") if op.symbol else ""
    return f"| {op.name} | {op.kind.value} | {operands} | {form} | {op.doc} | {symbol} | {notes} |"
