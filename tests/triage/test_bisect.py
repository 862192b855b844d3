"""Bisection finds the pass that is wrong; failures are told apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import ceil, log2

import pytest

from tests.triage.mistakes import KERNEL, break_affine, break_emission, break_rule
from vliwc.driver import Options, compile_source, optimise_source
from vliwc.errors import DoesNotFit, InternalError, UsageError
from vliwc.language import KernelErrors
from vliwc.machine import load_machine
from vliwc.source import Source
from vliwc.transform import pass_names
from vliwc.transform.pipeline import PIPELINING, optional_passes
from vliwc.triage.bisect import bisect
from vliwc.triage.failure import CRASH, DIFFERENT, INTERNAL, UNPROVEN, Failure, examine, find_failure

SOURCE = Source("k.vk", KERNEL)
QUICK = Options(disable=frozenset({PIPELINING}))
"""Loops that are not unrolled, as under a low limit of passes, stay simple: overlapped ones have tests of their own."""


@pytest.mark.parametrize("level", range(4))
def test_a_limit_runs_the_first_optional_passes(level: int) -> None:
    names = optional_passes(level)
    for limit in range(len(names) + 1):
        front = optimise_source(SOURCE, Options(optimise=level, pass_limit=limit))
        ran = [record.name for record in front.passes[1:]]
        assert [name for name in ran if name in names] == list(names[:limit])
        assert set(pass_names(level)) - set(names) <= set(ran)


def test_every_limit_compiles_right() -> None:
    for limit in range(len(optional_passes(2)) + 1):
        assert examine(SOURCE, replace(QUICK, pass_limit=limit)) is None


def test_a_right_compilation_has_no_culprit() -> None:
    assert bisect(SOURCE, Options()) is None


def test_the_pass_that_is_wrong_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    break_affine(monkeypatch)
    told: list[str] = []
    culprit = bisect(SOURCE, QUICK, progress=told.append)
    assert culprit is not None
    assert (culprit.name, culprit.failure.kind, culprit.failure.where) == ("affine", DIFFERENT, "affine")
    assert optional_passes(2)[culprit.limit - 1] == "affine"
    assert len(told) <= 2 + ceil(log2(len(optional_passes(2)))), "both ends, then halves"
    below = replace(QUICK, pass_limit=culprit.limit - 1)
    assert bisect(SOURCE, below) is None


def test_what_fails_without_any_pass_has_no_pass_as_culprit(monkeypatch: pytest.MonkeyPatch) -> None:
    break_emission(monkeypatch)
    culprit = bisect(SOURCE, QUICK)
    assert culprit is not None
    assert (culprit.limit, culprit.name, culprit.failure.where) == (0, None, "program")


@pytest.mark.parametrize("first", range(1, len(optional_passes(2)) + 1))
def test_every_pass_can_be_the_culprit(first: int) -> None:
    failure = Failure(CRASH, "here", "")

    def find(_: Source, options: Options) -> Failure | None:
        assert options.pass_limit is not None
        return failure if options.pass_limit >= first else None

    culprit = bisect(SOURCE, Options(), find)
    assert culprit is not None
    assert (culprit.limit, culprit.name) == (first, optional_passes(2)[first - 1])


def raising(error: Exception) -> Callable[..., None]:
    def wrong(*_: object, **__: object) -> None:
        raise error

    return wrong


def test_crashes_and_internal_errors_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vliwc.driver.generate", raising(ValueError("oops")))
    crash = find_failure(SOURCE, Options())
    monkeypatch.setattr("vliwc.driver.generate", raising(InternalError("caught myself")))
    internal = find_failure(SOURCE, Options())
    assert crash is not None and internal is not None
    assert (crash.kind, crash.message, internal.kind, internal.message) == (CRASH, "oops", INTERNAL, "caught myself")
    assert crash.where == "ValueError in tests.triage.test_bisect.raising.<locals>.wrong"
    assert crash.same_as(crash) and not crash.same_as(internal) and not crash.same_as(None)


def test_an_unproven_program_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    from vliwc.backend.certifier import ProofFailed  # noqa: PLC0415 - raised here

    monkeypatch.setattr("vliwc.driver.certify", raising(ProofFailed("who knows")))
    failure = find_failure(SOURCE, Options())
    assert failure == Failure(UNPROVEN, "certifier", "not certified: who knows")


def test_differences_are_the_same_wherever_they_show() -> None:
    assert Failure(DIFFERENT, "affine", "a").same_as(Failure(DIFFERENT, "program", "b"))
    assert not Failure(CRASH, "a", "").same_as(Failure(CRASH, "b", ""))


def test_what_does_not_fit_is_no_failure() -> None:

    options = Options(machine=replace(load_machine("takehome"), scratch_words=8))
    assert find_failure(SOURCE, options) is None
    with pytest.raises(DoesNotFit):
        examine(SOURCE, options)


def test_wrong_kernels_and_options_are_refused() -> None:
    with pytest.raises(KernelErrors):
        find_failure(Source("k.vk", "kernel"), Options())
    with pytest.raises(UsageError):
        find_failure(SOURCE, Options(optimise=7))


def test_mistakes_of_the_tests_are_mistakes(monkeypatch: pytest.MonkeyPatch) -> None:
    break_rule(monkeypatch)
    assert find_failure(SOURCE, Options()) is not None
    monkeypatch.undo()
    assert find_failure(SOURCE, Options()) is None
    assert compile_source(SOURCE).certificate is not None
