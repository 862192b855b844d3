"""The peephole rules, by the operation at their root. The notation is that of `vliwc.analysis.patterns`.

Linear arithmetic (sums, constant factors and shifts) is not here: `affine` normalises it as a whole. What a loop
`gathers` on a condition is added in any case, so that it can be gathered in another order (`heights`).
"""

from __future__ import annotations

from vliwc.analysis.patterns import by_root

RULES = by_root("""
x + 0 -> x
x - 0 -> x
x - x -> 0
x * 0 -> 0
x * 1 -> x
x // 1 -> x
x // C -> x >> log2(C) if power(C)
x // C -> 0 if high(x) < C
cdiv(x, 1) -> x
x % 1 -> 0
x % C -> x & (C - 1) if power(C)
x % C -> x if high(x) < C

x & 0 -> 0
x & x -> x
x & 0xFFFFFFFF -> x
x & C -> x if zero(x, 0xFFFFFFFF ^ C)
x & C -> 0 if zero(x, C)
(x & C) & D -> x & (C & D)
(x | C) & D -> x & D if C & D == 0
(x ^ C) & D -> x & D if C & D == 0
(x ^ C) & 1 -> (x & 1) ^ 1 if C & 1 == 1
(x ^ y) & D -> x & D if zero(y, D)
(x | y) & D -> x & D if zero(y, D)
(x + y) & D -> x & D if zero(y, D) and disjoint(x, y)
x | 0 -> x
x | x -> x
x | 0xFFFFFFFF -> 0xFFFFFFFF
(x | C) | D -> x | (C | D)
x | y -> x + y if disjoint(x, y)
x ^ 0 -> x
x ^ x -> 0
(x ^ C) ^ D -> x ^ (C ^ D)
(x ^ y) ^ y -> x
(x << C) ^ y -> (x << C) + y if C < 32 and high(y) < (1 << C)
(x * C) ^ y -> (x * C) + y if power(C) and high(y) < C

x << 0 -> x
0 << x -> 0
x << C -> 0 if C >= 32
x >> 0 -> x
0 >> x -> 0
x >> C -> 0 if C >= 32
x >> C -> 0 if C < 32 and high(x) < (1 << C)
(x >> C) >> D -> x >> (C + D) if C + D < 32
(x >> C) >> D -> 0 if C < 32 and D < 32 and C + D >= 32

x < x -> 0
x < 0 -> 0
x < y -> 1 if high(x) < low(y)
x < y -> 0 if low(x) >= high(y)
x < 1 -> x == 0
0 < x -> x if bit(x)
x < 0x80000000 -> (x >> 31) ^ 1
0x7fffffff < x -> x >> 31

x == x -> 1
x == y -> 0 if high(x) < low(y)
x == 1 -> x if bit(x)
x == 0 -> x ^ 1 if bit(x)
(x ^ C) == D -> x == (C ^ D)
(x + C) == D -> x == (D - C)

muladd(x, 0, y) -> y
muladd(x, 1, y) -> x + y
muladd(x, y, 0) -> x * y

select(0, x, y) -> y
select(C, x, y) -> x if C != 0
select(c, x, x) -> x
select(c, x, y) -> x if low(c) > 0
select(c, 1, 0) -> c if bit(c)
select(c, 0, 1) -> c ^ 1 if bit(c)
select(c ^ 1, x, y) -> select(c, y, x) if bit(c)
select(c == 0, x, y) -> select(c, y, x)
select(c, select(c, x, y), z) -> select(c, x, z)
select(c, x, select(c, y, z)) -> select(c, x, z)
select(c, x + y, x) -> x + select(c, y, 0) if gathers(x)
select(c, x, x + y) -> x + select(c, 0, y) if gathers(x)
select(c, x ^ y, x) -> x ^ select(c, y, 0) if gathers(x)
select(c, x, x ^ y) -> x ^ select(c, 0, y) if gathers(x)
select(c, x ^ C, x) -> x ^ select(c, C, 0)
select(c, x, x ^ C) -> x ^ select(c, 0, C)
select(c, x | y, x) -> x | select(c, y, 0) if gathers(x)
select(c, x, x | y) -> x | select(c, 0, y) if gathers(x)
select(c, x & y, x) -> x & select(c, y, 0xFFFFFFFF) if gathers(x)
select(c, x, x & y) -> x & select(c, 0xFFFFFFFF, y) if gathers(x)
select(c, x * y, x) -> x * select(c, y, 1) if gathers(x)
select(c, x, x * y) -> x * select(c, 1, y) if gathers(x)
select(c, 1, x) -> x | c if bit(c) and bit(x) and gathers(x)
select(c, 0, x) -> x & (c ^ 1) if bit(c) and bit(x) and gathers(x)
select(0 < x, x, 0) -> x
select(x, x, 0) -> x
select(x < 0xFFFFFFFF, x, 0xFFFFFFFF) -> x
""")
"""The rules to try at a node, in order, by its operation."""
