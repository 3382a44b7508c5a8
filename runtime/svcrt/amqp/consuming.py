"""Consuming: subscriptions that are kept up over lost connections, dead channels and deleted queues."""

import logging
import random
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from amqp.exceptions import ChannelError

from svcrt.amqp.connection import Connection
from svcrt.amqp.declaring import declare_queue, translate, why_ended
from svcrt.amqp.feeds import Delivered, Feed
from svcrt.concurrency import Backend
from svcrt.errors import BrokerError, BrokerUnavailable
from svcrt.types import Delivery, Queue

log = logging.getLogger("svcrt.amqp")

OnRaw: TypeAlias = Callable[[bytes, bytes, int, bool, str, str], None]
"""See `svcrt.amqp.frames.Sink.on_deliver`."""

_FIRST_RETRY_SECONDS = 0.2
_LONGEST_RETRY_SECONDS = 10.0
_IDLE_SECONDS = 60.0
_RENEWAL_BEATS = 3
"""Heartbeats between two declarations of what there should be: nobody tells us of a deleted exchange or binding."""
_RENEWAL_SECONDS = 30.0


class Subscription:
    """See `svcrt.types.Consumer`."""

    def __init__(
        self,
        queue: Queue,
        on_delivery: Callable[[Delivery], None] | None,
        *,
        prefetch: int,
        no_ack: bool,
        on_raw: OnRaw | None,
        ack_later: bool,
        on_lost: Callable[[], None] | None,
        on_ready: Callable[[], None] | None,
        backend: Backend,
        wake: Callable[[], None],
    ) -> None:
        self.declared = queue
        self.prefetch = prefetch
        self.no_ack = no_ack
        self.on_delivery = on_delivery
        self.on_raw = on_raw
        self.ack_later = ack_later
        self.on_lost = on_lost
        self.on_ready = on_ready
        self.settled = backend.flag()
        """On once the first attempt has ended."""
        self.ended = backend.flag()
        self.failure: BrokerError | None = None
        self.feed: Feed | None = None
        self.name: str | None = queue.name or None
        self.tag = ""
        self.cancelling = False
        self.retry_at = 0.0
        self.attempt = 0
        self._wake = wake

    @property
    def queue(self) -> str | None:
        """See `svcrt.types.Consumer`."""
        return self.name

    @property
    def ready(self) -> bool:
        """Whether it consumes."""
        return self.tag != ""

    def cancel(self) -> None:
        """See `svcrt.types.Consumer`."""
        self.cancelling = True
        self._wake()
        self.ended.wait()


