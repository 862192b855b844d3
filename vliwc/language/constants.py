"""Arithmetic on constants: unbounded integers, as in Python, within a size that cannot exhaust the machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vliwc.ir.ops import MASK

MAX_BITS = 4096
"""No constant, and no intermediate result of one, is longer."""

LOWEST_WORD = -(2**31)


class ConstantError(Exception):
    """The operation has no (acceptable) result; `code` is the diagnostic's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def is_word(value: int) -> bool:
    """Whether a constant may be used as a word: as itself, or as the two's complement of a negative number."""
    return LOWEST_WORD <= value <= MASK


def show(value: int) -> str:
    """The value for a message, shortened when it is long."""
    if value.bit_length() > 128:
        return f"a number of {value.bit_length():,} bits"
    return str(value)


def _divisor(b: int) -> int:
    if b == 0:
        raise ConstantError("VK0202", "division by zero")
    return b


def _shift(b: int) -> int:
    if b < 0:
        raise ConstantError("VK0205", f"shift by {show(b)}")
    return b


def _too_large() -> ConstantError:
    return ConstantError("VK0204", f"a constant of more than {MAX_BITS:,} bits")


def _left(a: int, b: int) -> int:
    if a and a.bit_length() + _shift(b) > MAX_BITS:
        raise _too_large()
    return a << b if a else 0


def _power(a: int, b: int) -> int:
    if b < 0:
        raise ConstantError("VK0205", f"negative exponent {show(b)}")
    if abs(a) > 1 and (a.bit_length() - 1) * b > MAX_BITS:
        raise _too_large()
    return int(a ** (b if abs(a) > 1 else b % 2 or min(b, 2)))


_BINARY: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": lambda a, b: a // _divisor(b),
    "%": lambda a, b: a % _divisor(b),
    "cdiv": lambda a, b: -(-a // _divisor(b)),
    "**": _power,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "<<": _left,
    ">>": lambda a, b: a >> _shift(b),
    "<": lambda a, b: int(a < b),
    "<=": lambda a, b: int(a <= b),
    ">": lambda a, b: int(a > b),
    ">=": lambda a, b: int(a >= b),
    "==": lambda a, b: int(a == b),
    "!=": lambda a, b: int(a != b),
    "&&": lambda a, b: int(bool(a) and bool(b)),
    "||": lambda a, b: int(bool(a) or bool(b)),
    "min": min,
    "max": max,
}

_UNARY: dict[str, Callable[[int], int]] = {"-": lambda a: -a, "~": lambda a: ~a, "!": lambda a: int(not a)}

BUILT_IN = ("min", "max", "cdiv")
"""The functions that every kernel has; they take two words or constants."""


def fold(op: str, operands: Sequence[int]) -> int:
    """The value of a unary or binary operation on constants. Raises ConstantError."""
    value = _UNARY[op](*operands) if len(operands) == 1 else _BINARY[op](*operands)
    if value.bit_length() > MAX_BITS:
        raise _too_large()
    return value
