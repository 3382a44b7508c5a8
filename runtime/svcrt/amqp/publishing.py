"""Publishing: written as it comes, confirmed by listening; one channel per exchange keeps faults apart."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable

from svcrt.amqp.connection import Connection
from svcrt.amqp.lanes import Lane
from svcrt.amqp.posts import PackedPost, Post
from svcrt.concurrency import Backend
from svcrt.errors import BrokerError, BrokerUnavailable, Unconfirmed

log = logging.getLogger("svcrt.amqp")

MAX_WAITING = 50_000
"""Posts that may wait for a connection or for the window, all together."""
CONFIRM_SECONDS = 30.0
"""How long a confirm may take, where the caller gave no time."""
_LOOK_SECONDS = 0.1
_DOZE_SECONDS = 1.0
_IDLE_SECONDS = 60.0


class Publisher:
    """The publishing part of a connection.

    Args:
        post_timeout: seconds that a post may wait to be written.
        prepare: called with each new connection, before anything is published on it.
    """

    def __init__(self, backend: Backend, post_timeout: float, prepare: Callable[[Connection], None]) -> None:
        self.blocked = False
        """Whether the broker has stopped reading (memory or disk alarm)."""
        self.wake: Callable[[], None] = lambda: None
        self._post_timeout = post_timeout
        self._prepare = prepare
        self._guard = backend.guard()
        self._fresh: deque[Post] = deque()
        self._lanes: dict[tuple[str, bool], Lane] = {}
        self._connection: Connection | None = None
        self._waiting = 0
        self._reason = "there is no connection to the broker"
        self._ended = False
        self._next_look = 0.0
        self._watched = 0.0

    def post(self, post: Post, *, timeout: float | None = None) -> None:
        """Take a post over, from any task. `timeout` bounds sending and confirm together, in seconds."""
        post.confirm_by = post.posted + (CONFIRM_SECONDS if timeout is None else timeout)
        if self._write_now(post):
            return
        wait = self._post_timeout if timeout is None else timeout
        if post.lifetime is not None:
            wait = min(wait, post.lifetime)
        if len(self._fresh) + self._waiting >= MAX_WAITING:
            wait = 0.0
        post.write_by = post.posted + wait
        self._fresh.append(post)
        self.wake()
        if self._ended:
            self._give_up(self._take_fresh())

    def post_packed(self, properties: bytes, body: bytes, exchange: str, routing_key: str) -> None:
        """Take over a message that wants no confirm."""
        connection = self._connection
        lane = self._lanes.get((exchange, False))
        if connection is not None and lane is not None and not self.blocked and not self._fresh:
            with self._guard:
                is_free = connection is self._connection and lane.is_free(connection)
                if is_free:
                    lane.write_packed(routing_key, properties, body)
            if is_free:
                connection.turn_soon()
                return
        self.post(PackedPost(properties, body, exchange, routing_key))

    def _write_now(self, post: Post) -> bool:
        """Write past all queues, in the task of the caller, where nothing stands before it; tell whether it was."""
        connection = self._connection
        if connection is None or self.blocked or self._fresh:
            return False
        lane = self._lanes.get((post.exchange, post.on_done is not None))
        if lane is None:
            return False
        with self._guard:
            if connection is not self._connection or not lane.is_free(connection):
                return False
            lane.write_one(post, post.posted)
        connection.turn_soon()
        if post.posted > self._watched and lane.confirmed:
            # The clock of an idle link looks rarely.
            self._watched = post.posted + _DOZE_SECONDS
            self.wake()
        return True

    def connected(self, connection: Connection) -> None:
        """See `svcrt.amqp.owner.Part`."""
        connection.on_blocked = self._note_blocked
        connection.on_unblocked = self._note_unblocked
        self._prepare(connection)

    def _note_blocked(self, reason: str) -> None:
        self.blocked = True
        self._reason = "the broker takes nothing at present (memory or disk alarm)"
        log.warning("%s", self._reason)

    def _note_unblocked(self) -> None:
        self.blocked = False
        log.info("the broker takes messages again")

    def turn(self, connection: Connection) -> None:
        """See `svcrt.amqp.owner.Part`."""
        self.quick_turn(connection)

    def quick_turn(self, connection: Connection) -> None:
        """See `svcrt.amqp.owner.Part`."""
        if self._fresh or self._waiting:
            self._sort()
            if not self.blocked:
                self._reason = "the broker did not confirm earlier messages in time"
                for lane in list(self._lanes.values()):
                    if lane.waiting:
                        self._write_waiting(lane, connection)
            self._count()
        # Nobody but the owner may write where py-amqp does it.
        self._connection = connection if connection.is_shared else None

    def _write_waiting(self, lane: Lane, connection: Connection) -> None:
        now = time.monotonic()
        while lane.waiting:
            with self._guard:
                if not lane.has_room(connection):
                    return
                post = lane.waiting.popleft()
                is_late = post.write_by <= now
                if not is_late:
                    lane.write_one(post, now)
            if is_late:
                post.finish(BrokerUnavailable("the message waited too long to be sent"))

    def _sort(self) -> None:
        # Counted before they leave the queue: in between there must not seem to be fewer.
        self._waiting += len(self._fresh)
        for post in self._take_fresh():
            key = (post.exchange, post.on_done is not None)
            lane = self._lanes.get(key)
            if lane is None:
                lane = self._lanes[key] = Lane(*key, self._guard)
            lane.waiting.append(post)
        self._count()

    def _count(self) -> None:
        self._waiting = sum(len(lane.waiting) for lane in list(self._lanes.values()))

    def _take_fresh(self) -> Iterable[Post]:
        while True:
            try:
                yield self._fresh.popleft()
            except IndexError:
                return

    def tick(self, now: float) -> float:
        """See `svcrt.amqp.owner.Part`."""
        if self._fresh:
            self._sort()
        lanes = list(self._lanes.values())
        if now >= self._next_look:
            self._next_look = now + _LOOK_SECONDS
            for lane in lanes:
                if lane.waiting or lane.in_flight:
                    lane.expire(now, self._reason)
            self._count()
        if any(lane.waiting or lane.in_flight for lane in lanes):
            self._watched = now + _DOZE_SECONDS
            return max(0.0, self._next_look - now)
        return _DOZE_SECONDS if self._watched > now else _IDLE_SECONDS

    def lost(self, reason: BrokerError) -> None:
        """See `svcrt.amqp.owner.Part`."""
        self.blocked = False
        self._reason = str(reason)
        with self._guard:
            self._connection = None
            posts = [post for lane in self._lanes.values() for post in lane.lose()]
        for post in posts:
            post.finish(Unconfirmed(f"{reason}, before it confirmed the message"))

    def drained(self) -> bool:
        """See `svcrt.amqp.owner.Part`."""
        return not self._fresh and not any(lane.waiting or lane.in_flight for lane in self._lanes.values())

    def stopped(self) -> None:
        """See `svcrt.amqp.owner.Part`."""
        self._ended = True
        self._sort()
        for lane in self._lanes.values():
            posts, lane.waiting = lane.waiting, deque()
            self._give_up(posts)

    def _give_up(self, posts: Iterable[Post]) -> None:
        for post in posts:
            post.finish(BrokerUnavailable("the link is stopped: the message was not sent"))
