"""A lane: the posts to one exchange that want a confirm, or those that want none, on a channel of their own."""

import logging
from collections import deque
from contextlib import AbstractContextManager

from amqp.exceptions import AccessRefused, NotFound

from svcrt.amqp.connection import UNSENT_BYTES, Channel, Connection
from svcrt.amqp.posts import Post
from svcrt.amqp.properties import decode_message
from svcrt.errors import BrokerError, BrokerRefused, BrokerUnavailable, Refused, Unconfirmed, Unroutable

log = logging.getLogger("svcrt.amqp")

WINDOW = 500
"""Messages per exchange that wait for their confirm at a time; the rest waits here."""


class Lane:
    """See the module.

    Args:
        guard: the publisher's; it is held by others while something is written.
    """

    def __init__(self, exchange: str, confirmed: bool, guard: AbstractContextManager[object]) -> None:
        self.exchange = exchange
        self.confirmed = confirmed
        self.waiting: deque[Post] = deque()
        self.in_flight: dict[int, Post] = {}
        self._guard = guard
        self._channel: Channel | None = None
        self._proven = False
        self._tag = 0
        self._confirmed_to = 0

    def has_room(self, connection: Connection) -> bool:
        """Whether the window and the socket take another message."""
        return len(self.in_flight) < WINDOW and not connection.is_congested and self._opened(connection)

    def is_free(self, connection: Connection) -> bool:
        """Whether a message may be written at once, by anybody: nothing stands before it."""
        return (
            self._channel is not None
            and not self.waiting
            and len(self.in_flight) < WINDOW
            and connection.stream.unsent < UNSENT_BYTES
        )

    def _opened(self, connection: Connection) -> bool:
        if self._channel is None:
            channel = connection.new_channel()
            channel.on_failed = self._failed
            channel.on_return = self._returned
            channel.on_confirm = self._settled
            if self.confirmed:
                channel.confirm_select(nowait=True)
            self._proven = False
            self._tag = self._confirmed_to = 0
            self._channel = channel
        return True

    def write_packed(self, routing_key: str, properties: bytes, body: bytes) -> None:
        """Write a message that wants no confirm."""
        assert self._channel is not None
        self._channel.publish(self.exchange, routing_key, mandatory=False, properties=properties, body=body)

    def write_one(self, post: Post, now: float) -> None:
        """Write a message."""
        assert self._channel is not None
        properties = post.properties(now)
        if self.confirmed:
            self._tag += 1
            self.in_flight[self._tag] = post
        self._channel.publish(
            self.exchange, post.routing_key, mandatory=post.mandatory, properties=properties, body=post.body
        )

    def _settled(self, tag: int, multiple: bool, taken: bool) -> None:
        self._proven = True
        in_flight = self.in_flight
        if multiple:
            # Tags are in order; 0 means all.
            last = tag or self._tag
            first, self._confirmed_to = self._confirmed_to + 1, last
            for each in range(first, last + 1):
                post = in_flight.pop(each, None)
                if post is not None:
                    self._end(post, taken)
        else:
            post = in_flight.pop(tag, None)
            if post is not None:
                self._end(post, taken)

    def _end(self, post: Post, taken: bool) -> None:
        if not taken:
            post.finish(Refused(f"the broker did not take the message for `{post.routing_key}` (its queue is full)"))
        elif post.returned:
            post.finish(Unroutable(f"no queue takes `{post.routing_key}` ({post.returned})"))
        else:
            post.finish(None)

    def _returned(self, properties: bytes, body: bytes, reason: str, routing_key: str) -> None:
        # The broker returns in the order of publishing, before the confirm, and without the tag.
        message = decode_message(properties, b"")
        for post in list(self.in_flight.values()):
            if post.mandatory and not post.returned and post.routing_key == routing_key and post.is_of(message):
                post.returned = reason or "NO_ROUTE"
                return
        log.debug("a message for `%s` came back: %s", routing_key, reason)

    def _failed(self, failure: Exception) -> None:
        """The broker closed this channel; other exchanges have others."""
        with self._guard:
            self._channel = None
            posts, self.in_flight = self.in_flight, {}
        text = str(getattr(failure, "reply_text", failure))
        if self._proven and isinstance(failure, NotFound):
            log.warning("exchange `%s` is gone from the broker; it is declared again before long", self.exchange)
        else:
            log.debug("publishing to exchange `%s` failed: %s", self.exchange, text)
        for post in posts.values():
            post.finish(self._verdict(failure, text, post, alone=len(posts) == 1))

    def _verdict(self, failure: Exception, text: str, post: Post, *, alone: bool) -> BrokerError:
        # Of several that were under way the first ones may have found it.
        if (alone or not self._proven) and isinstance(failure, NotFound):
            return Unroutable(f"there is no exchange `{self.exchange}`")
        if not self._proven and isinstance(failure, AccessRefused):
            return BrokerRefused(f"publishing to exchange `{self.exchange}` is not permitted: {text}")
        if alone or f"size {len(post.body)} " in text:
            return Refused(f"the broker did not take the message: {text}")
        return Unconfirmed(f"the channel died before the broker confirmed: {text}")

    def lose(self) -> list[Post]:
        """Forget the connection; return what it did not confirm."""
        self._channel = None
        posts, self.in_flight = self.in_flight, {}
        return list(posts.values())

    def expire(self, now: float, reason: str) -> None:
        """Give up what has waited too long. A written one keeps its place until its confirm: the tags count on."""
        if any(post.write_by <= now for post in self.waiting):
            late = [post for post in self.waiting if post.write_by <= now]
            self.waiting = deque(post for post in self.waiting if post.write_by > now)
            for post in late:
                if post.on_done is None:
                    log.debug("a message for `%s` was not sent: %s", post.routing_key, reason)
                post.finish(BrokerUnavailable(f"the message was not sent: {reason}"))
        for post in list(self.in_flight.values()):
            if post.on_done is not None and post.confirm_by <= now:
                post.finish(Unconfirmed("the broker did not confirm the message in time"))
