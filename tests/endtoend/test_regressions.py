"""Small kernels that some stage once got wrong, each with what was wrong, with every scheduler, level and machine."""

from __future__ import annotations

from itertools import product

import pytest

from tests.endtoend.pipeline import LEVELS, MACHINES, assert_compiled_right
from vliwc.backend import schedule_names
from vliwc.driver import Options
from vliwc.source import Source

KERNELS = {
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
}


@pytest.mark.parametrize("name", KERNELS)
def test_kernel_that_was_wrong(name: str) -> None:
    for level, schedule, machine in product(LEVELS, schedule_names(), MACHINES):
        options = Options(optimise=level, schedule=schedule, machine=machine, verify_each=True)
        assert_compiled_right(Source("regression.vk", KERNELS[name]), options, ("random", "edges", "zeros"))
