"""Publishing: written as it comes, confirmed by listening; one channel per exchange keeps faults apart."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable

from amqp.exceptions import AccessRefused, NotFound

from svcrt.amqp import frames
from svcrt.amqp.connection import Channel, Connection
from svcrt.errors import BrokerError, BrokerRefused, BrokerUnavailable, Refused, Unconfirmed, Unroutable
from svcrt.types import Message
from svcrt.wire import check_sending

log = logging.getLogger("svcrt.amqp")

WINDOW = 500
"""Messages per exchange that wait for their confirm at a time; the rest waits here."""
MAX_WAITING = 50_000
"""Posts that may wait for a connection or for the window, all together."""
CONFIRM_SECONDS = 30.0
"""How long a confirm may take, where the caller gave no time."""
_UNSENT_BYTES = 1024 * 1024
_LOOK_SECONDS = 0.1
_IDLE_SECONDS = 60.0

OnDone = Callable[[BrokerError | None], None]


class Post:
    """A message on its way. Only the publisher's owner touches it after `Publisher.post`."""

    __slots__ = (
        "confirm_by",
        "exchange",
        "mandatory",
        "message",
        "on_done",
        "posted",
        "returned",
        "routing_key",
        "write_by",
    )

    def __init__(
        self, message: Message, exchange: str, routing_key: str, mandatory: bool, on_done: OnDone | None
    ) -> None:
        self.message = message
        self.exchange = exchange
        self.routing_key = routing_key
        self.mandatory = mandatory
        self.on_done = on_done
        self.returned = ""
        self.posted = time.monotonic()
        self.write_by = self.posted
        self.confirm_by = self.posted

    def expiration(self, now: float) -> int | None:
        """Return what is left of the message's expiration, in ms."""
        expiration = self.message.expiration
        return None if expiration is None else max(1, expiration - int((now - self.posted) * 1000))

    def finish(self, error: BrokerError | None) -> None:
        """Report how it ended, the first time."""
        on_done, self.on_done = self.on_done, None
        if on_done is not None:
            try:
                on_done(error)
            except Exception:
                log.exception("a callback of a published message failed")


class _Lane:
    """The posts to one exchange that want a confirm, or those that want none, and their channel."""

    def __init__(self, exchange: str, confirmed: bool) -> None:
        self.exchange = exchange
        self.confirmed = confirmed
        self.waiting: deque[Post] = deque()
        self.in_flight: dict[int, Post] = {}
        self._channel: Channel | None = None
        self._proven = False
        self._tag = 0

    def open(self, connection: Connection) -> Channel:
        channel = connection.new_channel()
        channel.on_failed = self._failed
        channel.on_return = self._returned
        channel.on_confirm = self._confirmed
        if self.confirmed:
            channel.confirm_select(nowait=True)
        self._channel = channel
        self._proven = False
        self._tag = 0
        return channel

    def write(self, connection: Connection) -> None:
        """Write what waits, as far as the window and the socket take it."""
        now = time.monotonic()
        while self.waiting and len(self.in_flight) < WINDOW and connection.unsent < _UNSENT_BYTES:
            post = self.waiting.popleft()
            if post.write_by <= now:
                post.finish(BrokerUnavailable("the message waited too long to be sent"))
                continue
            channel = self._channel or self.open(connection)
            channel.publish(
                self.exchange,
                post.routing_key,
                mandatory=post.mandatory,
                properties=frames.encode_properties(post.message, expiration=post.expiration(now)),
                body=post.message.body,
            )
            if self.confirmed:
                self._tag += 1
                self.in_flight[self._tag] = post

    def _confirmed(self, tag: int, multiple: bool, taken: bool) -> None:
        self._proven = True
        if multiple:
            # Tags are in order; 0 means all.
            tags = [known for known in self.in_flight if known <= tag] if tag else list(self.in_flight)
        else:
            tags = [tag] if tag in self.in_flight else []
        for known in tags:
            post = self.in_flight.pop(known)
            if not taken:
                post.finish(
                    Refused(f"the broker did not take the message for `{post.routing_key}` (its queue is full)")
                )
            elif post.returned:
                post.finish(Unroutable(f"no queue takes `{post.routing_key}` ({post.returned})"))
            else:
                post.finish(None)

    def _returned(self, message: Message, reason: str, routing_key: str) -> None:
        # The broker returns in the order of publishing, before the confirm, and without the tag.
        for post in self.in_flight.values():
            if (
                post.mandatory
                and not post.returned
                and post.routing_key == routing_key
                and post.message.message_id == message.message_id
                and post.message.correlation_id == message.correlation_id
            ):
                post.returned = reason or "NO_ROUTE"
                return
        log.debug("a message for `%s` came back: %s", routing_key, reason)

    def _failed(self, failure: Exception) -> None:
        """The broker closed this channel; other exchanges have others."""
        self._channel = None
        text = str(getattr(failure, "reply_text", failure))
        if self._proven and isinstance(failure, NotFound):
            log.warning("exchange `%s` is gone from the broker; it is declared again before long", self.exchange)
        else:
            log.debug("publishing to exchange `%s` failed: %s", self.exchange, text)
        posts, self.in_flight = self.in_flight, {}
        for post in posts.values():
            post.finish(self._verdict(failure, text, post, alone=len(posts) == 1))

    def _verdict(self, failure: Exception, text: str, post: Post, *, alone: bool) -> BrokerError:
        # Of several that were under way the first ones may have found it.
        if (alone or not self._proven) and isinstance(failure, NotFound):
            return Unroutable(f"there is no exchange `{self.exchange}`")
        if not self._proven and isinstance(failure, AccessRefused):
            return BrokerRefused(f"publishing to exchange `{self.exchange}` is not permitted: {text}")
        if alone or f"size {len(post.message.body)} " in text:
            return Refused(f"the broker did not take the message: {text}")
        return Unconfirmed(f"the channel died before the broker confirmed: {text}")

    def lost(self, reason: BrokerError) -> None:
        self._channel = None
        posts, self.in_flight = self.in_flight, {}
        for post in posts.values():
            post.finish(Unconfirmed(f"{reason}, before it confirmed the message"))

    def expire(self, now: float, reason: str) -> None:
        """Give up what has waited too long. A written one keeps its place until its confirm: the tags count on."""
        if any(post.write_by <= now for post in self.waiting):
            late = [post for post in self.waiting if post.write_by <= now]
            self.waiting = deque(post for post in self.waiting if post.write_by > now)
            for post in late:
                if post.on_done is None:
                    log.debug("a message for `%s` was not sent: %s", post.routing_key, reason)
                post.finish(BrokerUnavailable(f"the message was not sent: {reason}"))
        for post in self.in_flight.values():
            if post.on_done is not None and post.confirm_by <= now:
                post.finish(Unconfirmed("the broker did not confirm the message in time"))


