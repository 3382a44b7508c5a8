"""The entrypoint of a service's rpc methods, streams among them: one queue, requests in, replies out."""

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any, TypeAlias

import msgspec

from svcrt import topology, wire
from svcrt.amqp.inflight import InFlight, Work, guarded, hand_over, read_call
from svcrt.amqp.streams_server import StreamServer
from svcrt.codec import codec
from svcrt.context import CallContext, WorkerContext
from svcrt.contract import Rpc, StreamRpc
from svcrt.errors import DeadlineExceeded, InvalidValue, NotStarted, Overloaded, UnknownMethod
from svcrt.faults import invalid_request, redelivered, write_error
from svcrt.types import Consumer, Container, Delivery, Message, Outcome

log = logging.getLogger("svcrt.amqp.rpc")

_Method: TypeAlias = Rpc[Any, Any] | StreamRpc[Any, Any]


class RpcEntrypoint:
    """Takes requests, runs each in a worker, replies, acknowledges. See `svcrt.types.Entrypoint`."""

    def setup(self, container: Container) -> None:
        """Build the table of methods."""
        self._container = container
        self._service = container.contract.name
        self._queue = topology.rpc_queue(self._service)
        self._methods: dict[str, _Method] = {method.name: method for method in container.contract.rpcs}
        self._methods.update({method.name: method for method in container.contract.streams})
        self._streams = StreamServer(container) if container.contract.streams else None
        self._in_flight = InFlight(container.concurrency)
        self._consumer: Consumer | None = None
        self._stopping = False

    def start(self) -> None:
        """Consume as many requests as there are workers, so that what is delivered starts at once."""
        if self._streams is not None:
            self._streams.start()
        take = guarded(self._on_delivery, self._queue.name)
        self._consumer = self._container.link.consume(self._queue, take, prefetch=self._container.max_workers)

    def stop(self) -> None:
        """Take no requests any more."""
        self._stopping = True
        if self._consumer is not None:
            self._consumer.cancel()

    def kill(self) -> None:
        """Nothing is held: what is unacknowledged goes back when the connection closes."""

    def _on_delivery(self, delivery: Delivery) -> None:
        message = delivery.message
        if not wire.is_reply_queue(message.reply_to):
            # A forged `reply_to` could make us write into a work queue.
            log.warning(
                "request %s to %s names no reply queue of a client; it was dropped", message.message_id, self._service
            )
            delivery.ack()
            return
        work = self._in_flight.take(delivery)
        if work is None:
            return
        call_id = message.message_id or "unknown"
        try:
            call = read_call(message)
            call_id = call.call_id
            method = self._find(message.type)
            self._check(delivery, call, method)
            arguments = _read_arguments(method, message)
        except InvalidValue as error:
            log.warning("request %s to %s.%s was refused: %s", call_id, self._service, message.type, error)
            self._answer_error(work, None, invalid_request(error), call_id)
        except Exception as error:
            log.info("request %s to %s.%s did not run: %s", call_id, self._service, message.type, error)
            self._answer_error(work, None, error, call_id)
        else:
            if isinstance(method, StreamRpc):
                self._begin_stream(work, method, arguments, call)
                return
            context = WorkerContext(service=self._service, method=method.name, call=call)
            self._container.spawn_worker(method.stub, arguments, context, partial(self._on_outcome, work, method, call))

    def _begin_stream(
        self, work: Work, method: StreamRpc[Any, Any], arguments: Mapping[str, object], call: CallContext
    ) -> None:
        assert self._streams is not None
        if self._stopping or not self._streams.can_begin:
            # It waits for the confirm, and this is a task of the link.
            self._container.concurrency.spawn(
                hand_over, self._container.link, work, self._queue.name, call, name="hand-over of a stream"
            )
            return
        try:
            self._streams.begin(work, method, arguments, call)
        except InvalidValue as error:
            self._answer_error(work, method, invalid_request(error), call.call_id)
        except Overloaded as error:
            self._answer_error(work, method, error, call.call_id)

    def _find(self, name: str | None) -> _Method:
        method = self._methods.get(name or "")
        if method is None:
            raise UnknownMethod(
                f"{self._service} has no rpc `{name or ''}`; it has: {', '.join(sorted(self._methods))}"
            )
        return method

    def _check(self, delivery: Delivery, call: CallContext, method: _Method) -> None:
        if delivery.redelivered and not (isinstance(method, Rpc) and method.idempotent):
            raise redelivered(f"{self._service}.{method.name}")
        if call.remaining() == 0.0:
            raise DeadlineExceeded("the deadline passed before the request arrived; it did not run")

    def _on_outcome(self, work: Work, method: Rpc[Any, Any], call: CallContext, outcome: Outcome) -> None:
        if isinstance(outcome.error, NotStarted):
            hand_over(self._container.link, work, self._queue.name, call)
        elif outcome.error is not None:
            self._answer_error(work, method, outcome.error, call.call_id)
        else:
            try:
                body = codec(method.result).encode(outcome.result, packed=wire.is_packed(work.message))
                self._reply(work, wire.reply(work.message, body, app_id=self._container.instance))
            except Exception as error:
                target = f"{self._service}.{method.name}"
                log.exception("the result of %s breaks the contract (call %s)", target, call.call_id)
                self._answer_error(work, method, error, call.call_id)

    def _answer_error(self, work: Work, method: _Method | None, error: BaseException, call_id: str) -> None:
        declared = () if method is None else method.errors
        packed = wire.is_packed(work.message)
        try:
            name, body = write_error(error, declared=declared, call_id=call_id, packed=packed)
            reply = wire.error_reply(work.message, name, body, app_id=self._container.instance)
            self._reply(work, reply)
        except InvalidValue as invalid:
            log.error("%s cannot be sent: %s (call %s)", type(error).__name__, invalid, call_id)
            name, body = write_error(invalid, declared=(), call_id=call_id, packed=packed)
            self._reply(work, wire.error_reply(work.message, name, body, app_id=self._container.instance))

    def _reply(self, work: Work, reply: Message) -> None:
        reply_to = work.message.reply_to
        assert reply_to is not None
        self._container.link.post(reply, exchange="", routing_key=reply_to)
        # Only now: acknowledged first, a crash in between would lose the answer.
        work.ack()


def _read_arguments(method: _Method, message: Message) -> Mapping[str, object]:
    arguments: msgspec.Struct = codec(method.arguments).decode(message.body, packed=wire.is_packed(message))
    return {name: getattr(arguments, name) for name in arguments.__struct_fields__}
