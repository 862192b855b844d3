"""From text to syntax tree, with recovery: after a syntax error the parser leaves that statement out and goes on."""

from __future__ import annotations

from dataclasses import dataclass

from lark import Token, Tree, UnexpectedToken
from lark.parsers.lalr_interactive_parser import InteractiveParser

from vliwc.language import syntax
from vliwc.language.diagnostics import Diagnostic, KernelErrors
from vliwc.language.expectations import explain
from vliwc.language.tokens import CLOSING, MAX_NESTING, OPENING, grammar, tokenize
from vliwc.language.tree import build
from vliwc.source import Source

MAX_ERRORS = 20
"""The parser stops after this many syntax errors."""

MAX_EFFORT = 500_000
"""… or when it has read so many tokens in all its attempts."""

_BEGINNINGS = frozenset(
    ["param", "const", "memory", "assume", "fn", "kernel", "header", "let", "if", "static", "for", "par", "return"]
)


@dataclass(frozen=True, slots=True)
class Stop:
    """Where the parser could not go on: before token `at`, with these terminals possible and brackets open."""

    at: int
    accepts: frozenset[str]
    open: tuple[Token, ...]


def parse(source: Source) -> syntax.File:
    """The syntax tree of a source text.

    Raises KernelErrors with every syntax error found: one for each statement that cannot be read.
    """
    problems: list[Diagnostic] = []
    tokens = tokenize(source, problems)
    if any(p.code in ("VK0004", "VK0603") for p in problems):
        raise KernelErrors(source, problems)
    tree = _parse(tokens, problems)
    if tree is None:
        raise KernelErrors(source, problems)
    file = build(tree, problems)
    _check_depth(file, problems)
    if problems:
        raise KernelErrors(source, problems[:MAX_ERRORS])
    return file


def _parse(tokens: list[Token], problems: list[Diagnostic]) -> Tree[Token] | None:
    """Parses, leaving out statements that cannot be read; None if there were any."""
    errors = read = 0
    lines = {p.span.line for p in problems}  # a second error in one line is often a consequence of the first
    while errors < MAX_ERRORS and read < MAX_EFFORT:
        result = _attempt(tokens)
        if not isinstance(result, Stop):
            return result if errors == 0 else None
        problem = explain(result, tokens)
        if problem.span.line not in lines:
            problems.append(problem)
            lines.add(problem.span.line)
        errors += 1
        if result.at == len(tokens):
            return None
        read += result.at
        start, end = _statement(tokens, result.at)
        tokens = tokens[:start] + tokens[end:]
    return None


def _attempt(tokens: list[Token]) -> Tree[Token] | Stop:
    parser = grammar().parse_interactive("")
    opened: list[Token] = []
    for k, token in enumerate(tokens):
        try:
            parser.feed_token(token)
        except UnexpectedToken:
            return Stop(k, _accepts(parser), tuple(opened))
        if token in OPENING:
            opened.append(token)
        elif token in CLOSING:
            opened.pop()
    try:
        tree: Tree[Token] = parser.feed_eof()  # type: ignore[no-untyped-call]
    except UnexpectedToken:
        return Stop(len(tokens), _accepts(parser), tuple(opened))
    return tree


def _accepts(parser: InteractiveParser) -> frozenset[str]:
    return frozenset(parser.accepts())  # type: ignore[no-untyped-call]


def _statement(tokens: list[Token], at: int) -> tuple[int, int]:
    """The range of tokens of the statement or declaration that the parser could not read when it came to token `at`.

    It reaches from the last place before `at` where one may begin to the next such place; if it opens a block, to the
    end of the block. Never empty.
    """
    last = at - 1 if at > 0 and _starts_line(tokens, at) else at
    start = last
    while start > 0 and not _may_begin(tokens, start):
        start -= 1
    end = max(at, start + 1)
    while end < len(tokens) and not _may_begin(tokens, end) and tokens[end] != "}":
        end += 1
    depth = sum((t == "{") - (t == "}") for t in tokens[start:end])
    while depth > 0 and end < len(tokens):
        depth += (tokens[end] == "{") - (tokens[end] == "}")
        end += 1
    return start, end


def _starts_line(tokens: list[Token], k: int) -> bool:
    return k == 0 or tokens[k].line != tokens[k - 1].line


def _may_begin(tokens: list[Token], k: int) -> bool:
    """Whether a statement or declaration may begin with token `k`: after a brace or `;`, or on a new line."""
    if k > 0 and tokens[k - 1] in ("{", "}", ";"):
        return True
    if not _starts_line(tokens, k):
        return False
    follows = tokens[k + 1] if k + 1 < len(tokens) else ""
    return tokens[k] in _BEGINNINGS or (tokens[k].type == "NAME" and (follows in (":", "[") or follows.endswith("=")))


def _check_depth(file: syntax.File, problems: list[Diagnostic]) -> None:
    for node, depth in syntax.walk(file):
        if depth > MAX_NESTING:
            message = f"nested more than {MAX_NESTING} levels deep"
            problems.append(Diagnostic("VK0004", message, node.span, "at this point"))
            return
