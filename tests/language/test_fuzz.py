"""10,000 texts, right, changed and random: the front end gives a kernel or KernelErrors that can be shown."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from vliwc.language import KernelErrors, load_kernel
from vliwc.source import Source

HERE = Path(__file__).parent
FILES = [*sorted((HERE.parents[1] / "examples").glob("*.vk")), *sorted((HERE / "errors").glob("*.vk"))]
TEXTS = [p.read_bytes().decode() for p in FILES if p.stat().st_size < 2500 and "VK0603" not in p.name]
_WORDS = "param const memory header assume fn kernel let if else for par static in step return sorted _ n a i u32 out"
_SIGNS = "= == != < <= > >= + - * // % ** & && | || ^ << >> ~ ! ? : , ; .. . ( ) [ ] { } += <<= 0 1 2 0x1F 0b1 1.5 9z $"
TOKENS = (*_WORDS.split(), *_SIGNS.split(), "\n", "\t", "#", "\x00", "é", "min", "cdiv")


def changed(rng: random.Random) -> str:
    """A known text with a few changes: characters, lines or words removed, doubled, swapped or replaced."""
    text = rng.choice(TEXTS)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 4))):
        at = rng.randrange(len(text) + 1)
        end = min(len(text), at + rng.choice((0, 1, 1, 2, 5, 20, 80)))
        other = rng.choice(TEXTS)
        start = rng.randrange(len(other))
        piece = rng.choice(
            (
                "",
                text[at:end] * 2,
                rng.choice(TOKENS),
                f" {rng.choice(TOKENS)} ",
                other[start : start + 30],
                str(rng.getrandbits(40)),
            )
        )
        text = text[:at] + piece + text[end:]
    return text


def words(rng: random.Random) -> str:
    """Random tokens, in the frame of a kernel or without."""
    inner = " ".join(rng.choices(TOKENS, k=rng.randint(1, 40)))
    return rng.choice(("{}", "kernel k {{ {} }}", "memory {{ {} }} kernel k {{}}", "const a = {}")).format(inner)


def noise(rng: random.Random) -> str:
    """Random bytes, read as the command line reads files, or random characters of all of Unicode."""
    if rng.random() < 0.5:
        return rng.randbytes(rng.randint(0, 60)).decode("utf-8", errors="replace")
    return "".join(
        chr(rng.choice((rng.randrange(0xD800), rng.randrange(0xE000, 0x11_0000)))) for _ in range(rng.randint(0, 40))
    )


@pytest.mark.parametrize("part", range(4))
def test_no_text_makes_a_traceback(part: int, record_property: Callable[[str, object], None]) -> None:
    rng = random.Random(part)
    outcomes = {"kernel": 0, "errors": 0}
    for _ in range(2500):
        text = rng.choices((changed, words, noise), (6, 3, 1))[0](rng)
        source = Source("fuzz.vk", text)
        try:
            load_kernel(source, rng.choice(({}, {}, {"n": rng.randint(-3, 40)})))
            outcomes["kernel"] += 1
        except KernelErrors as errors:
            shown = errors.render()
            assert "error[VK" in shown
            assert all(len(line) < 400 for line in shown.splitlines())
            outcomes["errors"] += 1
    record_property("inputs", sum(outcomes.values()))
    assert min(outcomes.values()) > 50
