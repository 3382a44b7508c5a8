"""Signals as something to wait for, in a process without an event loop of its own."""

import os
import signal
from types import FrameType
from typing import Self


class SignalPipe:
    """While entered, the given signals do nothing but arrive here. Main thread only.

    `fileno` becomes readable when one came; `read` returns their numbers in order.
    """

    def __init__(self, *numbers: signal.Signals) -> None:
        """Args: numbers: the signals to take."""
        self._numbers = numbers

    def __enter__(self) -> Self:
        """Take the signals over."""
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        self._wakeup = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        self._handlers = [(number, signal.signal(number, _note)) for number in self._numbers]
        return self

    def __exit__(self, *_: object) -> None:
        """Give them back."""
        for number, handler in self._handlers:
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        os.close(self._read)
        os.close(self._write)

    def fileno(self) -> int:
        """The file descriptor to wait for."""
        return self._read

    def read(self) -> list[int]:
        """Return the numbers of the signals that came since the last call; never blocks."""
        try:
            return list(os.read(self._read, 4096))
        except BlockingIOError:
            return []


def _note(_number: int, _frame: FrameType | None) -> None:
    """Nothing: that a handler exists makes the interpreter write the signal's number to the wake-up descriptor."""
