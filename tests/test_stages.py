"""Every stage is compared, and the first one that differs is named."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.triage.mistakes import KERNEL, break_affine, break_emission, break_rule, break_selection
from vliwc.driver import Options, compile_source
from vliwc.errors import InternalError
from vliwc.language import load_kernel
from vliwc.lower import lower
from vliwc.source import Source
from vliwc.stages import Comparison, StageDiffers

SOURCE = Source("k.vk", KERNEL)
EACH = Options(verify_each=True)


def test_a_right_compilation_passes() -> None:
    compilation = compile_source(SOURCE, EACH)
    assert compilation.program.bundles == compile_source(SOURCE).program.bundles
    assert "compare" in compilation.seconds


@pytest.mark.parametrize(
    ("mistake", "stage"),
    [
        (break_rule, "simplify"),
        (break_affine, "affine"),
        (break_selection, "selected operations"),
        (break_emission, "program"),
    ],
)
def test_the_first_wrong_stage_is_named(
    mistake: Callable[[pytest.MonkeyPatch], None], stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mistake(monkeypatch)
    with pytest.raises(StageDiffers, match=f"after '{stage}' the kernel means something else") as caught:
        compile_source(SOURCE, EACH)
    assert caught.value.stage == stage


def test_the_wrong_word_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    break_affine(monkeypatch)
    with pytest.raises(StageDiffers, match=r"y\[\d\] is 0x[0-9a-f]+, not 0x[0-9a-f]+ \(on random input\)") as caught:
        compile_source(SOURCE, EACH)
    assert caught.value.mismatch is not None
    assert caught.value.mismatch.expected != caught.value.mismatch.found


def test_a_stage_that_faults_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    break_rule(monkeypatch, "select(c, x, y) -> y // 0")
    with pytest.raises(StageDiffers, match="division by zero") as caught:
        compile_source(SOURCE, EACH)
    assert caught.value.mismatch is None


def test_without_comparison_a_wrong_pass_stays_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    break_rule(monkeypatch)
    assert compile_source(SOURCE).certificate is not None


def test_inputs_without_a_meaning_are_left_out() -> None:
    text = "memory { a: u32[4] inout }\nkernel k { par i in 0..4 { a[i] = 1000 // a[i] } }"
    kernel = load_kernel(Source("k.vk", text), {})
    comparison = Comparison(kernel, styles=("random", "zeros"))
    assert [trial.style for trial in comparison.trials] == ["random"]
    comparison.graph("lower", lower(kernel))


def test_the_error_is_the_compilers_own_fault() -> None:
    error = StageDiffers("affine", "random", "a[0] is 1, not 2", None)
    assert isinstance(error, InternalError)
    assert error.help is not None and "vliwc bisect" in error.help
