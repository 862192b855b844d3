"""The package loads its parts when they are used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import vliwc.language

CHECK = """
import sys, vliwc.language, vliwc.language.codes, vliwc.language.diagnostics
assert not {"lark", "numpy"} & set(sys.modules), sys.modules.keys()
from vliwc.language import load_kernel
assert "lark" in sys.modules
"""


def test_importing_the_package_loads_neither_lark_nor_numpy() -> None:
    subprocess.run([sys.executable, "-c", CHECK], check=True)


def test_all_exports_exist() -> None:
    assert [name for name in vliwc.language.__all__ if getattr(vliwc.language, name, None) is None] == []


def test_other_names_do_not_exist() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        vliwc.language.nothing  # noqa: B018
