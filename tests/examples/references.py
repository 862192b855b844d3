"""What each example computes, said a second time: in numpy and the standard library, knowing nothing of vliwc.

A reference takes the parameters and the arrays at the start (uint32, in the shape that the kernel declares) and
returns the arrays that are results. Where a library has the function (zlib, math.gcd, `@`, …), that is used.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint32]
Params = dict[str, int]
Arrays = dict[str, Words]


@dataclass(frozen=True)
class Example:
    """A reference, and the least and the greatest value of each parameter that tests try."""

    reference: Callable[[Params, Arrays], Arrays]
    sizes: dict[str, tuple[int, int]]


def _u32(x: object) -> Words:
    return np.asarray(x).astype(np.uint32)


def _w(x: int) -> np.uint32:
    return np.uint32(x)


# The public benchmark's hash: each stage is (a op1 c) op2 (a shift k).
_STAGES = (
    ("+", 0x7ED55D16, "+", "<<", 12),
    ("^", 0xC761C23C, "^", ">>", 19),
    ("+", 0x165667B1, "+", "<<", 5),
    ("+", 0xD3A2646C, "^", "<<", 9),
    ("+", 0xFD7046C5, "+", "<<", 3),
    ("^", 0xB55A4F09, "^", ">>", 16),
)


def takehome_hash(a: Words) -> Words:
    """The six stages of machine.md's table on uint32 arrays."""
    for op1, c, op2, shift, k in _STAGES:
        left = a + _w(c) if op1 == "+" else a ^ _w(c)
        right = a << _w(k) if shift == "<<" else a >> _w(k)
        a = left + right if op2 == "+" else left ^ right
    return a


def walk(tree: Words, indices: Words, values: Words, rounds: int) -> tuple[Words, Words]:
    """The final (indices, values) of the tree walk."""
    at = indices.astype(np.int64)
    for _ in range(rounds):
        values = takehome_hash(values ^ tree[at])
        at = 2 * at + np.where(values & 1, 2, 1)
        at[at >= len(tree)] = 0
    return _u32(at), values


def tree_walk(p: Params, a: Arrays) -> Arrays:
    return {"values": walk(a["tree"], a["indices"], a["values"], p["rounds"])[1]}


def tree_walk_indices(p: Params, a: Arrays) -> Arrays:
    indices, values = walk(a["tree"], a["indices"], a["values"], p["rounds"])
    return {"indices": indices, "values": values}


def saxpy(p: Params, a: Arrays) -> Arrays:
    return {"y": a["a"] * a["x"] + a["y"]}


def polynomial(p: Params, a: Arrays) -> Arrays:
    powers = [pow(2**32 + int(x), p["degree"] - k, 2**32) for x in a["points"] for k in range(p["degree"] + 1)]
    table = np.array(powers, dtype=np.uint32).reshape(p["n"], p["degree"] + 1)
    return {"results": (table * a["coefficients"]).sum(axis=1, dtype=np.uint32)}


def _murmur3_bytes(data: bytes, seed: int) -> int:
    """MurmurHash3_x86_32 of a whole number of 4-byte blocks, on Python integers."""
    mask = 2**32 - 1

    def rotl(x: int, r: int) -> int:
        return ((x << r) | (x >> (32 - r))) & mask

    h = seed
    for start in range(0, len(data), 4):
        k = int.from_bytes(data[start : start + 4], "little")
        k = rotl(k * 0xCC9E2D51 & mask, 15) * 0x1B873593 & mask
        h = (rotl(h ^ k, 13) * 5 + 0xE6546B64) & mask
    h ^= len(data)
    for multiplier, shift in ((0x85EBCA6B, 16), (0xC2B2AE35, 13)):
        h = (h ^ (h >> shift)) * multiplier & mask
    return h ^ (h >> 16)


def murmur3(p: Params, a: Arrays) -> Arrays:
    return {"hashes": _u32([_murmur3_bytes(row.astype("<u4").tobytes(), p["seed"]) for row in a["keys"]])}


def xorshift(p: Params, a: Arrays) -> Arrays:
    """Steps by a matrix over GF(2), raised to the power: column k is what a step makes of bit k."""

    def step(x: int) -> int:
        x ^= x << 13 & 0xFFFFFFFF
        x ^= x >> 17
        return x ^ (x << 5 & 0xFFFFFFFF)

    columns = [1 << k for k in range(32)]
    for _ in range(p["steps"]):
        columns = [step(c) for c in columns]

    def apply(x: int) -> int:
        out = 0
        for k in range(32):
            if x >> k & 1:
                out ^= columns[k]
        return out

    return {"states": _u32([apply(int(x)) for x in a["states"]])}


def binary_search(p: Params, a: Arrays) -> Arrays:
    return {"ranks": _u32(np.searchsorted(a["keys"], a["queries"], side="left"))}


def decision_forest(p: Params, a: Arrays) -> Arrays:
    def score(tree: int, sample: Words) -> int:
        node = 0
        for _ in range(p["depth"]):
            below = sample[a["feature"][tree, node]] < a["threshold"][tree, node]
            node = 2 * node + (1 if below else 2)
        return int(a["score"][tree, node - 2 ** p["depth"] + 1])

    totals = [sum(score(t, sample) for t in range(p["trees"])) % 2**32 for sample in a["samples"]]
    return {"totals": _u32(totals)}


def histogram(p: Params, a: Arrays) -> Arrays:
    return {"counts": _u32(np.bincount(a["data"] % _w(p["bins"]), minlength=p["bins"]))}


