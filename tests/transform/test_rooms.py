"""Dead memory: which words count as dead, tables that stand there, and stores that wait for them."""

from __future__ import annotations

import pytest

from tests.transform.lookups import MACHINES, assert_graph_right, assert_program_right, kernel_of, ops, prepare, text
from vliwc.ir.graph import Graph
from vliwc.language import Kernel
from vliwc.lower import lower
from vliwc.transform import optimize
from vliwc.transform.rooms import Death, Room, joint_rooms

ROUNDS = "let h = x[i]\nfor r in 0..30 {\nh = (h ^ (h >> 3)) * 5 + 9\n}"
"""So much for the vector units that look-ups without a chain pay."""


def _walk(result: str, stop: int = 256, constant: int = 12345) -> str:
    chain = f"((((t[x[i] & 63] ^ {constant}) * 77) ^ 99) * 5) ^ 3"
    return f"par i in 0..{stop} {{\n{ROUNDS}\n{result} = ({chain}) + h\n}}"


ADDING = _walk("z[i]").replace("= (", "= z[i] + (")
"""The first contents of the result matter."""


def _optimised(memory: str, body: str, machine: str = "takehome", prelude: str = "") -> tuple[Kernel, Graph]:
    kernel = kernel_of(text(memory, body, prelude))
    graph = optimize(lower(kernel), MACHINES[machine], 2)
    assert_graph_right(kernel, graph)
    return kernel, graph


def _tables(graph: Graph) -> set[int]:
    """The addresses to which rows are stored before the first gather, or load from an address that is not known."""
    body = list(graph.body)
    first = next(
        k
        for k, n in enumerate(body)
        if graph.op[n] == "gather" or (graph.op[n] == "vload" and graph.const(graph.args[n][0]) is None)
    )
    stores = [n for n in body[:first] if graph.op[n] == "vstore"]
    return {at for n in stores if (at := graph.const(graph.args[n][0])) is not None}


BASE = "t: u32[64] {t}\nx: u32[256] in\nz: u32[256] {z}\n{more}"


@pytest.mark.parametrize(
    ("t", "z", "more", "result", "deaths"),
    [
        ("in", "inout", "", "z[i]", {"z": Death.LATE}),
        ("in", "out", "", "z[i]", {"z": Death.LATE}),
        ("in", "inout", "", "z[255 - i]", {}),
        ("in", "inout", "s: u32[9] consumed", "z[i]", {"z": Death.LATE, "s": Death.FREE}),
        ("consumed", "inout", "", "z[i]", {"z": Death.LATE, "t": Death.READ}),
    ],
)
def test_kinds_of_dead_memory(t: str, z: str, more: str, result: str, deaths: dict[str, Death]) -> None:
    case = prepare(text(BASE.format(t=t, z=z, more=more), _walk(result)))
    assert {room.arrays[0]: room.death for room in case.rooms} == deaths


@pytest.mark.parametrize(
    "body",
    [
        _walk("z[i]").replace("z[i] =", "let old = z[i]\nz[i] = old +"),  # first contents matter
        _walk("z[i]", 255),  # a word is not stored
        _walk("z[i]").replace("z[i] = (", "if h < 9 {\nz[i] = h\n}\nlet w = ("),  # nor here
        _walk("z[i]") + "\nfor j in 0..3 {\nz[j] = z[j + 5]\n}",  # something else loads from it
        "z[3] = 1\n" + _walk("z[i]"),
    ],
)
def test_results_that_are_not_late(body: str) -> None:
    case = prepare(text(BASE.format(t="in", z="inout", more=""), body))
    assert Death.LATE not in {room.death for room in case.rooms}


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("place", ["free", "read", "late"])
def test_tables_stand_in_dead_memory_and_nowhere_else(place: str, machine: str) -> None:
    memory, body, array = {
        "free": (BASE.format(t="in", z="inout", more="s: u32[70] consumed"), ADDING, "s"),
        "read": (BASE.format(t="consumed", z="inout", more=""), _walk("z[255 - i]"), "t"),
        "late": (BASE.format(t="in", z="inout", more=""), _walk("z[i]"), "z"),
    }[place]
    kernel, graph = _optimised(memory, body, machine)
    where = kernel.arrays[array]
    tables = _tables(graph)
    if machine == "takehome":
        assert len(tables) == 64 // 8
    assert all(where.base <= at and at + graph.lanes <= where.base + where.length for at in tables)
    if machine != "narrow":  # whose programs are so long that the proof takes ten seconds
        assert_program_right(kernel, graph, MACHINES[machine])


