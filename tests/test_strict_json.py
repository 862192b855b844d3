"""JSON that comes from anywhere: what Python's reader lets through is refused."""

from __future__ import annotations

import pytest

from vliwc import strict_json


def test_right_texts_are_read() -> None:
    assert strict_json.loads('{"a": [1, -2.5, null, {"a": "x"}], "b": true}') == {
        "a": [1, -2.5, None, {"a": "x"}],
        "b": True,
    }


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ('[{"a": {"x": 1, "x": 1}}]', "a key is there twice in one object"),
        ("[NaN]", "NaN is no number"),
        ('{"a": -Infinity}', "-Infinity is no number"),
        ("[" * 100_000, "it is nested too deeply"),
        ('{"a": ' * 100_000, "it is nested too deeply"),
        ("[1, 2", "Expecting ',' delimiter"),
        ("9" * 10_000, "Exceeds the limit"),
    ],
)
def test_others_are_refused(text: str, cause: str) -> None:
    with pytest.raises(ValueError, match=cause):
        strict_json.loads(text)
