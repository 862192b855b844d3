"""Small kernels with look-ups of many kinds; none is a walk in a perfect binary tree.

All have `n` iterations, an input `x` and a result `y`, and an array `spare` that nobody accesses, for tables.
"""

from __future__ import annotations

from tests.transform.lookups import text

SPARE = 512
"""Words of `spare`."""


def _kernel(tables: str, body: str, prelude: str = "", last: str = "") -> str:
    memory = f"{tables}\nx: u32[N] in\nspare: u32[{SPARE}] consumed\ny: u32[N] out\n{last}"
    return text(memory, f"par i in 0..N {{\nlet v = x[i]\n{body}\n}}", f"{prelude}")


_TEXTS = {
    # Two levels of a table: the second index follows from the first and a bit.
    "two levels": _kernel("t: u32[48] in", "let b = v & 15\nlet u = t[b] ^ v\ny[i] = u * 5 + t[3 * b + 1 + (u & 1)]"),
    # A digit that is no bit; the words of a row are three.
    "digits": _kernel("t: u32[40] in", "let b = v % 9\nlet u = t[b] + v\ny[i] = u ^ t[4 * b + 2 + u % 3]"),
    # An automaton over two arrays: what a state puts out, and where it goes on.
    "automaton": _kernel(
        "says: u32[20] in\ngoes: u32[40] in",
        "let s = v % 20\nlet h = 7\nfor r in 0..3 {\nh = (h + says[s]) * 3\ns = goes[2 * s + (h & 1)]\n}\ny[i] = h + s",
        "assume goes[_] < 20",
    ),
    # A trie, whose nodes have a word and two children; no node has children beyond the array.
    "trie": _kernel(
        "word: u32[12] in\nchild: u32[12, 2] in",
        "let a = v % 12\nlet h = word[a] | v\nlet b = child[a, h & 1]\ny[i] = (h ^ word[b]) + child[b, (h >> 1) & 1]",
        "assume child[_, _] < 12",
    ),
    # Substitution boxes that go through additions, products and ors with constants.
    "boxes": _kernel(
        "s: u32[16] in",
        "let h = (s[v & 15] + 77) * 5\nh = h + (v ^ ((s[(v >> 4) & 15] | 0xF0) * 9))\ny[i] = h",
    ),
    # The same box with the same constants at two places, and a pair that begins with it.
    "box and pair": _kernel(
        "s: u32[48] in",
        "let a = v & 15\nlet u = v ^ ((s[a] + 77) * 5)\nlet w = s[2 * a + 3 + (u & 1)] ^ u\n"
        "y[i] = w + (v ^ ((s[(w >> 7) & 15] + 77) * 5))",
    ),
    # An index that is a sum of bits, of seven words of which the first is never reached.
    "bits": _kernel(
        "t: u32[9] in", "y[i] = (t[1 + ((v >> 3) & 1) * 4 + ((v >> 9) & 1) * 2 + (v & 1)] + 5) ^ v", last="z: u32[1] in"
    ),
    # Weights that are no powers of two, and one that is negative.
    "weights": _kernel("t: u32[20] in", "y[i] = t[8 + 5 * (v & 1) + 3 * ((v >> 5) & 1) - 2 * ((v >> 2) & 1)] - v"),
    # A single bit, a table at the end of the image.
    "pair": _kernel("", "let b = v >> 31\ny[i] = (t[b] * 3) ^ v", last="t: u32[2] in"),
    # Few words by a number that is no sum of bits.
    "few": _kernel("t: u32[32] in", "y[i] = (t[v % 5 + 3] ^ 0xABC) + t[(v >> 8) & 7] * v"),
    # A forest: features and thresholds by node, levels by a comparison.
    "forest": _kernel(
        "cut: u32[7] in\nscore: u32[8] in",
        "let a = 0\nfor k in 0..3 {\na = 2 * a + (v >> (7 * k) < cut[a] ? 1 : 2)\n}\ny[i] = score[a - 7] + (v & 1)",
    ),
    # Every fourth word of a table that ends with the image.
    "strides": _kernel(
        "", "let b = v & 7\nlet u = (t[4 * b] ^ 9) + v\ny[i] = u ^ t[4 * b + 1 + (u & 1)]", last="t: u32[32] in"
    ),
}


def lookup(name: str, n: int = 64) -> str:
    """A kernel's text for `n` iterations."""
    return _TEXTS[name].replace("[N]", f"[{n}]").replace("0..N", f"0..{n}")


NAMES = tuple(_TEXTS)
