"""The JSON reports' common part, and their JSON Schemas: one file a report, `NAME.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

Record = dict[str, Any]

VERSION = 1
"""Goes up when a report changes in a way that its readers must follow."""


def schema_text(name: str) -> str:
    """The JSON Schema of a report: "compile", "bound", "schedule", "instance", …."""
    return files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8")


def head(name: str) -> Record:
    """How every report begins: the name and version of its schema."""
    return {"schema": f"vliwc/{name}/{VERSION}"}


def list_record(name: str, entries: Sequence[Mapping[str, Any]]) -> Record:
    """A report that is a list of `entries`, under the report's own name."""
    return {**head(name), name: [dict(entry) for entry in entries]}
