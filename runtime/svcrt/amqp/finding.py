"""Which services are running, as far as this process knows: before a first call, and after a late one, it asks."""

import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from svcrt import topology
from svcrt.amqp.calls import Call
from svcrt.errors import BrokerError, BrokerUnavailable, NotSent, UnknownService
from svcrt.types import Concurrency

if TYPE_CHECKING:
    from svcrt.amqp.link import AmqpLink

AGAIN = 0.05
"""Seconds between attempts to reach a broker or a service that is not there yet."""
_RETURN = 10.0
"""Seconds after a lost connection in which services are expected to come back: their longest pause between attempts."""


class Finder:
    """Asks the broker whether anybody serves what is to be called: a request to nobody would wait for its deadline.

    Args:
        wait_for_service: wait for a service that is not running, up to the deadline, instead of failing at once.
        is_open: whether a call has not ended.
        end: ends a call.
        post: sends a call whose service is running.
    """

    def __init__(
        self,
        concurrency: Concurrency,
        link: "AmqpLink",
        *,
        wait_for_service: bool,
        is_open: Callable[[Call], bool],
        end: Callable[[Call, Exception], None],
        post: Callable[[Call], None],
    ) -> None:
        self.known: set[str] = set()
        """Services that were running when last heard of."""
        self._concurrency = concurrency
        self._link = link
        self._wait_for_service = wait_for_service
        self._is_open = is_open
        self._end = end
        self._post = post
        self._lock = concurrency.guard()
        self._asking: dict[str, deque[Call]] = {}
        self._returning_until = 0.0

    def note_return(self) -> None:
        """Expect services to come back now, as we do after a lost connection; they may only be slower than we."""
        self._returning_until = time.monotonic() + _RETURN

    def may_come(self) -> bool:
        """Whether to wait for a service that is not there."""
        return self._wait_for_service or time.monotonic() < self._returning_until

    def find_later(self, call: Call) -> None:
        """Ask and post in a task, one for all that wait for the same service: a thousand may come before its answer."""
        service = call.plan.service
        with self._lock:
            is_first = service not in self._asking
            self._asking.setdefault(service, deque()).append(call)
        if is_first:
            self._concurrency.spawn(self._find_waiting, service, name=f"first call to {service}")

    def find(self, call: Call) -> bool:
        """Ask, and wait where that is wanted; tell whether the service is running. Ends the call if not."""
        service = call.plan.service
        queue = topology.rpc_queue(service).name
        while self._is_open(call):
            left = call.deadline - time.monotonic()
            try:
                state = self._link.inspect(queue, timeout=max(left, AGAIN))
            except BrokerUnavailable:
                pass
            except BrokerError as error:
                self._end(call, NotSent(f"the broker did not tell whether `{service}` is running: {error}"))
                return False
            else:
                if state is not None and state.consumers > 0:
                    self.known.add(service)
                    return True
                if not self.may_come() or left <= AGAIN:
                    self._end(call, UnknownService(service))
                    return False
            self._concurrency.sleep(AGAIN)
        return False

    def _find_waiting(self, service: str) -> None:
        while True:
            with self._lock:
                if not self._asking[service]:
                    del self._asking[service]
                    return
                call = self._asking[service].popleft()
            if self._is_open(call) and (service in self.known or self.find(call)):
                self._post(call)