class Publisher:
    """The publishing part of a connection.

    Args:
        post_timeout: seconds that a post may wait to be written.
        prepare: called with each new connection, before anything is published on it.
    """

    def __init__(self, post_timeout: float, prepare: Callable[[Connection], None]) -> None:
        self.blocked = False
        """Whether the broker has stopped reading (memory or disk alarm)."""
        self.wake: Callable[[], None] = lambda: None
        self._post_timeout = post_timeout
        self._prepare = prepare
        self._fresh: deque[Post] = deque()
        self._lanes: dict[tuple[str, bool], _Lane] = {}
        self._waiting = 0
        self._reason = "there is no connection to the broker"
        self._ended = False
        self._next_look = 0.0

    def post(self, post: Post, *, timeout: float | None = None) -> None:
        """Take a post over, from any task. `timeout` bounds sending and confirm together, in seconds."""
        message = post.message
        check_sending(message, exchange=post.exchange, routing_key=post.routing_key)
        wait = self._post_timeout if timeout is None else timeout
        if message.expiration is not None:
            wait = min(wait, message.expiration / 1000)
        if len(self._fresh) + self._waiting >= MAX_WAITING:
            wait = 0.0
        post.write_by = post.posted + wait
        post.confirm_by = post.posted + (CONFIRM_SECONDS if timeout is None else timeout)
        self._fresh.append(post)
        self.wake()
        if self._ended:
            self._give_up(self._take_fresh())

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
        self._sort()
        if not self.blocked:
            self._reason = "the broker did not confirm earlier messages in time"
            for lane in self._lanes.values():
                if lane.waiting:
                    lane.write(connection)
        self._waiting = sum(len(lane.waiting) for lane in self._lanes.values())

    def _sort(self) -> None:
        for post in self._take_fresh():
            key = (post.exchange, post.on_done is not None)
            lane = self._lanes.get(key)
            if lane is None:
                lane = self._lanes[key] = _Lane(*key)
            lane.waiting.append(post)

    def _take_fresh(self) -> Iterable[Post]:
        while True:
            try:
                yield self._fresh.popleft()
            except IndexError:
                return

    def tick(self, now: float) -> float:
        """See `svcrt.amqp.owner.Part`."""
        if now >= self._next_look:
            self._sort()
            self._next_look = now + _LOOK_SECONDS
            for lane in self._lanes.values():
                if lane.waiting or lane.in_flight:
                    lane.expire(now, self._reason)
        busy = any(lane.waiting or lane.in_flight for lane in self._lanes.values())
        return max(0.0, self._next_look - now) if busy else _IDLE_SECONDS

    def lost(self, reason: BrokerError) -> None:
        """See `svcrt.amqp.owner.Part`."""
        self.blocked = False
        self._reason = str(reason)
        for lane in self._lanes.values():
            lane.lost(reason)

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
