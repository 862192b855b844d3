"""docs/ir.md says what the code does."""

import re
from pathlib import Path

from vliwc.ir.ops import OPS
from vliwc.ir.parser import parse_graph
from vliwc.ir.printer import print_graph
from vliwc.ir.reference import operation_table

TEXT = (Path(__file__).parents[2] / "docs" / "ir.md").read_text()


def test_the_table_of_operations_is_in_sync():
    assert operation_table() in TEXT, "copy what vliwc.ir.reference.operation_table() returns into docs/ir.md"
    assert all(f"| {name} |" in TEXT for name in OPS)


def test_the_example_graphs_are_canonical_text():
    examples = re.findall(r"^```\n(graph .*?)^```$", TEXT, re.M | re.S)
    assert len(examples) >= 2
    for example in examples:
        assert print_graph(parse_graph(example)) == example
