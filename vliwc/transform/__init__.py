"""Graph to graph: one file a rewrite family, and a pipeline that lists them in order."""

from vliwc.transform.pipeline import optimize, optional_names, pass_names

__all__ = ["optimize", "optional_names", "pass_names"]
