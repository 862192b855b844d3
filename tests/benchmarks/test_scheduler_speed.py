"""The speed of the list scheduler: that what is compared is equal. How fast it is depends on the computer."""

from __future__ import annotations

import json

from click.testing import CliRunner

from benchmarks.scheduler_speed import main
from vliwc.resources import data_path


def test_the_same_schedule_is_made_in_both_ways() -> None:
    kernel = data_path("examples") / "two_trees.vk"
    outcome = CliRunner().invoke(main, [str(kernel), "--seconds", "0.1", "--json"])
    figures = json.loads(outcome.output)
    assert figures["equal"]
    assert figures["operations"] > 1000