class Consuming:
    """The consuming part of a connection.

    Args:
        prepare: called with each new connection, before anything is consumed on it, and again from time to time.
    """

    def __init__(self, backend: Backend, prepare: Callable[[Connection], None]) -> None:
        self.wake: Callable[[], None] = lambda: None
        self.is_blocked: Callable[[], bool] = lambda: False
        """Whether the broker reads nothing from this connection at present, and so would not answer."""
        self._backend = backend
        self._prepare = prepare
        self._subscriptions: list[Subscription] = []
        self._draining: list[Feed] = []
        self._settle_soon: Callable[[], None] = lambda: None
        self._has_news = False
        self._ended = False
        self._renew_at = float("inf")

    @property
    def missing(self) -> list[str]:
        """The queues that are not consumed from though they should be."""
        return [each.name or "a queue of our own" for each in list(self._subscriptions) if not each.ready]

    def subscribe(self, queue: Queue, on_delivery: Callable[[Delivery], None] | None, **options: Any) -> Subscription:
        """Take a subscription over, from any task; see `svcrt.types.Link.consume`."""
        subscription = Subscription(queue, on_delivery, backend=self._backend, wake=self.wake, **options)
        self._subscriptions.append(subscription)
        self.wake()
        if self._ended:
            self._end_all()
        return subscription

    def connected(self, connection: Connection) -> None:
        """See `svcrt.amqp.owner.Part`."""
        self._settle_soon = partial(self._note_settled, connection)
        self._prepare(connection)
        for subscription in self._subscriptions:
            subscription.retry_at = 0.0
            subscription.attempt = 0
        self._renew_at = time.monotonic() + _renewal_period(connection)
        self.turn(connection)

    def turn(self, connection: Connection) -> None:
        """See `svcrt.amqp.owner.Part`."""
        self._has_news = True
        self.settle()
        now = time.monotonic()
        for subscription in list(self._subscriptions):
            if subscription.cancelling:
                self._cancel(subscription)
            elif subscription.feed is None and subscription.retry_at <= now:
                self._begin(subscription, connection)
        if now >= self._renew_at:
            self._renew_at = now + _renewal_period(connection)
            if not self.is_blocked():
                self._renew(connection)
        self.settle()
        for feed in [feed for feed in self._draining if not feed.outstanding or not feed.alive]:
            self._draining.remove(feed)
            self._close(feed)

    def quick_turn(self, connection: Connection) -> None:
        """See `svcrt.amqp.owner.Part`."""
        self.settle()

    def _note_settled(self, connection: Connection) -> None:
        self._has_news = True
        if connection.is_shared:
            connection.turn_soon()
        else:
            self.wake()

    def settle(self) -> None:
        """Write what has been settled; in the owner's task or in its turn."""
        if self._has_news:
            # First the mark: what is settled after this look sets it again.
            self._has_news = False
            for subscription in list(self._subscriptions):
                if subscription.feed is not None:
                    subscription.feed.write()
            for feed in self._draining:
                feed.write()
                if not feed.outstanding:
                    # The channel is closed by the owner.
                    self.wake()

    def _begin(self, subscription: Subscription, connection: Connection) -> None:
        channel = connection.channel()
        # A quarter of what the broker sends without an ack: it never waits for one.
        patience = subscription.prefetch // 4 if subscription.ack_later else 1
        feed = Feed(channel, subscription.no_ack, self._settle_soon, patience, self._backend.call_later)
        channel.on_deliver = subscription.on_raw or partial(self._deliver, subscription, feed)
        channel.on_failed = lambda failure: self._feed_failed(subscription, feed, failure)
        channel.on_cancelled = lambda: self._cancelled_by_broker(subscription, feed)
        subscription.feed = feed
        try:
            name = declare_queue(channel, subscription.declared)
            subscription.name = name
            if subscription.prefetch and not subscription.no_ack:
                channel.ask("basic_qos", 0, subscription.prefetch, False)
            subscription.tag = channel.ask("basic_consume", name, no_ack=subscription.no_ack)
        except ChannelError as error:
            self._drop(subscription, feed)
            self._note_failure(subscription, translate(error, f"queue `{subscription.declared.name}`"))
            return
        subscription.failure = None
        subscription.attempt = 0
        subscription.settled.set()
        _call(subscription.on_ready)

    def _renew(self, connection: Connection) -> None:
        if not any(each.declared.bindings for each in self._subscriptions):
            # An exchange that comes back before the bindings to it swallows events: not by whoever binds nothing.
            return
        self._prepare(connection)
        for each in list(self._subscriptions):
            if each.feed is None or not each.ready or each.declared.name:
                continue  # what has a name of ours is among what `prepare` declares
            try:
                for binding in each.declared.bindings:
                    each.feed.channel.ask("queue_bind", each.name, binding.exchange, binding.key)
            except ChannelError as error:
                log.debug("binding a queue of our own again failed: %s", error)

    def _deliver(
        self,
        subscription: Subscription,
        feed: Feed,
        properties: bytes,
        body: bytes,
        tag: int,
        redelivered: bool,
        exchange: str,
        routing_key: str,
    ) -> None:
        feed.note_delivered()
        assert subscription.on_delivery is not None
        try:
            subscription.on_delivery(Delivered(properties, body, tag, redelivered, exchange, routing_key, feed))
        except Exception:
            log.exception("a consumer failed to take a message of `%s`", subscription.name)

    def _feed_failed(self, subscription: Subscription, feed: Feed, failure: Exception) -> None:
        feed.alive = False
        if subscription.feed is not feed or not subscription.ready:
            return
        log.warning("%s; consuming again", why_ended(failure, subscription.name))
        self._lose(subscription)

    def _cancelled_by_broker(self, subscription: Subscription, feed: Feed) -> None:
        if subscription.feed is not feed or not subscription.ready:
            return
        log.warning("queue `%s` is gone from the broker; declaring it again", subscription.name)
        self._draining.append(feed)
        self._lose(subscription)

    def _lose(self, subscription: Subscription) -> None:
        subscription.feed = None
        subscription.tag = ""
        subscription.name = subscription.declared.name or None
        self._delay(subscription)
        _call(subscription.on_lost)
        self.wake()

    def _drop(self, subscription: Subscription, feed: Feed) -> None:
        feed.alive = False
        subscription.feed = None
        subscription.tag = ""

    def _note_failure(self, subscription: Subscription, failure: BrokerError) -> None:
        if str(failure) != str(subscription.failure):
            log.warning("cannot consume yet: %s", failure)
        subscription.failure = failure
        self._delay(subscription)
        subscription.settled.set()

    def _delay(self, subscription: Subscription) -> None:
        longest = min(_LONGEST_RETRY_SECONDS, _FIRST_RETRY_SECONDS * 2 ** min(subscription.attempt, 16))
        wait = longest * random.uniform(0.5, 1.0) if subscription.attempt else 0.0
        subscription.attempt += 1
        subscription.retry_at = time.monotonic() + wait

    def _cancel(self, subscription: Subscription) -> None:
        feed = subscription.feed
        if feed is not None and self.is_blocked():
            # Unheard now; the end of the connection ends it for the broker, too.
            feed.alive = False
        elif feed is not None and feed.alive and subscription.tag:
            try:
                # What the broker sent before its answer is still handed over while we wait for that.
                feed.channel.ask("basic_cancel", subscription.tag)
            except ChannelError as error:
                log.debug("cancelling the consumer of `%s` failed: %s", subscription.name, error)
            self._draining.append(feed)
        subscription.feed = None
        self._forget(subscription)

    def _forget(self, subscription: Subscription) -> None:
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)
        subscription.settled.set()
        subscription.ended.set()

    def _close(self, feed: Feed) -> None:
        if feed.alive:
            feed.alive = False
            feed.channel.on_failed = None
            try:
                feed.channel.ask("close")
            except ChannelError as error:
                log.debug("closing a channel failed: %s", error)

    def tick(self, now: float) -> float:
        """See `svcrt.amqp.owner.Part`."""
        for subscription in list(self._subscriptions):
            if subscription.cancelling and subscription.feed is None:
                self._forget(subscription)
        due = [each.retry_at for each in self._subscriptions if each.feed is None]
        return min(_IDLE_SECONDS, max(0.05, min([*due, self._renew_at]) - now))

    def lost(self, reason: BrokerError) -> None:
        """See `svcrt.amqp.owner.Part`."""
        self._renew_at = float("inf")
        for draining in self._draining:
            draining.alive = False
        self._draining.clear()
        for subscription in list(self._subscriptions):
            feed, subscription.feed = subscription.feed, None
            was_ready = subscription.ready
            if feed is not None:
                feed.alive = False
            subscription.tag = ""
            subscription.name = subscription.declared.name or None
            subscription.settled.set()
            if subscription.cancelling:
                self._forget(subscription)
            elif was_ready:
                _call(subscription.on_lost)

    def drained(self) -> bool:
        """See `svcrt.amqp.owner.Part`."""
        feeds = [each.feed for each in self._subscriptions if each.feed is not None]
        return not any(feed.has_news for feed in (*feeds, *self._draining))

    def stopped(self) -> None:
        """See `svcrt.amqp.owner.Part`."""
        self._ended = True
        self._end_all()

    def _end_all(self) -> None:
        for subscription in list(self._subscriptions):
            subscription.failure = BrokerUnavailable("the link is stopped")
            self._forget(subscription)


def _renewal_period(connection: Connection) -> float:
    return _RENEWAL_BEATS * float(connection.heartbeat or 0) or _RENEWAL_SECONDS


def _call(callback: Callable[..., None] | None, *arguments: object) -> None:
    if callback is not None:
        try:
            callback(*arguments)
        except Exception:
            log.exception("a callback of a consumer failed")
