"""The client side of rpc: open calls, their replies and their deadlines, over one reply queue per process.

The request of a stream is a call, too, until it is answered.
"""

import itertools
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from svcrt import stream_wire, topology, wire
from svcrt.amqp import heads
from svcrt.amqp.calls import Answer, Call, MethodPlan, Reply
from svcrt.amqp.finding import AGAIN, Finder
from svcrt.amqp.origins import Origin
from svcrt.amqp.properties import decode_message, short
from svcrt.amqp.streams_client import OpenStream, Streams
from svcrt.contract import ArgumentsT, ItemT, ResultT, Rpc, StreamRpc
from svcrt.deadlines import Deadlines
from svcrt.errors import (
    BrokerError,
    BrokerUnavailable,
    InvalidValue,
    NotSent,
    OutcomeUnknown,
    Overloaded,
    Refused,
    RpcTimeout,
    UnknownService,
    Unroutable,
)
from svcrt.types import Baton, Concurrency, Consumer, Message

if TYPE_CHECKING:
    from svcrt.amqp.link import AmqpLink

log = logging.getLogger("svcrt.client")

_PLAIN_REPLY = heads.PLAIN_REPLY
_PLAIN_CORRELATION = len(heads.PLAIN_REPLY) + 1
_GRACE = 0.25
"""Seconds after a deadline in which the link may still report that a request was never written."""


