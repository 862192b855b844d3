"""The report on a comparison with the public simulator. By itself, since it imports the fast simulator."""

from __future__ import annotations

from vliwc.conformance.campaign import Tally
from vliwc.conformance.compare import Ending
from vliwc.machine.slots import FORMATS
from vliwc.report.schema import Record, head


def conformance_record(tally: Tally, simulator: str, seed: int) -> Record:
    """The report of `vliwc conformance --json`; `seed` is the number of the first random program."""
    return {
        **head("conformance"),
        "simulator": simulator,
        "seed": seed,
        "runs": tally.runs,
        "bundles": tally.bundles,
        "endings": {ending.value: tally.endings[ending] for ending in Ending},
        "slots": [{"engine": engine, "op": op, "count": tally.slots[engine, op]} for engine, op in FORMATS],
        "differences": [{"name": report.name, "cause": report.cause} for report in tally.differences],
    }
