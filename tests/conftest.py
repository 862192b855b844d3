"""Settings of all tests."""

from __future__ import annotations

import importlib
import os
import pkgutil
import signal
from dataclasses import replace

import pytest
from hypothesis import Phase, settings

import vliwc
from vliwc import driver, options
from vliwc.tune import Budget

# The same inputs in every run, so that a red test means a change and not a draw. `HYPOTHESIS_PROFILE=hunt pytest …`
# looks for new failures instead. No deadlines: time on a shared machine says nothing.
settings.register_profile("same", derandomize=True, database=None, deadline=None)
settings.register_profile("hunt", derandomize=False, deadline=None)
# Mutation testing wants to know only that a test fails.
settings.register_profile("mutants", settings.get_profile("same"), phases=(Phase.explicit, Phase.generate))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

# Hypothesis also draws constants that it finds in the project's modules that are loaded: always the same ones, then.
for module in pkgutil.walk_packages(vliwc.__path__, "vliwc."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)

# What runs in the background may ignore Ctrl-C, and so would the processes that tests start, and wait for, for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def hardly_any_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that nobody has asked for is a tenth of what it is: for tests of programs that are right however long
    one has looked for them."""
    for name in ("BRIEF", "THOROUGH"):
        usual: Budget = getattr(options, name)
        assert usual.placements is not None
        monkeypatch.setattr(options, name, replace(usual, placements=usual.placements // 10))
    monkeypatch.setattr(driver, "MIXES", Budget(evals=1))