class Requests:
    """Sends requests and finds the call that each reply belongs to. One per process; every method from any task.

    Args:
        app_id: identity of this process, shown in the messages.
        wait_for_service: wait for a service that is not running, up to the deadline, instead of failing at once.
        packed: bodies are MessagePack.

    Attributes:
        streams: what has become of the requests of streams.
    """

    def __init__(
        self,
        concurrency: Concurrency,
        link: "AmqpLink",
        *,
        app_id: str,
        wait_for_service: bool = False,
        packed: bool = False,
    ) -> None:
        self._concurrency = concurrency
        self._link = link
        self.packed = packed
        self._app_id = app_id
        self._guard = concurrency.guard()
        self._plans: dict[int, MethodPlan[Any, Any]] = {}
        self._numbers = itertools.count(1)
        self._open: dict[int, Call] = {}
        self._waiting: list[int] = []
        self._consumer: Consumer | None = None
        self._reply_to: bytes | None = None
        """As a short string."""
        self._was_lost = False
        self._is_stopped = False
        self._finder = Finder(
            concurrency,
            link,
            wait_for_service=wait_for_service,
            is_open=lambda call: call.number in self._open,
            end=lambda call, error: self._end(call.number, error),
            post=self._post,
        )
        self._deadlines = Deadlines(concurrency, is_open=self._open.__contains__, on_due=self._on_due)
        self.streams = Streams(concurrency, link, app_id=app_id, abandon=self.abandon)

    def start(self) -> None:
        """Consume replies; calls that came before wait for it."""
        self._consumer = self._link.consume(
            topology.reply_queue(),
            None,
            prefetch=0,
            no_ack=True,
            on_raw=self._on_raw_reply,
            on_lost=self._on_lost,
            on_ready=self._on_ready,
        )
        # `on_ready` may have come before `consume` returned.
        self._on_ready()

    def stop(self) -> None:
        """End every open call with OutcomeUnknown (or NotSent); take no replies and no calls any more."""
        self._is_stopped = True
        for number in list(self._open):
            call = self._open.get(number)
            if call is not None:
                self._end(number, call.stopped())
        self.streams.stop()
        self._deadlines.close()
        if self._consumer is not None:
            self._consumer.cancel()

    def plan(self, method: Rpc[ArgumentsT, ResultT] | StreamRpc[ArgumentsT, Any]) -> MethodPlan[ArgumentsT, ResultT]:
        """Return what calls of `method` need."""
        # By identity: a table's hash is that of all its fields.
        plan = self._plans.get(id(method))
        if plan is None:
            plan = self._plans[id(method)] = MethodPlan(method, self._app_id)
        return plan

    def call(self, plan: MethodPlan[Any, Any], body: bytes, origin: Origin, timeout: float) -> Answer:
        """Call and wait for the answer: the reply, or the exception that the call ends in."""
        baton: Baton[Answer] = self._concurrency.baton()
        call = self._begin(next(self._numbers), plan, body, origin, timeout, baton.give)
        if plan.service in self._finder.known or self._finder.find(call):
            self._post(call)
        return baton.take()

    def submit(
        self,
        plan: MethodPlan[Any, Any],
        body: bytes,
        origin: Origin,
        timeout: float,
        on_answer: Callable[[Answer], None],
    ) -> int:
        """Call without waiting; returns what `abandon` takes.

        `on_answer` is called once, in a task of the link or of a clock or in this one; it must not block.
        """
        number = next(self._numbers)
        self._submit(number, plan, body, origin, timeout, on_answer)
        return number

    def abandon(self, number: int) -> None:
        """Expect no answer any more; `on_answer` is not called, unless it just is. Harmless when it was answered."""
        self._open.pop(number, None)

    def stream(
        self, method: StreamRpc[Any, ItemT], body: bytes, origin: Origin, timeout: float, lasts: float | None
    ) -> OpenStream[ItemT]:
        """Open a stream without waiting.

        Args:
            timeout: seconds until it must have begun.
            lasts: seconds until it must have ended; None for as long as it goes.
        """
        feed, stream = self.streams.new(method, next(self._numbers), lasts)
        plan: MethodPlan[Any, Any] = self.plan(method)
        self._submit(feed.number, plan, body, origin, timeout, lambda answer: feed.begin(_message_of(answer)))
        return stream

    def failed_stream(self, method: StreamRpc[Any, ItemT], error: Exception) -> OpenStream[ItemT]:
        """Return a stream whose first item is asked for in vain: `error` is raised then."""
        feed, stream = self.streams.new(method, next(self._numbers), None)
        feed.finish(error)
        return stream

    # --- one call ------------------------------------------------------------------------------------------------

    def _submit(
        self,
        number: int,
        plan: MethodPlan[Any, Any],
        body: bytes,
        origin: Origin,
        timeout: float,
        on_answer: Callable[[Answer], None],
    ) -> None:
        call = self._begin(number, plan, body, origin, timeout, on_answer)
        if plan.service in self._finder.known:
            self._post(call)
        else:
            self._finder.find_later(call)

    def _begin(
        self,
        number: int,
        plan: MethodPlan[Any, Any],
        body: bytes,
        origin: Origin,
        timeout: float,
        on_answer: Callable[[Answer], None],
    ) -> Call:
        call = Call(self, number, plan, body, origin, timeout, on_answer)
        self._open[number] = call
        if self._is_stopped:
            self._end(number, call.stopped())
        else:
            self._deadlines.add(call.deadline, number)
        return call

    def _end(self, number: int, answer: Answer) -> None:
        # Whoever takes the call out of the table ends it: exactly one of reply, loss, refusal and deadline.
        call = self._open.pop(number, None)
        if call is not None:
            _answer(call, answer)

    def _post(self, call: Call) -> None:
        if call.number not in self._open:
            return
        with self._guard:
            reply_to = self._reply_to
            if reply_to is None:
                self._waiting.append(call.number)
                return
            call.attempt(reply_to, time.monotonic())
        try:
            if isinstance(call.plan.method, StreamRpc):
                self._post_stream(call)
            else:
                self._link.put(call)
        except InvalidValue as error:
            self._end(call.number, error)

    def _post_stream(self, call: Call) -> None:
        context = call.origin(max(0.0, call.deadline - time.monotonic()))
        message = wire.request(
            call.body,
            method=call.plan.method.name,
            context=replace(context, call_id=call.call_id),
            correlation_id=str(call.number),
            reply_to=call.reply_to[1:].decode(),
            app_id=self._app_id,
            packed=self.packed,
        )
        self._link.post(
            stream_wire.request(message, credit=self.streams.timing.window),
            exchange=call.exchange,
            routing_key=call.routing_key,
            mandatory=True,
            on_done=call.finish,
        )

    # --- what comes back -----------------------------------------------------------------------------------------

    def on_refused(self, call: Call, error: BrokerError) -> None:
        """Take note that an attempt has failed; called by the call itself."""
        number, service = call.number, call.plan.service
        if number not in self._open:
            return
        match error:
            case BrokerUnavailable():
                call.attempted = False
                self._later(call)
            case Unroutable():
                call.attempted = False
                self._finder.known.discard(service)
                if self._finder.may_come():
                    self._finder.find_later(call)
                else:
                    self._end(number, UnknownService(service))
            case Refused():
                refusal = Overloaded(f"the queue of `{service}` is full; the request did not run")
                refusal.reported_by = service
                self._end(number, refusal)
            case _:
                self._lost(call)

    def _later(self, call: Call) -> None:
        self._concurrency.call_later(AGAIN, self._post, call)

    def _lost(self, call: Call) -> None:
        """An attempt left and its answer will not come: try again where that is harmless."""
        call.may_have_run, call.attempted = True, False
        if call.plan.idempotent:
            self._later(call)
        else:
            text = f"the connection was lost under a call of `{call.plan.target}`; it may have run"
            self._end(call.number, OutcomeUnknown(text))

    def _on_raw_reply(
        self, properties: bytes, body: bytes, _tag: int, _redelivered: bool, _exchange: str, _key: str
    ) -> None:
        if properties.startswith(_PLAIN_REPLY):
            try:
                end = _PLAIN_CORRELATION + properties[_PLAIN_CORRELATION - 1]
                call = self._open.pop(int(properties[_PLAIN_CORRELATION:end]), None)
            except (ValueError, IndexError):
                log.debug("a reply came whose correlation id is none of ours")
            else:
                if call is not None:
                    _answer(call, body)
            return
        head = heads.read_reply(properties)
        if head is not None:
            correlation, packed = head
            if correlation.isdigit():
                self._end(int(correlation), Reply(body, packed))
            return
        message = decode_message(properties, body)
        text = message.correlation_id or ""
        if text.isascii() and text.isdigit():
            number = int(text)
            if not stream_wire.is_stream(message) or self.streams.on_message(number, message):
                self._end(number, Reply(message.body, wire.is_packed(message), message))

    def _on_due(self, number: int) -> None:
        call = self._open.get(number)
        if call is None:
            return
        # Ask again before the next call: it may be gone.
        service, target = call.plan.service, call.plan.target
        self._finder.known.discard(service)
        is_under_way = call.attempted and not call.may_have_run
        if is_under_way and not self._link.ready and time.monotonic() < call.deadline + _GRACE:
            # The link knows whether it was written, and says so about now.
            self._concurrency.call_later(_GRACE, self._on_due, number)
        elif call.attempted or call.may_have_run:
            self._end(number, RpcTimeout(target, call.timeout))
        elif self._link.ready:
            self._end(number, UnknownService(service))
        else:
            reason = f"no connection to the broker within {call.timeout:g} s; `{target}` was not called"
            self._end(number, NotSent(reason))

    def _on_lost(self) -> None:
        with self._guard:
            self._reply_to = None
            self._was_lost = True
            lost = [call for call in list(self._open.values()) if call.attempted]
        for call in lost:
            self._lost(call)
        self.streams.lost()

    def _on_ready(self) -> None:
        if self._consumer is None:
            return
        queue = self._consumer.queue
        if queue is None:
            return
        with self._guard:
            self._reply_to = short(queue)
            if self._was_lost:
                self._was_lost = False
                self._finder.note_return()
            waiting, self._waiting = self._waiting, []
        for number in waiting:
            call = self._open.get(number)
            if call is not None:
                self._post(call)


def _answer(call: Call, answer: Answer) -> None:
    try:
        call.on_answer(answer)
    except Exception:
        # This is where frames are read: the next ones must be, too.
        log.exception("the answer of `%s` could not be handed over", call.plan.target)


def _message_of(answer: Answer) -> Message | Exception:
    if isinstance(answer, Exception):
        return answer
    if isinstance(answer, bytes):
        return Message(body=answer)
    return answer.message or Message(body=answer.body, content_type=wire.content_type(answer.packed))
