"""A `Caller` over the link: what generated clients and publishers call, send and announce through."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from svcrt import identities, topology, wire
from svcrt.amqp.calls import Answer
from svcrt.amqp.origins import Origin
from svcrt.amqp.requests import Requests
from svcrt.amqp.streams_client import OpenStream
from svcrt.codec import codec
from svcrt.context import CallContext
from svcrt.contract import ArgumentsT, Event, ItemT, Oneway, PayloadT, ResultT, Rpc, StreamRpc
from svcrt.errors import (
    BrokerError,
    BrokerUnavailable,
    CallError,
    NotSent,
    OutcomeUnknown,
    Overloaded,
    Refused,
    UnknownService,
    Unroutable,
)
from svcrt.futures import CallFuture
from svcrt.types import Concurrency, Link, Message

OnDone: TypeAlias = Callable[[CallError | None], None]

PUBLISH_TIMEOUT = 10.0
"""Seconds that a job or an event may take to be confirmed, where the worker's own deadline is not nearer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCaller:
    """Implements `svcrt.bases.Caller`.

    Attributes:
        origin: makes the contexts of what is called or sent next.
        remaining: seconds that are left to us, None without a limit.
    """

    concurrency: Concurrency
    link: Link
    requests: Requests
    app_id: str
    origin: Origin
    remaining: Callable[[], float | None]

    def call(self, method: Rpc[ArgumentsT, ResultT], arguments: ArgumentsT, *, timeout: float | None = None) -> ResultT:
        """Call and wait for the result; see `svcrt.bases.Caller`."""
        requests = self.requests
        plan = requests.plan(method)
        body = plan.encode(arguments, packed=requests.packed)
        return plan.result(requests.call(plan, body, self.origin, self._allowed(method, timeout)))

    def submit(
        self, method: Rpc[ArgumentsT, ResultT], arguments: ArgumentsT, *, timeout: float | None = None
    ) -> Future[ResultT]:
        """Call without waiting; see `svcrt.bases.Caller`."""
        plan = self.requests.plan(method)
        body = plan.encode(arguments, packed=self.requests.packed)
        future = CallFuture[ResultT](self.concurrency)

        def on_answer(answer: Answer) -> None:
            try:
                future.succeed(plan.result(answer))
            except Exception as error:
                future.fail(error)

        try:
            allowed = self._allowed(method, timeout)
        except NotSent as error:
            future.fail(error)
        else:
            self.requests.submit(plan, body, self.origin, allowed, on_answer)
        return future

    def begin(
        self,
        method: Rpc[ArgumentsT, Any],
        arguments: ArgumentsT,
        *,
        timeout: float | None,
        on_answer: Callable[[Answer], None],
    ) -> Callable[[], None]:
        """Call without waiting: `on_answer` gets what `result_of` reads, in a task where it must not block.

        Returns:
            What lets go of the call, at any time.

        Raises:
            InvalidValue: the arguments break the contract; nothing was sent.
            NotSent: no time is left; nothing was sent.
        """
        plan = self.requests.plan(method)
        body = plan.encode(arguments, packed=self.requests.packed)
        number = self.requests.submit(plan, body, self.origin, self._allowed(method, timeout), on_answer)
        return partial(self.requests.abandon, number)

    def result_of(self, method: Rpc[ArgumentsT, ResultT], answer: Answer) -> ResultT:
        """Return the result that an answer carries; raises how the call ended otherwise."""
        return self.requests.plan(method).result(answer)

    def stream(
        self, method: StreamRpc[ArgumentsT, ItemT], arguments: ArgumentsT, *, timeout: float | None = None
    ) -> OpenStream[ItemT]:
        """Ask for a stream; see `svcrt.bases.Caller`. It lasts no longer than the worker that reads it may."""
        body = codec(method.arguments).encode(arguments, packed=self.requests.packed)
        left = self.remaining()
        try:
            allowed = self._allowed(method, timeout)
        except NotSent as error:
            return self.requests.failed_stream(method, error)
        return self.requests.stream(method, body, self.origin, allowed, left)

    def send(self, method: Oneway[ArgumentsT], arguments: ArgumentsT) -> None:
        """Hand in a background job; see `svcrt.bases.Caller`."""
        self._publish(self._job(method, arguments))

    def emit(self, event: Event[PayloadT], payload: PayloadT) -> None:
        """Announce an event; see `svcrt.bases.Caller`."""
        self._publish(self._announcement(event, payload))

    def post_job(self, method: Oneway[ArgumentsT], arguments: ArgumentsT, on_done: OnDone) -> None:
        """Hand in a background job without waiting; `on_done` gets what `send` would raise, in a task of the link."""
        self._post(self._job(method, arguments), on_done)

    def post_event(self, event: Event[PayloadT], payload: PayloadT, on_done: OnDone) -> None:
        """Announce an event without waiting; `on_done` gets what `emit` would raise, in a task of the link."""
        self._post(self._announcement(event, payload), on_done)

    def _job(self, method: Oneway[ArgumentsT], arguments: ArgumentsT) -> "_Parcel":
        body = codec(method.arguments).encode(arguments, packed=self.requests.packed)
        context, packed = self.origin(None), self.requests.packed
        message = wire.oneway(body, method=method.name, context=context, app_id=self.app_id, packed=packed)
        target = f"{method.service}.{method.name}"
        return _Parcel(message, topology.JOB_EXCHANGE, method.service, mandatory=True, what=target)

    def _announcement(self, event: Event[PayloadT], payload: PayloadT) -> "_Parcel":
        body = codec(event.payload).encode(payload, packed=self.requests.packed)
        context, packed = self.origin(None), self.requests.packed
        message = wire.event(body, name=event.name, context=context, app_id=self.app_id, packed=packed)
        return _Parcel(message, topology.EVENT_EXCHANGE, event.name, mandatory=False, what=event.name)

    def _allowed(self, method: Rpc[Any, Any] | StreamRpc[Any, Any], timeout: float | None) -> float:
        wanted = method.timeout if timeout is None else timeout
        left = self.remaining()
        if left is not None and left <= 0.0:
            target = f"{method.service}.{method.name}"
            raise NotSent(f"the deadline of the request being worked on has passed; `{target}` was not called")
        return wanted if left is None else min(wanted, left)

    def _publish(self, parcel: "_Parcel") -> None:
        left = self.remaining()
        timeout = PUBLISH_TIMEOUT if left is None else min(PUBLISH_TIMEOUT, left)
        try:
            self.link.publish(
                parcel.message,
                exchange=parcel.exchange,
                routing_key=parcel.key,
                mandatory=parcel.mandatory,
                timeout=timeout,
            )
        except BrokerError as error:
            raise parcel.failure(error) from error

    def _post(self, parcel: "_Parcel", on_done: OnDone) -> None:
        # As before every call: a cluster raises here in a forked process, where its connection is not ours.
        self.remaining()
        self.link.post(
            parcel.message,
            exchange=parcel.exchange,
            routing_key=parcel.key,
            mandatory=parcel.mandatory,
            on_done=lambda error: on_done(None if error is None else parcel.failure(error)),
        )


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A job or an event on its way; `what` is its name for people."""

    message: Message
    exchange: str
    key: str
    mandatory: bool
    what: str

    def failure(self, error: BrokerError) -> CallError:
        """Return how the sending ended, in the caller's words."""
        match error:
            case BrokerUnavailable():
                return NotSent(f"`{self.what}` was not sent: {error}")
            case Refused():
                refusal = Overloaded(f"the broker did not take `{self.what}`: {error}")
                refusal.reported_by = self.key
                return refusal
            case Unroutable():
                return UnknownService(self.key) if self.mandatory else NotSent(f"`{self.what}` was not sent: {error}")
            case _:
                return OutcomeUnknown(f"the broker did not confirm `{self.what}`; it may have it: {error}")


def child_of(context: CallContext) -> Origin:
    """Where what is called while `context` is worked on comes from."""

    def next_context(timeout: float | None) -> CallContext:
        return context.child(
            call_id=identities.CALL_IDS.next(), traceparent=identities.child_trace(context.traceparent), timeout=timeout
        )

    return Origin(next_context, continues=True)
