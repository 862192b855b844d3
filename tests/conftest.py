"""Settings of all tests."""

from __future__ import annotations

import os

from hypothesis import Phase, settings

# The same inputs in every run, so that a red test means a change and not a draw. `HYPOTHESIS_PROFILE=hunt pytest …`
# looks for new failures instead. No deadlines: time on a shared machine says nothing.
settings.register_profile("same", derandomize=True, database=None, deadline=None)
settings.register_profile("hunt", derandomize=False, deadline=None)
# Mutation testing wants to know only that a test fails.
settings.register_profile("mutants", settings.get_profile("same"), phases=(Phase.explicit, Phase.generate))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
