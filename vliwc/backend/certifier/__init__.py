"""The certifier: proves that emitted bundles compute what the graph says. Independent of the rest of the backend."""

from vliwc.backend.certifier.failure import ProofFailed
from vliwc.backend.certifier.proof import Certificate, certify
from vliwc.backend.certifier.witness import Crossing, Ghost, Induction, LoopWitness, Pipeline, Place, Witness

__all__ = [
    "Certificate",
    "Crossing",
    "Ghost",
    "Induction",
    "LoopWitness",
    "Pipeline",
    "Place",
    "ProofFailed",
    "Witness",
    "certify",
]
