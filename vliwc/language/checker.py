"""From the syntax tree to a checked kernel: the order in which things are checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from vliwc.language import scope, syntax
from vliwc.language.bounds import check_bounds, check_written
from vliwc.language.expressions import Expressions, Extent
from vliwc.language.functions import check_functions
from vliwc.language.independence import check_independence
from vliwc.language.kernel import Function, Kernel, Stmt
from vliwc.language.layout import Layout
from vliwc.language.parser import parse
from vliwc.language.problems import Problems
from vliwc.language.scope import Scope
from vliwc.language.statements import Statements
from vliwc.language.uses import Uses
from vliwc.source import Source, Span


def load_kernel(source: Source, defines: Mapping[str, int] | None = None) -> Kernel:
    """The checked kernel of a source text; `defines` gives params other values (-D). Raises KernelErrors."""
    return check(parse(source), source, defines or {})


def check(file: syntax.File, source: Source, defines: Mapping[str, int]) -> Kernel:
    """Checks a whole file. Raises KernelErrors with everything that is wrong with it."""
    problems = Problems(source)
    node = _only(file, syntax.Kernel, "kernel", problems)
    _only(file, syntax.Memory, "memory block", problems)
    budget = Extent()
    layout = Layout(problems, Expressions(problems, budget=budget), defines)
    layout.run(file)
    functions = {d.name.text: d for d in file.declarations if isinstance(d, syntax.Function)}
    pure = Scope()
    pure.names = {name: s for name, s in layout.scope.names.items() if not isinstance(s, scope.Array)}
    checked = check_functions(functions, pure, layout.arrays, budget, problems)
    if node is None:
        problems.stop()
    expressions = Expressions(problems, checked, budget, arrays=layout.arrays)
    body = Statements(problems, expressions).block(node.body, layout.scope)
    problems.stop_if_any()
    _check_uses(body, [function for function, _ in checked.values()], layout, problems)
    problems.stop_if_any()
    return Kernel(
        name=node.name.text,
        source=source,
        params=layout.params,
        tables=layout.tables,
        header=layout.header,
        arrays=layout.arrays,
        functions={name: function for name, (function, _) in checked.items()},
        body=body,
        span=node.span,
    )


def _check_uses(body: tuple[Stmt, ...], functions: list[Function], layout: Layout, problems: Problems) -> None:
    """What can be seen of indices: bounds first, since only addresses in bounds tell whether iterations conflict."""
    uses = Uses(body)
    check_written(uses, layout.arrays, problems)
    check_bounds(uses, layout.arrays, layout.tables, problems)
    for function in functions:
        inner = Uses(function.body, function.result)
        check_bounds(inner, layout.arrays, layout.tables, problems, executed=False)
    problems.stop_if_any()
    check_independence(uses, layout.arrays, problems)


_Part = TypeVar("_Part", syntax.Kernel, syntax.Memory)


def _only(file: syntax.File, kind: type[_Part], what: str, problems: Problems) -> _Part | None:
    """The one declaration of its kind. Reports that it is missing or repeated."""
    found = [d for d in file.declarations if isinstance(d, kind)]
    if not found:
        problems.report("VK0008", f"there is no {what}", Span(1, 1, 1, 2), "in this file")
        return None
    for other in found[1:]:
        here = Span(other.span.line, other.span.column, other.span.line, other.span.column + 6)
        problems.report("VK0008", f"a second {what}", here, f"the first is at {found[0].span}")
    return found[0]
