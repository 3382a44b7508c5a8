"""The entrypoint of a service's rpc methods, streams among them: one queue, requests in, replies out."""

import logging
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from svcrt import topology, wire
from svcrt.amqp import heads
from svcrt.amqp.inflight import InFlight, Work, hand_over
from svcrt.amqp.properties import encode_properties, short
from svcrt.amqp.served import Method, ServedMethod, head_of
from svcrt.amqp.streams_server import StreamServer
from svcrt.context import CallContext, WorkerContext
from svcrt.contract import StreamRpc
from svcrt.errors import DeadlineExceeded, Fault, InvalidValue, NotStarted, Overloaded, UnknownMethod
from svcrt.faults import invalid_request, redelivered, write_error
from svcrt.types import Consumer, Container, Delivery, Outcome

log = logging.getLogger("svcrt.amqp.rpc")

_CACHED_QUEUES = 10_000


class RpcEntrypoint:
    """Takes requests, runs each in a worker, replies, acknowledges. See `svcrt.types.Entrypoint`."""

    def setup(self, container: Container) -> None:
        """Build the table of methods."""
        self._container = container
        self._service = container.contract.name
        self._queue = topology.rpc_queue(self._service)
        methods: list[Method] = [*container.contract.rpcs, *container.contract.streams]
        self._methods = {method.name.encode(): ServedMethod(method) for method in methods}
        self._streams = StreamServer(container) if container.contract.streams else None
        self._in_flight = InFlight(container.concurrency)
        self._app_id = short(container.instance)
        self._reply_queues: dict[bytes, str] = {}
        self._consumer: Consumer | None = None
        self._stopping = False

    def start(self) -> None:
        """Consume as many requests as there are workers, so that what is delivered starts at once."""
        if self._streams is not None:
            self._streams.start()
        self._consumer = self._container.link.consume(
            self._queue, self._on_delivery, prefetch=self._container.max_workers, ack_later=True
        )

    def stop(self) -> None:
        """Take no requests any more."""
        self._stopping = True
        if self._consumer is not None:
            self._consumer.cancel()

    def kill(self) -> None:
        """Nothing is held: what is unacknowledged goes back when the connection closes."""

    def _on_delivery(self, delivery: Delivery) -> None:
        usual = heads.read_request(delivery.properties)
        head = usual or head_of(delivery.message)
        reply_to = self._reply_queues.get(head.reply_to) or self._check_reply_queue(head)
        if not reply_to:
            # A forged `reply_to` could make us write into a work queue.
            log.warning(
                "request %r to %s names no reply queue of a client; it was dropped", head.message_id, self._service
            )
            delivery.ack()
            return
        work = self._in_flight.take(delivery, head.message_id or None)
        if work is None:
            return
        asked = _Asked(work, head, reply_to)
        try:
            if usual is None:
                wire.check_content(delivery.message)
            elif len(delivery.body) > wire.MAX_BODY_BYTES:
                raise InvalidValue((Fault("$", f"the body has more than {wire.MAX_BODY_BYTES} bytes"),))
            call = asked.read_call()
            method = self._methods.get(head.method) or self._unknown(head.method)
            self._check(delivery, call, method)
            arguments = method.read(delivery.body, head.packed)
        except InvalidValue as error:
            log.warning("request %s to %s.%s was refused: %s", asked.call_id, self._service, asked.name, error)
            self._answer_error(asked, None, invalid_request(error))
        except Exception as error:
            log.info("request %s to %s.%s did not run: %s", asked.call_id, self._service, asked.name, error)
            self._answer_error(asked, None, error)
        else:
            if isinstance(method.method, StreamRpc):
                self._begin_stream(asked, method.method, arguments, call)
                return
            context = WorkerContext(service=self._service, method=method.name, call=call)
            on_outcome = partial(self._on_outcome, asked, method, call)
            self._container.spawn_worker(method.stub, arguments, context, on_outcome)

    def _check_reply_queue(self, head: heads.RequestHead) -> str | None:
        name = head.reply_to.decode("utf-8", "replace")
        if not wire.is_reply_queue(name):
            return None
        if len(self._reply_queues) >= _CACHED_QUEUES:
            self._reply_queues.clear()
        self._reply_queues[head.reply_to] = name
        return name

    def _begin_stream(
        self, asked: "_Asked", method: StreamRpc[Any, Any], arguments: Mapping[str, object], call: CallContext
    ) -> None:
        work = asked.work
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
            self._answer_error(asked, method, invalid_request(error))
        except Overloaded as error:
            self._answer_error(asked, method, error)

    def _unknown(self, name: bytes) -> ServedMethod:
        known = ", ".join(sorted(each.name for each in self._methods.values()))
        raise UnknownMethod(f"{self._service} has no rpc `{name.decode('utf-8', 'replace')}`; it has: {known}")

    def _check(self, delivery: Delivery, call: CallContext, method: ServedMethod) -> None:
        if delivery.redelivered and not method.idempotent:
            raise redelivered(method.target)
        if call.deadline is not None and call.deadline <= time.monotonic():
            raise DeadlineExceeded("the deadline passed before the request arrived; it did not run")

    def _on_outcome(self, asked: "_Asked", method: ServedMethod, call: CallContext, outcome: Outcome) -> None:
        if outcome.error is not None:
            if isinstance(outcome.error, NotStarted):
                hand_over(self._container.link, asked.work, self._queue.name, call)
            else:
                self._answer_error(asked, method.method, outcome.error)
            return
        try:
            assert method.encode is not None
            head = asked.head
            body = method.encode(outcome.result, packed=head.packed)
            self._reply(asked, heads.pack_reply(head.packed, head.correlation, self._app_id), body)
        except Exception as error:
            log.exception("the result of %s breaks the contract (call %s)", method.target, call.call_id)
            self._answer_error(asked, method.method, error)

    def _answer_error(self, asked: "_Asked", method: Method | None, error: BaseException) -> None:
        declared = () if method is None else method.errors
        packed, call_id, message = asked.head.packed, asked.call_id, asked.work.message
        try:
            name, body = write_error(error, declared=declared, call_id=call_id, packed=packed)
            reply = wire.error_reply(message, name, body, app_id=self._container.instance)
            wire.check_sending(reply, exchange="", routing_key=asked.reply_to)
        except InvalidValue as invalid:
            log.error("%s cannot be sent: %s (call %s)", type(error).__name__, invalid, call_id)
            name, body = write_error(invalid, declared=(), call_id=call_id, packed=packed)
            reply = wire.error_reply(message, name, body, app_id=self._container.instance)
        self._reply(asked, encode_properties(reply, expiration=None), reply.body)

    def _reply(self, asked: "_Asked", properties: bytes, body: bytes) -> None:
        self._container.link.post_packed(properties, body, exchange="", routing_key=asked.reply_to)
        # Only now: acknowledged first, a crash in between would lose the answer.
        asked.work.ack()


class _Asked:
    """A request, whose reply queue is one."""

    __slots__ = ("call_id", "head", "reply_to", "work")

    def __init__(self, work: Work, head: heads.RequestHead, reply_to: str) -> None:
        self.work = work
        self.head = head
        self.reply_to = reply_to
        self.call_id = head.message_id.decode("utf-8", "replace") or "unknown"

    @property
    def name(self) -> str:
        """The method that it asks for."""
        return self.head.method.decode("utf-8", "replace")

    def read_call(self) -> CallContext:
        """Read its context. Raises InvalidValue."""
        head = self.head
        call = wire.read_call(
            head.context,
            head.trace,
            self.call_id if head.message_id else None,
            arrival=time.monotonic(),
            epoch_ms=time.time_ns() // 1_000_000,
        )
        self.call_id = call.call_id
        return call
