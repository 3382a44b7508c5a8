"""The body of a request as the application reads it: bounded in size and time, and never short without a word."""

import io
from collections.abc import Callable
from typing import Any

from svcrt.concurrency.http_input import BadChunk
from svcrt.http.head import Limits, too_large
from svcrt.http.problems import Problem, Refusal
from svcrt.types import Alarm

__all__ = ["Body"]


class Body(io.RawIOBase):
    """Reads one request's body from what the server gives.

    Args:
        source: the server's `wsgi.input`.
        length: bytes announced; None for a chunked body.
        limits: size and time.
        start_clock: begins the time that the whole body may take; returns what ends it.
        ask: tells a client that waits (`Expect: 100-continue`) to send the body; called once, before the first reading.

    Raises:
        Refusal: from reading: 413 over the limit, 408 when the time is over, 400 when the body ends early or its chunks
            are malformed. Nothing can be read from the connection after that.
    """

    def __init__(
        self,
        source: Any,
        length: int | None,
        limits: Limits,
        start_clock: Callable[[Callable[[], None]], Alarm],
        *,
        ask: Callable[[], None] | None = None,
    ) -> None:
        super().__init__()
        self._source = source
        self._length = length
        self._limits = limits
        self._start_clock = start_clock
        self.ask = ask
        self._alarm: Alarm | None = None
        self._late = False
        self._read = 0
        self.ended = length == 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` as far as the body goes; 0 at its end."""
        if self.ended or not len(buffer):
            return 0
        if self._alarm is None:
            self._alarm = self._start_clock(self._time_is_over)
        data = self._next(len(buffer))
        if not data:
            self._end()
        buffer[: len(data)] = data
        return len(data)

    def _next(self, size: int) -> bytes:
        left = None if self._length is None else self._length - self._read
        try:
            if self.ask is not None:
                ask, self.ask = self.ask, None
                ask()
            data: bytes = self._source.read(size if left is None else min(size, left)) if left != 0 else b""
        except BadChunk as error:
            raise self._refused(400, f"The chunked body is malformed: {error}.") from None
        except TimeoutError:
            raise self._refused(408, "The body came too slowly.") from None
        except OSError:
            raise self._refused(400, "The connection ended within the body.") from None
        self._read += len(data)
        if self._read > self._limits.body:
            self._end()
            raise Refusal(too_large(self._limits))
        if left and not data:
            raise self._refused(400, f"The body ended {left} bytes before its `Content-Length`.")
        if left is not None and len(data) == left:
            self._end()
        return data

    def _refused(self, status: int, detail: str) -> Refusal:
        self._end()
        if self._late:
            status, detail = 408, f"The body took more than {self._limits.body_seconds:g} s."
        return Refusal(Problem(status=status, detail=detail, close=True))

    def _time_is_over(self) -> None:
        self._late = True

    def _end(self) -> None:
        self.ended = True
        self.stop_clock()

    def stop_clock(self) -> None:
        """The response is out: nobody measures any more."""
        if self._alarm is not None:
            self._alarm.cancel()
