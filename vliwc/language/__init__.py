"""Text to kernel: parser, checker, diagnostics, and the interpreter that says what a kernel means.

The names below are loaded when they are first used: the parser's and the interpreter's libraries take time.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vliwc.language.checker import check, load_kernel
    from vliwc.language.diagnostics import Diagnostic, KernelErrors, render
    from vliwc.language.image import check_image, make_image, results
    from vliwc.language.interpreter import KernelFault, interpret
    from vliwc.language.kernel import Kernel
    from vliwc.language.parser import parse

__all__ = [
    "Diagnostic",
    "Kernel",
    "KernelErrors",
    "KernelFault",
    "check",
    "check_image",
    "interpret",
    "load_kernel",
    "make_image",
    "parse",
    "render",
    "results",
]

_HOMES = {
    "check": "checker",
    "load_kernel": "checker",
    "Diagnostic": "diagnostics",
    "KernelErrors": "diagnostics",
    "render": "diagnostics",
    "check_image": "image",
    "make_image": "image",
    "results": "image",
    "KernelFault": "interpreter",
    "interpret": "interpreter",
    "Kernel": "kernel",
    "parse": "parser",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
