"""What a proof ends with when it does not succeed."""

from __future__ import annotations

from vliwc.errors import InternalError


class ProofFailed(InternalError):
    """The certifier could not prove that a program computes what its graph says.

    `bundle` is the number of the bundle in question, where there is one.
    """

    def __init__(self, message: str, *, bundle: int | None = None) -> None:
        super().__init__(
            f"not certified: {message}",
            help="this is a defect of vliwc, not of the kernel: please report it with the kernel and the options",
        )
        self.bundle = bundle
