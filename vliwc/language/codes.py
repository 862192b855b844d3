"""The table of everything that can be wrong with a kernel. docs/diagnostics.md shows it with examples.

The first two digits group the codes: 00 text and syntax, 01 names, 02 constants, 03 memory and tables, 04 loads, stores
and assignments, 05 functions, 06 loops and sizes, 07 independence of `par`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of error: what it is called, how it comes about, what to do about it."""

    code: str
    title: str
    cause: str
    help: str


_TABLE: tuple[Code, ...] = (
    # --- text and syntax
    Code(
        "VK0001",
        "stray character",
        "The text has a character that no part of the language begins with.",
        "remove the character; comments begin with `#`",
    ),
    Code(
        "VK0002",
        "unexpected text",
        "The text does not go on as the grammar asks.",
        "docs/language.md has the grammar and an example of each construct",
    ),
    Code(
        "VK0003",
        "malformed number",
        "A literal begins with a digit but is not a decimal, hexadecimal (0x) or binary (0b) integer.",
        "write integers such as 42, 0xFF, 0b1010 or 1_000_000; there are no fractions",
    ),
    Code(
        "VK0004",
        "nested too deeply",
        "Expressions, blocks, loops or calls stand in each other more deeply than the compiler follows.",
        "give parts of it names with `let`, or split it into functions",
    ),
    Code(
        "VK0005",
        "bracket not closed",
        "A bracket or brace is open at the end of the text, or closed by one of another kind.",
        "add the closing bracket",
    ),
    Code(
        "VK0006",
        "comparisons do not chain",
        "A comparison is compared again without parentheses, as in `a < b < c`.",
        "write `a < b && b < c`, or put one comparison in parentheses if that is meant",
    ),
    Code(
        "VK0007",
        "statements on one line",
        "Two statements or declarations stand on one line with nothing between them.",
        "put a `;` or a line end between them",
    ),
    Code(
        "VK0008",
        "missing or repeated part",
        "A file has exactly one kernel and exactly one memory block; one of them is missing or there twice.",
        "a file looks like this: memory { a: u32[8] inout } kernel name { a[0] = 1 }",
    ),
    # --- names
    Code(
        "VK0101",
        "unknown name",
        "A name is used that is declared nowhere, or not here.",
        "declare it with `param`, `const`, `let`, or in the memory block",
    ),
    Code(
        "VK0102",
        "name declared twice",
        "Two declarations that are visible in one place have the same name.",
        "choose another name",
    ),
    Code(
        "VK0103",
        "local declared twice",
        "A local variable has the name of another one that is visible here: locals do not shadow each other.",
        "to change the variable write `x = …` without `let`; else choose another name",
    ),
    Code(
        "VK0104",
        "used before its declaration",
        "A constant expression uses a name that is declared further down.",
        "move the declaration up: constants are computed in the order of the text",
    ),
    Code(
        "VK0105",
        "not a word",
        "An array, a table or a function stands where a word is wanted.",
        "index an array or table: `a[i]`; call a function: `f(x)`",
    ),
    Code(
        "VK0106",
        "not indexable",
        "Something that is neither an array nor a table is indexed.",
        "only arrays of the memory block and constant tables have elements",
    ),
    Code(
        "VK0107",
        "not a function",
        "Something that is not a function is called.",
        "declare functions with `fn name(a, b) { … }`; built in are min, max and cdiv",
    ),
    Code(
        "VK0108",
        "not an array",
        "`&` or `assume` is used with something that is not an array of the memory block.",
        "only arrays have addresses and start contents",
    ),
    Code(
        "VK0109",
        "name of a built-in function",
        "A declaration takes the name of a built-in function: min, max, cdiv or sorted.",
        "choose another name",
    ),
    # --- constants
    Code(
        "VK0201",
        "not a constant",
        "A size, bound, parameter or table entry depends on something that is only known when the kernel runs.",
        "use numbers, params, consts, `&array` and the variables of `static for`",
    ),
    Code(
        "VK0202",
        "division by zero",
        "The divisor of `//`, `%` or `cdiv` is the constant 0.",
        "divide by something else, or guard the division with `static if` or `? :`",
    ),
    Code(
        "VK0203",
        "constant is not a word",
        "A constant that is used as a word is outside -2^31 … 2^32 - 1.",
        "reduce it, for example with `% 2 ** 32`",
    ),
    Code(
        "VK0204",
        "constant too large",
        "A constant expression has a value of more than 4,096 bits.",
        "keep intermediate results smaller",
    ),
    Code(
        "VK0205",
        "negative shift or exponent",
        "A constant is shifted by, or raised to, a negative constant.",
        "swap the direction of the shift, or divide",
    ),
    Code(
        "VK0206",
        "no such parameter",
        "A value was given with -D for something that is not a `param`.",
        "only names declared with `param` can be set from outside",
    ),
    Code(
        "VK0207",
        "`**` on words",
        "`**` is used on a value that is only known when the kernel runs; machines have no such operation.",
        "multiply, or raise a constant",
    ),
    # --- memory and tables
    Code(
        "VK0301",
        "size is not positive",
        "An array's size is zero or negative.",
        "an array has at least one word in every dimension",
    ),
    Code(
        "VK0302",
        "memory image too large",
        "The arrays and the header together have more than 2^28 words.",
        "make the arrays smaller",
    ),
    Code(
        "VK0303",
        "unknown element type",
        "An array's element type is not `u32`.",
        "the only type is u32, a word of 32 bits",
    ),
    Code(
        "VK0304",
        "unknown mode",
        "An array has no mode, or one that does not exist.",
        "modes are in (kept), inout, out (start contents arbitrary), consumed (may be overwritten)",
    ),
    Code(
        "VK0305",
        "unusable assumption",
        "An `assume` has a form that means nothing: another relation or property, or an array without start contents.",
        "write `assume a[_] < n`, with == < <= > >=, joined by &&, or `assume sorted(a)`",
    ),
    Code(
        "VK0306",
        "assumptions contradict each other",
        "No word fulfils everything that is assumed about an array.",
        "correct one of the bounds; words are unsigned: 0 … 2^32 - 1",
    ),
    Code(
        "VK0307",
        "empty table",
        "A constant table has no entries.",
        "a table has at least one entry: const t = [1, 2, 3]",
    ),
    # --- loads, stores, assignments
    Code(
        "VK0401",
        "wrong number of indices",
        "An array or table is indexed with more or fewer indices than it has dimensions.",
        "give one index for each dimension",
    ),
    Code(
        "VK0402",
        "index out of range",
        "An index is outside the array or table, for certain.",
        "indices count from 0; the last one is the size minus 1",
    ),
    Code(
        "VK0403",
        "store to a kept array",
        "An array of mode `in` is written.",
        "make the array `inout` (the new contents are a result) or `consumed` (they are not)",
    ),
    Code(
        "VK0404",
        "not assignable",
        "Something that is not a local variable or an array element is assigned.",
        "assign to a variable declared with `let`, or to an array element",
    ),
    Code(
        "VK0405",
        "never written",
        "An array of mode `out` is read, but the kernel never writes to it: its contents are arbitrary.",
        "make the array `in` or `inout` if its contents at the start matter",
    ),
    # --- functions
    Code(
        "VK0501",
        "memory in a function",
        "A function loads, stores, or has a `par` loop: functions are pure.",
        "pass the word as an argument, and store the result in the kernel",
    ),
    Code(
        "VK0502",
        "missing return",
        "A function does not end with `return`.",
        "the last statement of a function is `return value`",
    ),
    Code(
        "VK0503",
        "misplaced return",
        "`return` stands in the kernel, or in a function anywhere but at its end.",
        "compute the value in a variable, or with `? :`, and return it at the end",
    ),
    Code(
        "VK0504",
        "wrong number of arguments",
        "A function is called with more or fewer arguments than it has parameters.",
        "give one argument for each parameter",
    ),
    Code(
        "VK0505",
        "recursion",
        "A function calls itself, directly or through others.",
        "use a loop: functions are expanded where they are called",
    ),
    # --- loops and sizes
    Code(
        "VK0601",
        "step is not positive",
        "The step of a loop is zero or negative.",
        "to count down, count up and subtract: n - 1 - i",
    ),
    Code(
        "VK0602",
        "loop bound is not a word",
        "A bound of a `for` or `par` loop is negative or above 2^32 - 1.",
        "loop variables are words; `static for` may count through negative numbers",
    ),
    Code(
        "VK0603",
        "kernel too large",
        "The kernel is too large as a text, or after `static for` and functions are expanded.",
        "use `for` where the variable need not be a constant; make the parameters smaller",
    ),
    # --- independence of par
    Code(
        "VK0701",
        "assignment to a variable outside `par`",
        "An iteration of `par` assigns to a variable that is declared outside: iterations are independent.",
        "declare the variable inside, store to an array, or use `for`",
    ),
    Code(
        "VK0702",
        "iterations of `par` conflict",
        "Two iterations of a `par` loop use the same word and one of them writes it, for certain.",
        "use `for`, or store to another array or element",
    ),
)

CODES: dict[str, Code] = {entry.code: entry for entry in _TABLE}
"""All codes, in order."""
