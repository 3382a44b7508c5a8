"""A `Caller` over the link: what generated clients and publishers call, send and announce through."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from svcrt import topology, wire
from svcrt.amqp.requests import Answer, NextContext, Requests
from svcrt.amqp.streams_client import OpenStream
from svcrt.codec import codec
from svcrt.context import CallContext
from svcrt.contract import ArgumentsT, Event, ItemT, Oneway, PayloadT, ResultT, Rpc, StreamRpc
from svcrt.errors import (
    BrokerError,
    BrokerUnavailable,
    InvalidValue,
    NotSent,
    OutcomeUnknown,
    Overloaded,
    Refused,
    RemoteError,
    UnknownService,
    Unroutable,
)
from svcrt.faults import read_error
from svcrt.futures import CallFuture
from svcrt.types import Concurrency, Link, Message

PUBLISH_TIMEOUT = 10.0
"""Seconds that a job or an event may take to be confirmed, where the worker's own deadline is not nearer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCaller:
    """Implements `svcrt.bases.Caller`.

    Attributes:
        next_context: makes the context of what is called or sent next.
        remaining: seconds that are left to us, None without a limit.
    """

    concurrency: Concurrency
    link: Link
    requests: Requests
    app_id: str
    next_context: NextContext
    remaining: Callable[[], float | None]

    def call(self, method: Rpc[ArgumentsT, ResultT], arguments: ArgumentsT, *, timeout: float | None = None) -> ResultT:
        """Call and wait for the result; see `svcrt.bases.Caller`."""
        body = codec(method.arguments).encode(arguments)
        answer = self.requests.call(method, body, self.next_context, self._allowed(method, timeout))
        return _result(answer, method)

    def submit(
        self, method: Rpc[ArgumentsT, ResultT], arguments: ArgumentsT, *, timeout: float | None = None
    ) -> Future[ResultT]:
        """Call without waiting; see `svcrt.bases.Caller`."""
        body = codec(method.arguments).encode(arguments)
        future = CallFuture[ResultT](self.concurrency)

        def on_answer(answer: Answer) -> None:
            try:
                future.succeed(_result(answer, method))
            except Exception as error:
                future.fail(error)

        try:
            allowed = self._allowed(method, timeout)
        except NotSent as error:
            future.fail(error)
        else:
            self.requests.submit(method, body, self.next_context, allowed, on_answer)
        return future

    def stream(
        self, method: StreamRpc[ArgumentsT, ItemT], arguments: ArgumentsT, *, timeout: float | None = None
    ) -> OpenStream[ItemT]:
        """Ask for a stream; see `svcrt.bases.Caller`. It lasts no longer than the worker that reads it may."""
        body = codec(method.arguments).encode(arguments)
        left = self.remaining()
        try:
            allowed = self._allowed(method, timeout)
        except NotSent as error:
            return self.requests.failed_stream(method, error)
        return self.requests.stream(method, body, self.next_context, allowed, left)

    def send(self, method: Oneway[ArgumentsT], arguments: ArgumentsT) -> None:
        """Hand in a background job; see `svcrt.bases.Caller`."""
        body = codec(method.arguments).encode(arguments)
        message = wire.oneway(body, method=method.name, context=self.next_context(None), app_id=self.app_id)
        target = f"{method.service}.{method.name}"
        try:
            self._publish(message, topology.JOB_EXCHANGE, method.service, mandatory=True, what=target)
        except Unroutable:
            raise UnknownService(method.service) from None

    def emit(self, event: Event[PayloadT], payload: PayloadT) -> None:
        """Announce an event; see `svcrt.bases.Caller`."""
        body = codec(event.payload).encode(payload)
        message = wire.event(body, name=event.name, context=self.next_context(None), app_id=self.app_id)
        self._publish(message, topology.EVENT_EXCHANGE, event.name, mandatory=False, what=event.name)

    def _allowed(self, method: Rpc[Any, Any] | StreamRpc[Any, Any], timeout: float | None) -> float:
        wanted = method.timeout if timeout is None else timeout
        left = self.remaining()
        if left is not None and left <= 0.0:
            target = f"{method.service}.{method.name}"
            raise NotSent(f"the deadline of the request being worked on has passed; `{target}` was not called")
        return wanted if left is None else min(wanted, left)

    def _publish(self, message: Message, exchange: str, key: str, *, mandatory: bool, what: str) -> None:
        left = self.remaining()
        timeout = PUBLISH_TIMEOUT if left is None else min(PUBLISH_TIMEOUT, left)
        try:
            self.link.publish(message, exchange=exchange, routing_key=key, mandatory=mandatory, timeout=timeout)
        except BrokerUnavailable as error:
            raise NotSent(f"`{what}` was not sent: {error}") from error
        except Refused as error:
            refusal = Overloaded(f"the broker did not take `{what}`: {error}")
            refusal.reported_by = key
            raise refusal from error
        except Unroutable:
            raise
        except BrokerError as error:
            raise OutcomeUnknown(f"the broker did not confirm `{what}`; it may have it: {error}") from error


def child_of(context: CallContext) -> NextContext:
    """Contexts of what is called while `context` is worked on."""

    def next_context(timeout: float | None) -> CallContext:
        return context.child(
            call_id=wire.CALL_IDS.next(), traceparent=wire.child_trace(context.traceparent), timeout=timeout
        )

    return next_context


def _result(answer: Answer, method: Rpc[Any, ResultT]) -> ResultT:
    if isinstance(answer, Exception):
        raise answer
    name = wire.error_name(answer)
    if name is not None:
        raise read_error(name, answer.body, method)
    try:
        wire.check_content(answer)
        result: ResultT = codec(method.result).decode(answer.body)
    except InvalidValue as error:
        raise RemoteError("svc.InvalidReply", {"faults": [str(fault) for fault in error.faults]}) from error
    return result
