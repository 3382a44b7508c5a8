"""Futures that can be waited for on either back end."""

from concurrent.futures import Future
from typing import TypeVar

from svcrt.types import Concurrency

ResultT = TypeVar("ResultT")


class CallFuture(Future[ResultT]):
    """A `concurrent.futures.Future` whose waiting goes through our back end.

    The standard one waits on a native lock, which would stop every green thread of an unpatched process for good.
    A call under way cannot be cancelled: `cancel` returns False.
    """

    def __init__(self, concurrency: Concurrency) -> None:
        super().__init__()
        self._ended = concurrency.flag()
        self.set_running_or_notify_cancel()

    def succeed(self, result: ResultT) -> None:
        """End with a result."""
        self.set_result(result)
        self._ended.set()

    def fail(self, error: BaseException) -> None:
        """End with an exception."""
        self.set_exception(error)
        self._ended.set()

    def result(self, timeout: float | None = None) -> ResultT:
        """Wait for the result, at most `timeout` seconds.

        Raises:
            TimeoutError: it has not ended by then; the call goes on.
        """
        self._await_end(timeout)
        return super().result(0)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Wait for the end and return the exception, None for a result. Raises TimeoutError as `result`."""
        self._await_end(timeout)
        return super().exception(0)

    def _await_end(self, timeout: float | None) -> None:
        # Its callbacks run before our flag is set: there the standard library has the result already.
        if not self.done() and not self._ended.wait(timeout):
            raise TimeoutError(f"the call has not ended within {timeout:g} s")
