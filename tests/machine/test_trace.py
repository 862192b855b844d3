"""Traces and utilisation."""

from __future__ import annotations

import json

import pytest

from vliwc.machine import Bundle, Program, Slot, Usage, load_machine, simulate, trace_json, utilisation
from vliwc.machine.trace import Recorder
from vliwc.source import Span

TAKEHOME = load_machine("takehome")
SET = Bundle((Slot("load", "const", (0, -2)), Slot("load", "const", (1, 1))))
LOOP = Bundle(
    (
        Slot("alu", "+", (0, 0, 1), Span(3, 5, 3, 9)),
        Slot("debug", "comment", ("turn",)),
        Slot("alu", "^", (2, 0, 1)),
        Slot("flow", "cond_jump_rel", (0, -1)),
    )
)
PROGRAM = Program("takehome", (SET, Bundle(()), LOOP), 3, "loop")


def recorded() -> list[tuple[int, int]]:
    recorder = Recorder()
    simulate(PROGRAM, TAKEHOME, [0], trace=recorder)
    return recorder.steps


def test_the_recorder_keeps_what_was_executed() -> None:
    assert recorded() == [(0, 0), (1, 1), (1, 2), (2, 2), (3, 2)]


def test_a_trace_in_chromes_format() -> None:
    trace = json.loads(trace_json(PROGRAM, TAKEHOME, recorded()))
    events = trace["traceEvents"]
    tracks = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
    assert len(tracks) == 12 + 6 + 2 + 2 + 1
    assert [e["args"]["name"] for e in events if e["name"] == "process_name"] == ["loop on takehome"]
    shown = [e for e in events if e["ph"] == "X"]
    assert len(shown) == 2 + 3 * 3
    assert all(e["dur"] == 1 and e["pid"] == 1 for e in shown)
    add = next(e for e in shown if e["name"] == "+")
    assert (add["ts"], tracks[add["tid"]], add["cat"]) == (1, "alu 0", "alu")
    assert add["args"] == {"slot": "s[0] = s[0] + s[1]", "bundle": 2, "line": "3:5"}
    assert {tracks[e["tid"]] for e in shown} == {"alu 0", "alu 1", "load 0", "load 1", "flow 0"}


def test_one_slot_a_track_and_cycle() -> None:
    events = json.loads(trace_json(PROGRAM, TAKEHOME, recorded()))["traceEvents"]
    places = [(e["tid"], e["ts"]) for e in events if e["ph"] == "X"]
    assert len(set(places)) == len(places)


def test_without_steps_every_bundle_is_shown_once() -> None:
    assert trace_json(PROGRAM, TAKEHOME) == trace_json(PROGRAM, TAKEHOME, [(0, 0), (1, 1), (1, 2)])


def test_utilisation() -> None:
    once = utilisation(PROGRAM, TAKEHOME)
    assert once["alu"] == Usage(2, 24)
    assert once["load"] == Usage(2, 4)
    assert "debug" not in once
    looped = utilisation(PROGRAM, TAKEHOME, recorded())
    assert looped["alu"] == Usage(6, 48)
    assert looped["load"].share == pytest.approx(0.25)
    assert utilisation(Program("takehome", (), 0), TAKEHOME)["alu"].share == 0.0
