"""From text to tokens, and the parser tables: everything that needs the lark package directly."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from lark import Lark, Token

from vliwc.language.diagnostics import Diagnostic
from vliwc.source import Source, Span

MAX_NESTING = 200
"""How deeply brackets, expressions and blocks may be nested."""

MAX_TOKENS = 250_000
"""How many names, numbers and signs a text may have: it is read within seconds."""

MAX_STRAY = 100
"""After so many stray characters the rest of the text is not read."""

OPENING = {"(": ")", "[": "]", "{": "}"}
CLOSING = {closer: opener for opener, closer in OPENING.items()}


class _KeepStray:
    """Tells lark to keep the terminal for stray characters although no rule uses it."""

    always_accept = ("STRAY",)

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        """The tokens as they come."""
        return stream


@cache
def grammar() -> Lark:
    """The LALR(1) parser for grammar.lark, built once."""
    text = files("vliwc.language").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(
        text, parser="lalr", lexer="basic", postlex=_KeepStray(), keep_all_tokens=True, maybe_placeholders=False
    )


def span_of(token: Token) -> Span:
    """Where a token stands."""
    assert token.line and token.column and token.end_line and token.end_column
    return Span(token.line, token.column, token.end_line, token.end_column)


def tokenize(source: Source, problems: list[Diagnostic]) -> list[Token]:
    """The tokens of `source` without white space and comments. Stray characters, too deep nesting, and a text that is
    too long, of which only the beginning is returned, are reported.

    Line ends of all kinds (CR, LF, CR LF, …) are taken as `Source.lines` takes them, so that places agree; a byte
    order mark at the start is skipped.
    """
    text = "\n".join(source.lines)
    if text.startswith("\ufeff"):
        text = " " + text[1:]
    tokens: list[Token] = []
    end = (0, 0)
    for token in grammar().lex(text):
        if token.type != "STRAY":
            tokens.append(token)
        elif end != (token.line, token.column):  # one report for a run of stray characters
            problems.append(_stray(token))
        if token.type == "STRAY":
            end = (token.end_line or 0, token.end_column or 0)
        if len(tokens) > MAX_TOKENS or len(problems) > MAX_STRAY:
            break
    if len(tokens) > MAX_TOKENS:
        message = f"the text has more than {MAX_TOKENS:,} names, numbers and signs"
        problems.append(Diagnostic("VK0603", message, span_of(tokens[-1]), "reading stops here"))
    deep = _too_deep(tokens)
    if deep is not None:
        problems.append(deep)
    return tokens


def _stray(token: Token) -> Diagnostic:
    char = str(token)
    name = f"`{char}`" if char.isprintable() else f"U+{ord(char):04X} {unicodedata.name(char, '')}".rstrip()
    helps = {
        "/": "division is written `//`",
        '"': "there are no strings in the language",
        "'": "there are no strings in the language",
        ".": "there are no fractions; a range is written `lo..hi`",
        "\\": "an expression may simply go on in the next line",
    }
    return Diagnostic("VK0001", f"stray character {name}", span_of(token), help=helps.get(char, ""))


def _too_deep(tokens: list[Token]) -> Diagnostic | None:
    depth = 0
    for token in tokens:
        depth += (token in OPENING) - (token in CLOSING)
        if depth > MAX_NESTING:
            message = f"more than {MAX_NESTING} brackets are open here"
            return Diagnostic("VK0004", message, span_of(token), "one too many")
    return None
