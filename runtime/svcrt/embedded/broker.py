"""The broker without I/O: what connections share. Whoever does the I/O drives its timers and sends its output."""

import logging
import secrets
import time
from base64 import urlsafe_b64encode
from collections import deque
from collections.abc import Callable
from enum import Enum, auto

from .dead_letters import circles, dead_letter_copy
from .message import Message, QueuedMessage
from .queues import Queue
from .timers import Timers
from .topology import Topology

__all__ = ["Broker", "Outcome", "generated_name"]

logger = logging.getLogger(__name__)

_MEMORY_LIMIT = 512 << 20
_RESUME_SHARE = 0.9


class Outcome(Enum):
    """What became of a published message."""

    TAKEN = auto()
    UNROUTABLE = auto()
    REFUSED = auto()


def generated_name(prefix: str) -> str:
    """Return a name that nobody else has."""
    return prefix + urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")


class Broker:
    """One virtual host, one user.

    Args:
        user: Who may log in.
        password: And with what.
        clock: Seconds that only grow; every time limit is measured by it.
        wall_clock: Seconds since the epoch, for the history of dead letters.
        memory_limit: Bytes of messages held, above which publishers are blocked.
    """

    def __init__(
        self,
        *,
        user: str = "guest",
        password: str = "guest",
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        memory_limit: int = _MEMORY_LIMIT,
    ) -> None:
        self.user = user
        self.password = password
        self.timers = Timers(clock)
        self.topology = Topology(self)
        self.blocked_reason: str | None = None
        self.on_alarm: list[Callable[[], None]] = []
        self._wall_clock = wall_clock
        self._memory_limit = memory_limit
        self._memory = 0
        self._alarm: str | None = None
        self._dead: deque[tuple[Queue, QueuedMessage, str]] = deque()
        self._burying = False

    def publish(self, message: Message) -> Outcome:
        """Route a message to its queues.

        Raises:
            ProtocolError: NOT_FOUND: no such exchange.
        """
        queues = self.topology.route(self.topology.exchange(message.exchange), message.routing_key)
        if not queues:
            return Outcome.UNROUTABLE
        refused = False
        for queue in queues:
            refused |= not queue.enqueue(message)
        self.bury()
        return Outcome.REFUSED if refused else Outcome.TAKEN

    def set_alarm(self, reason: str | None) -> None:
        """Block publishers, as a broker that is low on memory does; None ends it."""
        self._alarm = reason
        self._check_alarm()

    def settle_timers(self) -> None:
        """Run what is due, and what follows from it."""
        self.timers.run_due()
        self.bury()

    # -- what queues need

    def dead_letter(self, queue: Queue, queued: QueuedMessage, reason: str) -> None:
        """Note a message to dead-letter; it is published once the queue is done with what it does."""
        self._dead.append((queue, queued, reason))

    def account(self, size: int) -> None:
        """Note that so many bytes more (or fewer) are held."""
        self._memory += size
        if (self._memory > self._memory_limit) is not (self.blocked_reason is not None):
            self._check_alarm()

    def expire_queue(self, queue: Queue) -> None:
        """Delete a queue that nobody used for its `x-expires`."""
        self.topology.delete_queue(queue)

    def _check_alarm(self) -> None:
        # Publishers resume a little below the limit: exactly at it, every acknowledgement would wake and block them.
        limit = self._memory_limit * (_RESUME_SHARE if self.blocked_reason is not None else 1)
        reason = self._alarm or ("low on memory" if self._memory > limit else None)
        if (reason is None) is not (self.blocked_reason is None):
            logger.warning("publishers are %s", f"blocked: {reason}" if reason else "no longer blocked")
            self.blocked_reason = reason
            for callback in list(self.on_alarm):
                callback()

    def bury(self) -> None:
        """Publish the messages that queues gave up since."""
        # A loop, not a recursion: a dead letter may be refused by the next queue, and so on.
        if self._burying:
            return
        self._burying = True
        try:
            while self._dead:
                queue, queued, reason = self._dead.popleft()
                self._publish_dead_letter(queue, queued, reason)
        finally:
            self._burying = False

    def _publish_dead_letter(self, queue: Queue, queued: QueuedMessage, reason: str) -> None:
        exchange = self.topology.exchanges.get(queue.settings.dead_letter_exchange or "")
        if exchange is None:
            return
        message = dead_letter_copy(queue, queued, reason, self._wall_clock())
        targets = self.topology.route(exchange, message.routing_key)
        dropped = circles(message, targets) if reason != "rejected" else set()
        for target in targets:
            if target not in dropped:
                target.enqueue(message)
