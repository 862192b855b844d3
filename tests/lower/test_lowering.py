"""What each construct of the language becomes, as text; the node numbers are canonical."""

from textwrap import dedent, indent

import pytest

from vliwc.ir.graph import Graph
from vliwc.ir.printer import print_graph
from vliwc.ir.verifier import verify
from vliwc.language import load_kernel
from vliwc.lower import lower
from vliwc.source import Source

MEMORY = """\
const t = [10, 20, 30]
memory {
    a: u32[8] in
    b: u32[4, 8] inout
    r: u32[8] out
}
fn twice(x) {
    let y = x + x
    return y
}
"""


def lowered(body: str) -> Graph:
    graph = lower(load_kernel(Source("test.vk", f"{MEMORY}kernel test {{\n{body}\n}}\n")))
    verify(graph)
    return graph


def nodes(graph: Graph) -> str:
    """The text of the nodes alone, without places."""
    return dedent(print_graph(graph, spans=False).partition("\n\n")[2].removesuffix("}\n"))


BLOCKS = {
    "constants are shared": (
        "r[1] = 1",
        """\
        %0 = const 1
        store r[%0], %0
        """,
    ),
    "greater": (
        "r[0] = a[1] > a[2]",
        """\
        %0 = const 0
        %1 = const 1
        %2 = load a[%1]
        %3 = const 2
        %4 = load a[%3]
        %5 = lt %4, %2
        store r[%0], %5
        """,
    ),
    "unary operators": (
        "let x = a[0]\nr[0] = -x\nr[1] = ~x\nr[2] = !x",
        """\
        %0 = const 0
        %1 = load a[%0]
        %2 = sub %0, %1
        store r[%0], %2
        %4 = const 1
        %5 = const 0xffffffff
        %6 = xor %1, %5
        store r[%4], %6
        %8 = const 2
        %9 = eq %1, %0
        store r[%8], %9
        """,
    ),
    "minimum and maximum": (
        "let x = a[0]\nlet y = a[1]\nr[0] = min(x, y) + max(x, y)",
        """\
        %0 = const 0
        %1 = load a[%0]
        %2 = const 1
        %3 = load a[%2]
        %4 = lt %1, %3
        %5 = select %4, %1, %3
        %6 = lt %1, %3
        %7 = select %6, %3, %1
        %8 = add %5, %7
        store r[%0], %8
        """,
    ),
    "rows and columns": (
        "for i in 0..4 {\nb[i, 3] = 1\n}",
        """\
        for %1 in 0..4 {
          %2 = const 3
          %3 = const 8
          %4 = mul %1, %3
          %5 = add %4, %2
          %6 = const 1
          store b[%5], %6
        }
        """,
    ),
    "functions are inlined": (
        "r[0] = twice(a[0])",
        """\
        %0 = const 0
        %1 = load a[%0]
        %2 = add %1, %1
        store r[%0], %2
        """,
    ),
    "for carries what it assigns and what lived before": (
        "let s = 0\nlet kept = 7\nfor i in 2..8 step 3 {\nlet x = a[i]\ns = s + x * kept\n}\nr[0] = s",
        """\
        %0 = const 0
        %1 = const 7
        %2 = for %3 in 2..8 step 3 carry (%4 = %0) {
          %5 = load a[%3]
          %6 = mul %5, %1
          %7 = add %4, %6
          yield %7
        }
        %8 = result 0 of %2
        store r[%0], %8
        """,
    ),
    "nested for": (
        "let s = 0\nfor i in 0..2 {\nfor j in 0..3 {\ns = s + j\n}\n}\nr[0] = s",
        """\
        %0 = const 0
        %1 = for %2 in 0..2 carry (%3 = %0) {
          %4 = for %5 in 0..3 carry (%6 = %3) {
            %7 = add %6, %5
            yield %7
          }
          %8 = result 0 of %4
          yield %8
        }
        %9 = result 0 of %1
        store r[%0], %9
        """,
    ),
    "par stays par": (
        "par i in 0..8 {\nr[i] = i\n}",
        """\
        par %1 in 0..8 {
          store r[%1], %1
        }
        """,
    ),
    "a choice between leaves is one select": (
        "let x = a[0]\nr[0] = x ? 1 : x",
        """\
        %0 = const 0
        %1 = load a[%0]
        %2 = const 1
        %3 = select %1, %2, %1
        store r[%0], %3
        """,
    ),
    "a choice guards divisors and indices": (
        "let x = a[0]\nr[0] = x < 5 ? a[x] : 9 // x",
        """\
        %0 = const 0
        %1 = load a[%0]
        %2 = const 5
        %3 = lt %1, %2
        %4 = select %3, %1, %0
        %5 = load a[%4]
        %6 = const 1
        %7 = xor %3, %6
        %8 = const 9
        %9 = select %7, %1, %6
        %10 = div %8, %9
        %11 = select %3, %5, %10
        store r[%0], %11
        """,
    ),
    "and": (
        "let x = a[0]\nr[0] = x && 8 // x > 2",
        """\
        %0 = const 0
        %1 = load a[%0]
        %2 = eq %1, %0
        %3 = const 1
        %4 = xor %2, %3
        %5 = const 8
        %6 = select %4, %1, %3
        %7 = div %5, %6
        %8 = const 2
        %9 = lt %8, %7
        %10 = and %4, %9
        store r[%0], %10
        """,
    ),
    "or": (
        "let x = a[0]\nr[0] = x < 3 || t[x & 1]",
        """\
        %0 = const 0
        %1 = load a[%0]
        %2 = const 3
        %3 = lt %1, %2
        %4 = const 1
        %5 = xor %3, %4
        %6 = and %1, %4
        %7 = table $0[%6]
        %8 = eq %7, %0
        %9 = xor %8, %4
        %10 = or %3, %9
        store r[%0], %10
        """,
    ),
    "if merges locals and predicates stores": (
        "let x = a[0]\nlet y = 1\nif x {\ny = 2\nr[x] = y\n} else {\nr[2] = y\n}\nr[3] = y",
        """\
        %0 = const 0
        %1 = load a[%0]
        %2 = const 1
        %3 = eq %1, %0
        %4 = xor %3, %2
        %5 = const 2
        store_if %4, r[%1], %5
        %7 = eq %1, %0
        store_if %7, r[%5], %2
        %9 = select %1, %5, %2
        %10 = const 3
        store r[%10], %9
        """,
    ),
    "if within if": (
        "let x = a[0]\nif x < 3 {\nif x == 1 {\nr[0] = x\n}\n}",
        """\
        %0 = const 0
        %1 = load a[%0]
        %2 = const 3
        %3 = lt %1, %2
        %4 = const 1
        %5 = eq %1, %4
        %6 = and %3, %5
        store_if %6, r[%0], %1
        """,
    ),
    "the predicate holds in loops and calls": (
        "let x = a[0]\nif x < 2 {\nfor i in 0..8 {\nr[i] = twice(6 // x)\n}\n}",
        """\
        %0 = const 0
        %1 = load a[%0]
        %2 = const 2
        %3 = lt %1, %2
        for %5 in 0..8 {
          %6 = const 6
          %7 = const 1
          %8 = select %3, %1, %7
          %9 = div %6, %8
          %10 = add %9, %9
          store_if %3, r[%5], %10
        }
        """,
    ),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_becomes(name):
    source, expected = BLOCKS[name]
    assert nodes(lowered(indent(source, "    "))) == dedent(expected)


IN_RANGE = (
    "3",
    "i",
    "i - i & 7",
    "x & 7",
    "x % 8",
    "x % 2 * 3 + 4",
    "min(x, 7)",
    "max(i, 7)",
    "x < 3",
    "x == 3",
    "x >> 29",
    "(x & 63) >> 3",
    "(x & 63) // 8 ",
    "cdiv(x & 7, 3)",
    "(x & 3) | 4",
    "(x & 3) ^ 4",
    "(x & 3) << 1",
    "(x ? 1 : 5)",
)
NOT_IN_RANGE = (
    "x",
    "i + 1",
    "x % 9",
    "x % x",
    "x >> i",
    "x >> 28",
    "x // 2",
    "i * 2",
    "i - 1",
    "min(x, 8)",
    "max(x, 1)",
    "x + x",
    "x * 2",
    "(x & 3) << x",
    "(x & 7) << 30",
    "(x & 7) | 8",
    "(x ? 1 : 8)",
    "~i",
)


def selects_on_index(index: str) -> int:
    """How many selects a choice of an access has besides its own and those of the index as such."""
    within = f"for i in 0..8 {{\nlet x = a[i]\nr[i] = x > 9 ? a[{index}] : 0\n}}"
    without = f"for i in 0..8 {{\nlet x = a[i]\nr[i] = {index}\n}}"
    return lowered(within).op.count("select") - lowered(without).op.count("select") - 1


@pytest.mark.parametrize("index", IN_RANGE)
def test_an_index_evidently_in_range_needs_no_guard(index):
    assert selects_on_index(index) == 0


@pytest.mark.parametrize("index", NOT_IN_RANGE)
def test_any_other_index_is_guarded(index):
    guards = 1 + index.count("%") * (" % x" in index)  # `% x` has a guarded divisor besides
    assert selects_on_index(index) == guards


def test_what_is_assumed_of_a_kept_array_bounds_its_words():
    memory = "memory {\n a: u32[8] in\n r: u32[8] inout\n}\n"

    def guards(array: str) -> int:
        text = f"{memory}assume {array}[_] < 8\nkernel k {{\n r[0] = a[0] ? a[{array}[1]] : 1\n}}"
        return lower(load_kernel(Source("k.vk", text))).op.count("select") - 1

    assert guards("a") == 0
    assert guards("r") == 1


def test_constant_divisors_need_no_guard():
    assert lowered("let x = a[0]\nr[0] = x ? x // 3 : x % 4").op.count("select") == 1


def test_every_node_has_the_place_that_it_computes_for():
    store = "        r[i] = a[i] > 5 && 3 // a[i] ? twice(i) : t[i % 3]"
    graph = lowered(f"    for i in 0..8 {{\n{store}\n    }}")
    assert all(graph.span)
    lines = MEMORY.count("\n") + 1
    where = {graph.op[n]: str(graph.span[n]) for n in graph.walk()}
    assert where["for"] == where["index"] == f"{lines + 1}:5"
    assert where["store"] == f"{lines + 2}:9"
    assert where["table"] == f"{lines + 2}:{store.index('t[') + 1}"
    assert where["mod"] == f"{lines + 2}:{store.index('i %') + 1}"
    in_function = MEMORY.splitlines().index("    let y = x + x") + 1
    assert where["add"] == f"{in_function}:13"


def test_arrays_and_header():
    memory = "memory {\n header 5, &y\n x: u32[2, 3] in\n y: u32[4] consumed\n}\n"
    graph = lower(load_kernel(Source("k.vk", f"{memory}assume y[_] <= 9\nkernel k {{\n let q = y[0]\n}}")))
    assert (graph.name, graph.lanes, graph.image_words, graph.header) == ("k", 1, 12, (5, 8))
    shown = print_graph(graph)
    assert "array x at 2 length 6 in\n" in shown and "array y at 8 length 4 consumed holds 0..9\n" in shown
