"""The command line's fixtures serve here, too."""

from tests.cli.conftest import kernel, vliwc

__all__ = ["kernel", "vliwc"]