def test_without_dead_memory_there_is_no_table() -> None:
    memory = BASE.format(t="in", z="inout", more="")
    _, graph = _optimised(memory, _walk("z[255 - i]"))
    assert not _tables(graph)
    assert ops(graph)["gather"] == 32


def test_late_stores_wait_for_the_last_gather() -> None:
    _, graph = _optimised(BASE.format(t="in", z="out", more=""), _walk("z[i]"))
    body = list(graph.body)
    assert _tables(graph)
    last = max(k for k, n in enumerate(body) if graph.op[n] == "gather")
    results = [
        k for k, n in enumerate(body) if graph.op[n] == "vstore" and graph.const(graph.args[n][0]) not in _tables(graph)
    ]
    overwriting = [k for k in results if k > last]
    assert len(overwriting) >= 32 - 8


@pytest.mark.parametrize("n", [256, 259, 263])
def test_a_last_group_that_is_not_full_still_finds_the_array(n: int) -> None:
    """The groups' tables once stood in the array that the last iterations load from; these use the tables as well."""
    memory = f"t: u32[64] consumed\nx: u32[{n}] in\nz: u32[{n}] inout"
    kernel, graph = _optimised(memory, _walk(f"z[{n - 1} - i]", n))
    assert _tables(graph)
    assert_program_right(kernel, graph, MACHINES["takehome"])


def test_tables_of_two_loops_have_places_of_their_own() -> None:
    """Tables of different loops once had the same name, and so were taken for each other."""
    memory = BASE.format(t="in", z="inout", more="w: u32[256] inout\ns: u32[200] consumed")
    body = ADDING + "\n" + _walk("w[i]", 248, 77).replace("= (", "= w[i] + (")
    kernel, graph = _optimised(memory, body)
    made = [array for name, array in graph.arrays.items() if name not in kernel.arrays]
    assert len({(array.base, array.length) for array in made}) >= 2
    assert_program_right(kernel, graph, MACHINES["takehome"])


@pytest.mark.parametrize("name", ["s_table0", "s_832", "s_rest", "trial_table0", "t_64"])
def test_arrays_of_the_kernel_keep_their_names(name: str) -> None:
    """A table once had the name of an array of the kernel, and so was stored to as if it were that."""
    memory = BASE.format(t="in", z="inout", more=f"w: u32[256] in\ns: u32[200] consumed\n{name}: u32[256] inout")
    body = ADDING.replace(ROUNDS, f"{ROUNDS}\n{name}[i] = h")
    kernel, graph = _optimised(memory, body)
    assert set(kernel.arrays) <= set(graph.arrays)


def test_joint_rooms_are_the_smallest_runs_of_neighbours() -> None:
    a, b = Room(("a",), 0, 8, Death.READ), Room(("b",), 8, 24, Death.FREE)
    c, d = Room(("c",), 24, 40, Death.FREE), Room(("d",), 48, 64, Death.READ)
    late = Room(("late",), 64, 128, Death.LATE)
    rooms = [d, b, late, a, c]
    assert joint_rooms(rooms, 20) == [Room(("a", "b"), 0, 24, Death.READ), Room(("b", "c"), 8, 40, Death.FREE)]
    assert joint_rooms(rooms, 33) == [Room(("a", "b", "c"), 0, 40, Death.READ)]
    assert joint_rooms(rooms, 41) == joint_rooms([b, c, d], 8) == []


def test_a_table_may_stand_across_pieces() -> None:
    body = (
        f"par i in 0..256 {{\n{ROUNDS}\nlet b = x[i] & 7\nlet u = (t[b] ^ 77) ^ h\n"
        "y[255 - i] = (t[8 + 2 * b + (u & 1)] ^ 77) ^ u\n}"
    )
    kernel, graph = _optimised("t: u32[36] consumed\nx: u32[256] in\ny: u32[256] out", body)
    t, tables = kernel.arrays["t"], _tables(graph)
    assert len(tables) == 3 and all(t.base <= at and at + 8 <= t.base + t.length for at in tables)
    inside = {a.name: a.length for a in graph.arrays.values() if t.base <= a.base < t.base + t.length}
    assert max(inside.values()) > 16, "the longest piece alone has no room for rows of three words"
    assert_program_right(kernel, graph, MACHINES["takehome"])
