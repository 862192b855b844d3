"""Where the files lie that come with vliwc."""

from __future__ import annotations

from pathlib import Path

import pytest

from vliwc import resources
from vliwc.errors import DataError
from vliwc.resources import data_path


def test_a_checkout_has_them_at_its_top() -> None:
    assert (data_path("isa") / "takehome.toml").is_file()


def test_an_installed_wheel_has_them_as_package_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "vliwc"
    (package / "data" / "isa").mkdir(parents=True)
    monkeypatch.setattr(resources, "_PACKAGE", package)
    assert data_path("isa") == package / "data" / "isa"


def test_a_broken_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "vliwc")
    with pytest.raises(DataError, match="lacks its 'examples' files") as caught:
        data_path("examples")
    assert caught.value.help == "install vliwc again"
