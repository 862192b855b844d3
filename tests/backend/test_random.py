"""Random graphs, schedulers, machines and amounts of scratch: the program does what the graph says, and is proved."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.backend.harness import MACHINES, SCHEDULES, run
from tests.ir.strategies import graphs, images
from vliwc.backend.certifier.failure import ProofFailed
from vliwc.errors import DoesNotFit
from vliwc.ir.graph import Graph
from vliwc.machine import Machine, load_machine


def run_or_cautiously(graph: Graph, schedule: str, machine: Machine, image: np.ndarray) -> None:
    """As the driver does: where accesses were not kept in order as only ranges tell that they cannot meet, and the
    certifier does not know these ranges, the cautious program is the one that is proved. Both must be right."""
    try:
        run(graph, schedule, machine, image)
    except ProofFailed:
        run(graph, schedule, machine, image, cautious=True)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_random_graphs(data: st.DataObject) -> None:
    machine = load_machine(data.draw(st.sampled_from(MACHINES)))
    graph = data.draw(graphs(lanes=data.draw(st.sampled_from([1, machine.lanes]))))
    for n, op in enumerate(graph.op):
        if op == "par":
            graph.op[n], graph.attr[n] = "for", replace(graph.loop(n), gathers=())
    tight = data.draw(st.none() | st.integers(24, 120))
    if tight is not None:
        machine = replace(machine, scratch_words=tight)
    try:
        run_or_cautiously(graph, data.draw(st.sampled_from(SCHEDULES)), machine, data.draw(images(graph)))
    except DoesNotFit as error:
        assert tight is not None
        assert "words of scratch" in error.message
