"""From the checked kernel to the scalar dataflow graph."""

from vliwc.lower.lowering import lower

__all__ = ["lower"]
