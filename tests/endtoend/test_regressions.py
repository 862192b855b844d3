"""Small kernels that some stage once got wrong, each with what was wrong, with every scheduler, level and machine."""

from __future__ import annotations

from itertools import product

import pytest

from tests.effort import little
from tests.endtoend.pipeline import LEVELS, MACHINES, assert_compiled_right
from vliwc.backend import schedule_names
from vliwc.driver import Options
from vliwc.source import Source

KERNELS = {
    # Words of a vector were given to another value while a lane that nobody reads was still to be written.
    "lanes that nobody reads": """
        param p0 = 17
        memory {
            header p0
            a0: u32[1, 5] inout
            a1: u32[28] inout
            a2: u32[26] in
        }
        assume a1[_] <= 8 && a1[_] >= 6
        assume a2[_] <= 2 && a2[_] >= 0
        kernel random {
            par v1 in 0..1 {
                if a1[v1] ^ v1 & p0 {
                    a0[1 * a0[v1, v1 + 2] + 18 <= 0 ? 1 * a0[v1, v1 + 2] + 18 : 0, v1 + 2] <<= !v1 == v1
                }
                par v2 in 0..1 {
                    a0[v2 ^ 0, v1 + 2] = a2[a0[v2 ^ 0, v1 + 2] ? v1 & 15
                        : 1 * a0[v2 ^ 0, v1 + 2] + 2147483647 <= 25 ? 1 * a0[v2 ^ 0, v1 + 2] + 2147483647 : 0]
                }
                a1[v1] = v1
            }
            static if p0 >= 6 {
                let v1 = 3
                par v2 in 0..3 step 3 {
                    a1[v2 + 16] = a2[v2] ? v2 : 2
                    a1[v2 + 16] = (v1 + (v1 ^ 1912611)) % 9
                    if !v1 {
                        a1[v2 + 16] = v2
                        a1[v2 + 16] = v1
                    } else {
                        a1[v2 + 16] = a2[a0[v2, v2] & 15]
                    }
                    a1[v2 + 16] = v2
                }
                a1[p0 * v1 ? a2[v1] & 15 : 3 * a1[p0] + 18 <= 27 ? 3 * a1[p0] + 18 : 0] = v1
            }
            par v1 in 3..4 step 2 {
                let v2 = 1 * a2[v1] + 2344200 <= 11 ? 1 * a2[v1] + 2344200 : 0
                for v3 in 0..4 {
                    if 2147483649 << v1 | v3 {
                        a0[v2 % 1, v1 + 1] = ~((v3 && 5575) - a0[v3 & 0, v1 + 1])
                    }
                    for v4 in 0..4 step 2 {
                        v2 = (v4 - 1 & (p0 ? v3 : v3)) % 12
                    }
                    a0[(v2 ? 567 : 4294967295) & 0, v1 + 1] = a1[1 * v2 + p0 <= 27 ? 1 * v2 + p0 : 0]
                }
                a0[a2[v2] & 0, v1 + 1] = a1[v2] * -a2[v1]
                a0[v2 != v1 ? a1[v1] & 0 : a2[v1] % 1, v1 + 1] >>= -a0[0, v1 + 1]
            }
            par v1 in 0..28 {
                a1[27 - v1] = 0
            }
        }""",
    # The vectoriser loaded `a[0]` before the stores of the only iteration that uses it.
    "word that one iteration owns": """
        memory {
            a: u32[4] inout
            b: u32[20] inout
        }
        assume b[_] < 2
        kernel k {
            par i in 0..20 {
                if i == 7 {
                    a[0] = 5
                    b[i] = a[0] + 1
                }
            }
        }""",
    # The same, with nothing but one iteration in the loop.
    "one iteration": """
        memory {
            a: u32[2, 6] inout
            b: u32[1] inout
        }
        kernel k {
            par i in 0..1 {
                a[b[0] % max(b[0], 1), 5] = 0
                a[a[0, 5] ? 1 : 0, 0] = 0
            }
        }""",
    # The interpreter could not store a word of a single lane at an index that is the same for all lanes.
    "one lane, shared index": """
        memory {
            a: u32[1] in
            b: u32[1] out
        }
        fn zero(x) {
            return 0
        }
        kernel k {
            par i in 0..1 {
                b[zero(i)] = a[i]
            }
        }""",
    # The certifier did not know that the shift of 1 by 32 or more is 0, as the scheduler's ranges did.
    "shifts beyond the word": """
        memory {
            a: u32[2] inout
        }
        kernel k {
            par i in 0..2 {
                if 1 << (32 ^ i) {
                    a[i] = 0
                }
            }
        }""",
    # The certifier lost the bound of an index that was loaded before a store that may have changed it.
    "index loaded beside a store": """
        memory {
            a: u32[2, 2] inout
            b: u32[1, 2] in
        }
        kernel k {
            par i in 0..2 {
                if i {
                    a[1, i] = 0
                }
                a[0, i] = b[0, min(a[1, 0], 1)]
            }
        }""",
    # The certifier did not see that a word that is kept where it is 0 is always 0.
    "what the condition makes 0": """
        const t0 = [0, 0, 1]
        memory {
            a1: u32[1] inout
        }
        kernel random {
            par v1 in 0..1 {
                if a1[0] {
                    a1[0] = 0
                }
                a1[0] = t0[a1[0]]
            }
        }
    """,
    # The certifier lost sight of a sum of many terms on the way to one of few, in a select by the contrary.
    "many selects in a row": """
        memory {
            a: u32[1] inout
        }
        kernel k {
            par i in 0..1 {
                if a[0] {
                } else {
                    for j in 0..4 {
                        a[0] = 0
                        a[0] = 0
                    }
                }
                a[0] = 1 >> a[0] ? a[0] : 0
            }
        }""",
}


@pytest.mark.parametrize("name", KERNELS)
def test_kernel_that_was_wrong(name: str) -> None:
    for level, schedule, machine in product(LEVELS, schedule_names(), MACHINES):
        options = Options(optimise=level, schedule=schedule, machine=machine, effort=little(schedule))
        assert_compiled_right(Source("regression.vk", KERNELS[name]), options, ("random", "edges", "zeros"))


CHEAPEST_WAY = """
    memory {
        cost: u32[9, 32] in
        best: u32[8, 32] out
    }
    kernel cheapest_way {
        par c in 0..15 { best[0, c] = 0 }
        for r in 1..8 {
            par c in 0..32 {
                let b = best[r - 1, c]
                if c > 0 { b = min(b, best[r - 1, 1]) }
                if c < 14 { b = min(b, best[r - 1, c + 1]) }
                best[r, c] = b + cost[r, c]
            }
        }
    }"""


def test_long_sums_are_proven_in_whatever_order() -> None:
    """The certifier makes atoms of long sums, which ones depends on the order: it is asked again with room for more."""
    assert_compiled_right(Source("regression.vk", CHEAPEST_WAY), Options(), ("random", "edges", "zeros"))
