"""How the text form spells operands and attributes: one table, read forwards by the printer, backwards by the parser.

A form is a template. `{0}`, `{1}`, … are operands, `{array}` and `{active}` the parts of an access, `{position}` an
integer attribute, `{word}` a constant, `{table}` the name of a table. Operations that are not listed here spell their
operands one after the other, with commas. An array's name is followed by `@0` where the index counts from word 0 of the
image instead of the array's base.
"""

from __future__ import annotations

import re

FORMS: dict[str, str] = {
    "const": "{word}",
    "lane": "{position} of {0}",
    "table": "{table}[{0}]",
    "load": "{array}[{0}]",
    "vload": "{array}[{0}]",
    "gather": "{array}[{0}]",
    "store": "{array}[{0}], {1}",
    "store_if": "{0}, {array}[{1}], {2}",
    "vstore": "{array}[{0}], {1}",
    "scatter": "{array}[{0}], {1} active {active}",
    "result": "{position} of {0}",
}

NAME = r"[A-Za-z_]\w*"
NODE = r"%\w+"
NUMBER = r"\d{1,10}"
WORD = rf"0x[0-9a-fA-F]{{1,8}}|{NUMBER}"
TABLE = r"\$\w+"
SPAN = rf"@{NUMBER}:{NUMBER}-{NUMBER}:{NUMBER}"

_FIELDS = {"array": rf"{NAME}(?:@0)?", "active": NUMBER, "position": NUMBER, "word": WORD, "table": TABLE}


def pattern(form: str) -> re.Pattern[str]:
    """The regular expression that reads a form; operand `k` is its group `_k`, any other field a group of its name."""

    def group(match: re.Match[str]) -> str:
        field = match[1]
        return f"(?P<_{field}>{NODE})" if field.isdigit() else f"(?P<{field}>{_FIELDS[field]})"

    return re.compile(re.sub(r"\\{(\w+)\\}", group, re.escape(form)))
