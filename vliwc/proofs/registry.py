"""Finds every rewrite rule that the compiler declares, wherever it stands."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from importlib import import_module

import vliwc
from vliwc.analysis.patterns import Rule

_NO_COMPILER = ("vliwc.cli", "vliwc.proofs", "vliwc.fuzz")
"""Packages that compile nothing."""


def declared_rules() -> dict[str, Rule]:
    """All rules in tables of the compiler's modules, by module and text: a new table cannot be forgotten."""
    found: dict[int, tuple[str, Rule]] = {}
    for module in pkgutil.walk_packages(vliwc.__path__, "vliwc."):
        if not module.name.startswith(_NO_COMPILER):
            for value in vars(import_module(module.name)).values():
                for rule in _rules_in(value):  # a table that another module imports is the same objects again
                    found.setdefault(id(rule), (f"{module.name}: {rule.text}", rule))
    return dict(found.values())


def _rules_in(value: object) -> Iterator[Rule]:
    if isinstance(value, Rule):
        yield value
    elif isinstance(value, Mapping):
        yield from _rules_in(tuple(value.values()))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _rules_in(item)
