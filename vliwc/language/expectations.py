"""Syntax errors in the user's words: what was found, and what could have stood there."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from lark.lexer import PatternStr

from vliwc.language.diagnostics import Diagnostic
from vliwc.language.problems import did_you_mean
from vliwc.language.tokens import CLOSING, OPENING, grammar, span_of
from vliwc.source import Span

if TYPE_CHECKING:
    from lark import Token

    from vliwc.language.parser import Stop

_OPERATORS = frozenset(["+", "-", "*", "//", "%", "**", "&", "|", "^", "<<", ">>", "&&", "||", "?"])
_STATEMENTS = frozenset(["let", "if", "static", "for", "par", "return", "const"])
_DECLARATIONS = frozenset(["param", "memory", "assume", "fn", "kernel"])


@cache
def _literals() -> dict[str, str]:
    """The text of each terminal that always has the same text, by lark's name for it."""
    return {t.name: t.pattern.value for t in grammar().terminals if isinstance(t.pattern, PatternStr)}


def explain(stop: Stop, tokens: list[Token]) -> Diagnostic:
    """The diagnostic for the place where the parser could not go on."""
    before = tokens[stop.at - 1] if stop.at else None
    if stop.at == len(tokens):
        return _at_end(stop, before)
    token = tokens[stop.at]
    if token in CLOSING and stop.open and OPENING[stop.open[-1]] != token:
        return _mismatch(stop.open[-1], token)
    special = _special(stop, tokens)
    if special is not None:
        return special
    hint = _keyword(token, stop) or _misspelt(before, stop)
    found = _quoted(token)
    wanted = _wanted(stop)
    if before is not None and before.line != token.line:
        after = span_of(before)
        here = Span(after.end_line, after.end_column, after.end_line, after.end_column + 1)
        return Diagnostic(
            "VK0002", f"expected {wanted} after {_quoted(before)}", here, f"before {found} in the next line"
        )
    return Diagnostic("VK0002", f"expected {wanted}, found {found}", span_of(token), "not expected here", hint)


def _keyword(token: Token, stop: Stop) -> str:
    """Which keyword a name may be a misspelling of, as a help text."""
    words = {_literals().get(name, "") for name in stop.accepts}
    return did_you_mean(str(token), {w for w in words if w.isalpha()}) if token.type == "NAME" else ""


def _quoted(token: Token) -> str:
    return f"`{token}`" if len(token) <= 40 else f"`{token[:39]}…`"


def _misspelt(before: Token | None, stop: Stop) -> str:
    """Which keyword the name at the beginning of a statement may have been meant to be, as a help text."""
    if before is None or before.type != "NAME" or "ASSIGNMENT" not in stop.accepts:
        return ""
    return did_you_mean(str(before), _STATEMENTS | {"else"})


def _at_end(stop: Stop, before: Token | None) -> Diagnostic:
    if stop.open:
        opener = stop.open[-1]
        message = f"the `{opener}` opened here is never closed"
        return Diagnostic("VK0005", message, span_of(opener), "opened here", f"add a `{OPENING[opener]}`")
    last = span_of(before) if before is not None else Span(1, 1, 1, 1)
    here = Span(last.end_line, last.end_column, last.end_line, last.end_column + 1)
    return Diagnostic("VK0002", f"expected {_wanted(stop)}, found the end of the file", here, "the text ends here")


def _mismatch(opener: Token, closer: Token) -> Diagnostic:
    place = f"{opener.line}:{opener.column}"
    message = f"expected `{OPENING[opener]}` to close the `{opener}` opened at {place}, found `{closer}`"
    return Diagnostic("VK0005", message, span_of(closer), f"does not close `{opener}`")


def _special(stop: Stop, tokens: list[Token]) -> Diagnostic | None:
    """Messages for mistakes that people often make."""
    token = tokens[stop.at]
    before = tokens[stop.at - 1] if stop.at else None
    earlier = tokens[stop.at - 2] if stop.at > 1 else None
    if token in CLOSING and not stop.open:
        return Diagnostic("VK0005", f"this `{token}` closes nothing", span_of(token), "no bracket is open", "remove it")
    if token == "(" and before is not None and before.type == "NAME" and "ASSIGNMENT" in stop.accepts:
        message = f"the call `{before}(…)` stands alone: functions are pure, so it would do nothing"
        return Diagnostic("VK0002", message, span_of(before), "not a statement", "use its value: let x = f(…)")
    if token == ":" and before is not None and earlier == "]":
        here = span_of(before)
        return Diagnostic("VK0304", "the array before has no mode", here, "expected `in`, `inout`, `out` or `consumed`")
    if token == "}" and before == "]" and "IN" in stop.accepts:
        return Diagnostic("VK0304", "the array has no mode", span_of(before), "expected a mode after this")
    return None


def _wanted(stop: Stop) -> str:
    """What could have stood there, most telling first, at most four things."""
    texts = {_literals().get(name, name) for name in stop.accepts}
    wanted: list[str] = []
    if texts >= {"=", "ASSIGNMENT"}:
        wanted.append("an assignment")
        texts -= {"=", "ASSIGNMENT", "["}
    if "NUMBER" in texts:
        wanted.append("an expression")
        texts -= {"NUMBER", "NAME", "(", "-", "~", "!", "&"}
    if _STATEMENTS - {"const"} <= texts:
        wanted.append("a statement")
        texts -= _STATEMENTS | {"NAME", ";"}
    if texts >= _DECLARATIONS:
        wanted.append("a declaration")
        texts -= _DECLARATIONS | {"const", ";"}
    operator = bool(texts & _OPERATORS)
    if operator:
        texts -= _OPERATORS | {"COMPARISON", "(", "["}
        if "NAME" in texts:
            texts = texts - {"NAME"} | {"step"}
    wanted += [words for name, words in _WORDS.items() if name in texts]
    for closer in sorted(texts & CLOSING.keys()):
        wanted.append(_closing(closer, stop))
    rest = texts - CLOSING.keys() - _WORDS.keys() - {"$END", ";"}
    wanted += [f"`{text}`" for text in sorted(rest)]
    if operator:
        wanted.append("an operator")
    wanted = wanted[:4]
    return " or ".join([", ".join(wanted[:-1]), wanted[-1]]) if len(wanted) > 1 else wanted[0]


def _closing(closer: str, stop: Stop) -> str:
    opener = stop.open[-1]  # the grammar accepts a closing bracket only where one is open, of this kind
    what = "block" if closer == "}" else f"`{opener}`"
    return f"`{closer}` to close the {what} opened at {opener.line}:{opener.column}"


_WORDS = {"NAME": "a name", "UNDERSCORE": "`_`"}
