"""Recursion without Python's recursion limit.

A recursive walk is written as a generator that yields the generators of the walks it needs and is resumed with their
results; `run` keeps the pending ones on a stack of its own. So an expression may be nested as deeply as memory allows.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

T = TypeVar("T")

Task = Generator[Any, Any, T]
"""A walk that yields other tasks, is sent their results, and returns a `T`."""


def run(task: Task[T]) -> T:
    """Runs `task` and all the tasks that it asks for; returns its result."""
    pending: list[Task[Any]] = [task]
    value: Any = None
    while pending:
        try:
            needed = pending[-1].send(value)
        except StopIteration as done:
            pending.pop()
            value = done.value
        else:
            pending.append(needed)
            value = None
    result: T = value
    return result