def bit_reverse(p: Params, a: Arrays) -> Arrays:
    bits = p["bits"]
    sources = [int(format(i, f"0{bits}b")[::-1], 2) if bits else 0 for i in range(2**bits)]
    return {"output": a["input"][sources]}


def crc32(p: Params, a: Arrays) -> Arrays:
    return {"checksums": _u32([zlib.crc32(row.astype("<u4").tobytes()) for row in a["messages"]])}


def crc32_bytes(p: Params, a: Arrays) -> Arrays:
    """The table's entry for a byte is the CRC of that byte, without the inversions and what they do to it."""
    zero = zlib.crc32(b"\0")
    table = [zlib.crc32(bytes([b])) ^ zero for b in range(256)]
    return {"table": _u32(table), **crc32(p, a)}


def stencil(p: Params, a: Arrays) -> Arrays:
    cells = a["cells"].copy()
    for _ in range(2 * p["double_steps"]):
        cells[1:-1] = (cells[:-2] + _w(2) * cells[1:-1] + cells[2:]) >> _w(2)
    return {"cells": cells}


def dot_products(p: Params, a: Arrays) -> Arrays:
    return {"products": np.einsum("ij,ij->i", a["a"], a["b"])}


def adler32(p: Params, a: Arrays) -> Arrays:
    return {"checksum": _u32([zlib.adler32((a["bytes"] & _w(255)).astype(np.uint8).tobytes())])}


def matmul(p: Params, a: Arrays) -> Arrays:
    return {"c": a["a"] @ a["b"]}


def gcd(p: Params, a: Arrays) -> Arrays:
    """With too few steps Euclid's algorithm stops where it is, so that is what is asked then."""

    def euclid(x: int, y: int) -> int:
        for _ in range(p["steps"]):
            if y:
                x, y = y, x % y
        return x

    pairs = zip(a["a"].tolist(), a["b"].tolist(), strict=True)
    return {"divisors": _u32([math.gcd(x, y) if p["steps"] >= 47 else euclid(x, y) for x, y in pairs])}


def two_trees(p: Params, a: Arrays) -> Arrays:
    def mix(h: Words) -> Words:
        h = (h ^ (h >> _w(16))) * _w(0x7FEB352D)
        h = (h ^ (h >> _w(15))) * _w(0x846CA68B)
        return h ^ (h >> _w(16))

    tree_a, tree_b, values = a["tree_a"], a["tree_b"], a["values"]
    at_a, at_b = a["at_a"].astype(np.int64), a["at_b"].astype(np.int64)
    for _ in range(p["rounds"]):
        values = mix(values + tree_a[at_a])
        at_a = 2 * at_a + 1 + values % _w(2)
        at_a[at_a >= len(tree_a)] = 0
        values = mix(values ^ tree_b[at_b])
        at_b = 2 * at_b + 1 + (values >= _w(1 << 31))
        at_b[at_b >= len(tree_b)] = 0
    return {"at_b": _u32(at_b), "values": values}


def ternary_tree(p: Params, a: Arrays) -> Arrays:
    tree, values, nodes = a["tree"], a["values"], a["nodes"].astype(np.int64)
    for _ in range(p["rounds"]):
        x = values ^ tree[nodes]
        mixed = x * _w(65) + _w(0x9E3779B9)
        values = mixed ^ (mixed // _w(2048))
        nodes = 3 * nodes + 1 + values % _w(3)
        nodes = np.where(nodes < len(tree), nodes, 0)
    return {"values": values}


_WALK = {"height": (0, 6), "rounds": (1, 10), "batch": (1, 40)}

EXAMPLES: dict[str, Example] = {
    "adler32": Example(adler32, {"n": (1, 70)}),
    "binary_search": Example(binary_search, {"levels": (1, 7), "n": (1, 40)}),
    "bit_reverse": Example(bit_reverse, {"bits": (0, 7)}),
    "crc32": Example(crc32, {"n": (1, 20), "length": (1, 4)}),
    "crc32_bytes": Example(crc32_bytes, {"n": (1, 20), "length": (1, 4)}),
    "decision_forest": Example(decision_forest, {"n": (1, 20), "trees": (1, 4), "depth": (1, 4), "features": (1, 6)}),
    "dot_products": Example(dot_products, {"rows": (1, 20), "columns": (1, 13)}),
    "gcd": Example(gcd, {"n": (1, 20), "steps": (1, 50)}),
    "histogram": Example(histogram, {"n": (1, 70), "bins": (1, 20)}),
    "matmul": Example(matmul, {"rows": (1, 9), "inner": (1, 9), "columns": (1, 18)}),
    "murmur3": Example(murmur3, {"n": (1, 20), "length": (1, 5), "seed": (0, 2**32 - 1)}),
    "polynomial": Example(polynomial, {"degree": (0, 9), "n": (1, 40)}),
    "saxpy": Example(saxpy, {"n": (1, 70)}),
    "stencil": Example(stencil, {"n": (2, 40), "double_steps": (1, 4)}),
    "ternary_tree": Example(ternary_tree, {"height": (0, 4), "rounds": (1, 8), "batch": (1, 40)}),
    "tree_walk": Example(tree_walk, _WALK),
    "tree_walk_any": Example(tree_walk_indices, _WALK),
    "tree_walk_indices": Example(tree_walk_indices, _WALK),
    "two_trees": Example(two_trees, {"height_a": (0, 4), "height_b": (0, 4), "rounds": (1, 7), "batch": (1, 40)}),
    "xorshift": Example(xorshift, {"n": (1, 40), "steps": (1, 40)}),
}
