"""The beginning of a compiled run: copies of the tables that it changes, made as machine code.

numpy takes longer to copy five small tables of records than the list scheduler takes for a hundred operations.
"""

from __future__ import annotations

from vliwc.backend.schedulers.making import Order
from vliwc.backend.schedulers.packed import NONE, Records
from vliwc.backend.schedulers.running import Run
from vliwc.jit import native


@native
def reset(
    r: Run, state: Records, operations: Records, values: Records, kinds: Records, strands: Records, order: Order
) -> None:
    """Fills in the tables of a run, which are as large as those given, and ranks the operations in this order."""
    r.state[0] = state[0]
    for k in range(len(operations)):
        r.operations[k] = operations[k]
    for v in range(len(values)):
        r.values[v] = values[v]
    for c in range(len(kinds)):
        r.kinds[c] = kinds[c]
    for s in range(len(strands)):
        r.strands[s] = strands[s]
    for i in range(len(order)):
        r.at_rank[i] = order[i]
        r.operations[order[i]].rank = i
    for i in range(len(r.wake)):
        r.wake[i].first = r.wake[i].last = NONE
