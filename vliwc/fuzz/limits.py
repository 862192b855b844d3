"""Limits of time for a piece of work: of processor time, which hardly depends on what else the computer does."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

_PATIENCE = 20
"""A piece of work is also ended when so many times its limit has passed on the clock: it may wait for something."""
_AGAIN = 0.01
"""A limit that was overheard, as exceptions are in destructors, is told again, after so many seconds at least."""


class OutOfTime(BaseException):
    """The time is up. No Exception, since the compiler's own failures are caught as such."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises OutOfTime in the block once it has taken so many seconds of processor time, those of threads included.

    Only in the main thread of a process, and on systems that have such timers; elsewhere there is no limit.
    """
    if not hasattr(signal, "setitimer"):
        yield
        return

    over = False

    def ring(*_: object) -> None:
        if not over:
            raise OutOfTime

    timers = ((signal.ITIMER_PROF, signal.SIGPROF, seconds), (signal.ITIMER_REAL, signal.SIGALRM, _PATIENCE * seconds))
    before = [(number, signal.signal(number, ring)) for _, number, _ in timers]
    for timer, _, most in timers:
        signal.setitimer(timer, most, max(most, _AGAIN))
    try:
        try:
            yield
        finally:
            over = True
    finally:
        for timer, _, _ in timers:
            signal.setitimer(timer, 0)
        for number, handler in before:
            signal.signal(number, handler)
