"""Graph to graph: one file a rewrite family, and a pipeline that lists them in order."""

from vliwc.transform.pipeline import optimize, pass_names

__all__ = ["optimize", "pass_names"]
