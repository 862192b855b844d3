"""Where the files lie that come with vliwc: machine descriptions and example kernels. A leaf module."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from vliwc.errors import DataError

_PACKAGE = Path(__file__).resolve().parent


def data_path(kind: Literal["isa", "examples"]) -> Path:
    """The folder of one kind of files: `vliwc/data/<kind>` of an installed wheel, `<kind>` of a checkout.

    Raises DataError when the installation has lost it.
    """
    for folder in (_PACKAGE / "data" / kind, _PACKAGE.parent / kind):
        if folder.is_dir():
            return folder
    raise DataError(
        f"this installation of vliwc lacks its '{kind}' files: they are not in {_PACKAGE / 'data' / kind}",
        help="install vliwc again",
    )
