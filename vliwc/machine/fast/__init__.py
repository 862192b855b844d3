"""The fast simulator: many memory images at once, as machine code. Importing it imports numba."""

from vliwc.machine.fast.simulator import FastSimulator, Outcomes

__all__ = ["FastSimulator", "Outcomes"]
