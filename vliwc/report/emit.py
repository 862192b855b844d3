"""The forms that a compilation is written in."""

from __future__ import annotations

from collections.abc import Callable

from vliwc.driver import Compilation
from vliwc.ir.graph import Graph
from vliwc.ir.printer import print_graph
from vliwc.ir.view import to_dot
from vliwc.machine import print_assembly, program_to_json, takehome_module
from vliwc.report.layout import plain_text
from vliwc.report.tables import summary
from vliwc.report.timeline import chrome_trace

GRAPH_FORMS: dict[str, Callable[[Graph], str]] = {"ir": print_graph, "dot": to_dot}
"""The forms that need no program: text of the graph, and Graphviz."""

PROGRAM_FORMS: dict[str, Callable[[Compilation], str]] = {
    "asm": lambda c: print_assembly(c.program),
    "json": lambda c: program_to_json(c.program),
    "takehome": lambda c: takehome_module(c.program),
    "trace": chrome_trace,
    "summary": lambda c: plain_text(summary(c)),
}
"""The forms of a program: assembly, interchange JSON, the public benchmark's module, a Chrome trace, the summary."""


def graph_form(kind: str, graph: Graph) -> str:
    """The graph in the form `kind`, a key of GRAPH_FORMS."""
    return GRAPH_FORMS[kind](graph)


def form(kind: str, compilation: Compilation) -> str:
    """The compilation in the form `kind`, a key of one of the tables."""
    if kind in GRAPH_FORMS:
        return graph_form(kind, compilation.front.graph)
    return PROGRAM_FORMS[kind](compilation)
