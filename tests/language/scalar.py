"""A slow interpreter in plain Python, one word at a time: the reference for the vectorised one.

It runs the iterations of `par` loops one after the other in any order that `order` gives, and does not look for
conflicts. It shares nothing with the interpreter but the kernel's data types.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vliwc.language import kernel as k

M = 2**32


class Fault(Exception):
    """An index out of range or a division by zero."""


class Scalar:
    def __init__(self, kernel: k.Kernel, image: Sequence[int], order: Callable[[list[int]], list[int]]) -> None:
        self.kernel = kernel
        self.memory = [int(word) for word in image]
        self.order = order
        self.block(kernel.body, {})

    def block(self, body: tuple[k.Stmt, ...], names: dict[int, int]) -> None:
        for s in body:
            if isinstance(s, k.Assign):
                names[s.target] = self.value(s.value, names)
            elif isinstance(s, k.Store):
                address = self.address(s.array, s.indices, names)
                self.memory[address] = self.value(s.value, names)
            elif isinstance(s, k.If):
                self.block(s.then if self.value(s.cond, names) else s.orelse, names)
            else:
                values = list(range(s.lo, s.hi, s.step))
                for v in self.order(values) if s.parallel else values:
                    names[s.var] = v
                    self.block(s.body, names)

    def address(self, array: str, indices: tuple[k.Expr, ...], names: dict[int, int]) -> int:
        decl = self.kernel.arrays[array]
        offset = 0
        for node, size in zip(indices, decl.shape, strict=True):
            index = self.value(node, names)
            if index >= size:
                raise Fault
            offset = offset * size + index
        return decl.base + offset

    def value(self, e: k.Expr, names: dict[int, int]) -> int:
        if isinstance(e, k.Const):
            return e.value
        if isinstance(e, k.Local):
            return names[e.id]
        if isinstance(e, k.Load):
            return self.memory[self.address(e.array, e.indices, names)]
        if isinstance(e, k.Lookup):
            index = self.value(e.index, names)
            if index >= len(self.kernel.tables[e.table]):
                raise Fault
            return self.kernel.tables[e.table][index]
        if isinstance(e, k.Select):
            return self.value(e.a, names) if self.value(e.cond, names) else self.value(e.b, names)
        if isinstance(e, k.Unary):
            a = self.value(e.a, names)
            return {"-": (M - a) % M, "~": M - 1 - a, "!": int(a == 0)}[e.op]
        if isinstance(e, k.Call):
            f = self.kernel.functions[e.function]
            inner = {p: self.value(a, names) for p, a in zip(f.params, e.args, strict=True)}
            self.block(f.body, inner)
            return self.value(f.result, inner)
        return self.binary(e, names)

    def binary(self, e: k.Binary, names: dict[int, int]) -> int:
        a = self.value(e.a, names)
        if e.op == "&&":
            return int(a != 0 and self.value(e.b, names) != 0)
        if e.op == "||":
            return int(a != 0 or self.value(e.b, names) != 0)
        b = self.value(e.b, names)
        if e.op in ("//", "%", "cdiv"):
            if b == 0:
                raise Fault
            return {"//": a // b, "%": a % b, "cdiv": -(-a // b)}[e.op]
        if e.op in ("<<", ">>"):
            return (a << b if e.op == "<<" else a >> b) % M if b < 32 else 0
        return {
            "+": (a + b) % M,
            "-": (a - b) % M,
            "*": a * b % M,
            "&": a & b,
            "|": a | b,
            "^": a ^ b,
            "<": int(a < b),
            "<=": int(a <= b),
            ">": int(a > b),
            ">=": int(a >= b),
            "==": int(a == b),
            "!=": int(a != b),
            "min": min(a, b),
            "max": max(a, b),
        }[e.op]
