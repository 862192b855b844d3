"""vliwc: a retargetable, self-certifying optimising compiler for VLIW SIMD machines."""

__version__ = "0.1.0"
