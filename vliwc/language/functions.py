"""Functions: who calls whom, and the functions' bodies, callees first."""

from __future__ import annotations

from vliwc.language import kernel, syntax
from vliwc.language.expressions import Expressions, Extent
from vliwc.language.problems import Problems, Reported
from vliwc.language.scope import Scope
from vliwc.language.statements import Statements


def callees_first(functions: dict[str, syntax.Function], problems: Problems) -> list[syntax.Function]:
    """The functions in an order in which each comes after those it calls. Reports recursion, and leaves those out
    that are part of it."""
    calls = {name: _calls(function, functions) for name, function in functions.items()}
    order: list[str] = []
    done: set[str] = set()
    for root in functions:
        path: list[str] = []
        stack = [(root, iter(()) if root in done else iter(calls[root]))]
        if root in done:
            continue
        path.append(root)
        while stack:
            name, pending = stack[-1]
            call = next(pending, None)
            if call is None:
                stack.pop()
                path.pop()
                done.add(name)
                order.append(name)
            elif call.name.text in path:
                _report_recursion(call, [*path[path.index(call.name.text) :], call.name.text], problems)
            elif call.name.text not in done:
                path.append(call.name.text)
                stack.append((call.name.text, iter(calls[call.name.text])))
    return [functions[name] for name in order]


def _calls(function: syntax.Function, functions: dict[str, syntax.Function]) -> list[syntax.Call]:
    nodes = (node for node, _ in syntax.walk(function.body))
    return [node for node in nodes if isinstance(node, syntax.Call) and node.name.text in functions]


def _report_recursion(call: syntax.Call, cycle: list[str], problems: Problems) -> None:
    message = f"`{call.name.text}` calls itself"
    if len(cycle) > 2:
        message += ": " + " → ".join(cycle)
    problems.report("VK0505", message, call.span, "recursive call")


def check_function(node: syntax.Function, top: Scope, expressions: Expressions, problems: Problems) -> kernel.Function:
    """The function's body. Raises Reported if something is wrong with it."""
    statements = Statements(problems, expressions)
    names = Scope(top)
    params = tuple(statements.local(param, names, "parameter") for param in node.params)
    *before, last = node.body.statements or (None,)
    if not isinstance(last, syntax.Return):
        problems.report("VK0502", f"the function `{node.name.text}` does not end with `return`", node.name.span)
        before, last = list(node.body.statements), None
    for part, _ in syntax.walk(node.body):
        if isinstance(part, syntax.Loop) and part.kind == "par":
            problems.report("VK0501", "`par` in a function: functions are pure", part.span)
    body = statements.sequence(tuple(s for s in before if s is not None), names)
    if last is None:
        raise Reported
    result = expressions.word(last.value, names)
    return kernel.Function(node.name.text, params, body, result, node.span)


def check_functions(
    functions: dict[str, syntax.Function],
    top: Scope,
    arrays: dict[str, kernel.ArrayDecl],
    budget: Extent,
    problems: Problems,
) -> dict[str, tuple[kernel.Function, Extent]]:
    """All functions that are right, with their extents. Reports what is wrong with the others."""
    checked: dict[str, tuple[kernel.Function, Extent]] = {}
    for node in callees_first(functions, problems):
        expressions = Expressions(problems, checked, budget, pure=True, arrays=arrays)
        try:
            function = check_function(node, top, expressions, problems)
        except Reported:
            continue
        checked[node.name.text] = (function, expressions.extent)
    return checked
