"""The public simulator, out of a checkout that the user has at hand: loaded when it is needed, and asked.

Loading runs the code of the file. Nothing of it is kept, and nothing is written beside it.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from vliwc.errors import DataError, UsageError
from vliwc.machine import Program
from vliwc.machine.interchange import bundle_to_json

MODULE = "vliwc_public_simulator"
"""The name under which the module is loaded."""
PLACES = (Path("tests") / "frozen_problem.py", Path("problem.py"))
"""Where a checkout has the simulator: the frozen one first, as its own tests take that."""
_NAMES = ("Machine", "DebugInfo", "CoreState")


def find_public(path: Path) -> Path:
    """The file of the simulator in a checkout, or `path` itself if it is a file. Raises UsageError if there is none."""
    places = [path, *(path / place for place in PLACES)]
    for place in places:
        if place.is_file():
            return place
    raise UsageError(
        f"there is no public simulator at {path / PLACES[0]}",
        help="give the path of a checkout of anthropics/original_performance_takehome, or leave the option out",
    )


def load_public(path: Path) -> ModuleType:
    """The module of the simulator in a checkout (or in a file). Each call loads it anew.

    Raises UsageError if there is none, DataError if it cannot be loaded or is something else.
    """
    file = find_public(path)
    spec = importlib.util.spec_from_file_location(MODULE, file)
    if spec is None or spec.loader is None:
        raise DataError(f"{file} is no Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = module  # dataclasses look their module up
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise DataError(f"cannot load {file}: {type(error).__name__}: {error}") from error
    finally:
        sys.dont_write_bytecode = before
    for name in _NAMES:
        if not hasattr(module, name):
            raise DataError(f"{file} is not the public simulator: it has no {name}")
    return module


def public_instructions(program: Program) -> list[dict[str, list[tuple[object, ...]]]]:
    """A program as the public simulator takes it."""
    return [
        {engine: [tuple(slot) for slot in slots] for engine, slots in bundle_to_json(bundle).items()}
        for bundle in program.bundles
    ]
