"""The streams that a service serves over AMQP: items out as far as the client's credit goes, control messages in."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from svcrt import identities, stream_wire, topology, wire
from svcrt.amqp.inflight import Work, guarded
from svcrt.codec import codec
from svcrt.context import CallContext, WorkerContext
from svcrt.contract import StreamRpc
from svcrt.errors import BrokerError, Interrupted, InvalidValue, StreamInterrupted, Unroutable
from svcrt.faults import write_error
from svcrt.producing import Ending, Producer
from svcrt.types import Consumer, Container, Delivery, Message, Outcome

log = logging.getLogger("svcrt.amqp.streams")


class _Served:
    """One stream: its producer, what was sent, and when either side was last heard."""

    def __init__(self, container: Container, asked: Message, method: StreamRpc[Any, Any], call_id: str) -> None:
        self.stream = identities.CALL_IDS.next()
        self.heard = self.sent_at = time.monotonic()
        self.producer = Producer(
            container.concurrency,
            self._send_item,
            credit=stream_wire.read_credit(asked),
            limit=stream_wire.MAX_CREDIT,
            on_stuck=self._on_stuck,
        )
        self._container = container
        self._asked = asked
        self._method = method
        self._call_id = call_id
        self._lock = container.concurrency.lock()
        self._count = 0
        self._over = False

    def begin(self, control: str) -> None:
        """Tell the client that the method runs."""
        self._post(stream_wire.begin(self._asked, stream=self.stream, control=control, app_id=self._container.instance))

    def keep_alive(self, now: float, timing: stream_wire.Timing) -> None:
        """Say that we live, if nothing else has said so lately; give up a client that says nothing."""
        if self.producer.ending in (Ending.CLOSED, Ending.GONE):
            return
        if now - self.heard > timing.silence:
            log.info("the client of stream %s has been silent for %g s", self.stream, timing.silence)
            self.producer.end(Ending.GONE)
        elif now - self.sent_at >= timing.alive:
            with self._lock:
                if not self._over:
                    self._post(stream_wire.alive(self._asked, self._count, app_id=self._container.instance))

    def stop(self) -> None:
        """This instance stops."""
        self.producer.end(Ending.STOPPING)

    def finish(self, outcome: Outcome) -> None:
        """Say how it ended, if the client still wants to know."""
        ending = self.producer.ending
        if ending in (Ending.CLOSED, Ending.GONE):
            with self._lock:
                self._over = True
        elif ending is not None or isinstance(outcome.error, Interrupted):
            self._interrupt(ending or Ending.STOPPING)
        elif outcome.error is not None:
            self._fail(outcome.error)
        else:
            with self._lock:
                self._end(stream_wire.end(self._asked, self._count, app_id=self._container.instance))

    def _send_item(self, value: object) -> None:
        body = codec(self._method.item).encode(value, packed=wire.is_packed(self._asked))
        with self._lock:
            if not self._over:
                self._post(stream_wire.item(self._asked, body, self._count + 1, app_id=self._container.instance))
                self._count += 1

    def _on_stuck(self) -> None:
        """The method does not end yet, and nothing that it yields will be sent: its client need not wait."""
        ending = self.producer.ending
        if ending in (Ending.LOST, Ending.STOPPING):
            self._interrupt(ending)

    def _interrupt(self, ending: Ending) -> None:
        self._fail(StreamInterrupted(f"{ending.value}; open the stream again"))

    def _fail(self, error: BaseException) -> None:
        packed = wire.is_packed(self._asked)
        try:
            name, body = write_error(error, declared=self._method.errors, call_id=self._call_id, packed=packed)
            self._post_error(name, body)
        except InvalidValue as invalid:
            log.error("%s cannot be sent: %s (call %s)", type(error).__name__, invalid, self._call_id)
            self._post_error(*write_error(invalid, declared=(), call_id=self._call_id, packed=packed))

    def _post_error(self, name: str, body: bytes) -> None:
        with self._lock:
            self._end(stream_wire.error(self._asked, name, body, self._count, app_id=self._container.instance))

    def _end(self, last: Message) -> None:
        if not self._over:
            self._post(last)
            self._over = True

    def _post(self, message: Message) -> None:
        # Mandatory, and all with a confirm: a lost one shows at once, and only what goes one way keeps its order.
        reply_to = self._asked.reply_to
        assert reply_to is not None
        link = self._container.link
        link.post(message, exchange="", routing_key=reply_to, mandatory=True, on_done=self._on_posted)
        self.sent_at = time.monotonic()

    def _on_posted(self, error: BrokerError | None) -> None:
        if error is not None and self.producer.end(Ending.GONE if isinstance(error, Unroutable) else Ending.LOST):
            log.info("stream %s ends: %s", self.stream, error)


class StreamServer:
    """The streams of one service, and the queue that their clients' control messages come by."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._timing = stream_wire.TIMING
        self._open: dict[str, _Served] = {}
        self._control: Consumer | None = None
        self._lock = container.concurrency.lock()
        self._ticks = False

    def start(self) -> None:
        """Listen to clients."""
        take = guarded(self._on_control, "a control queue")
        self._control = self._container.link.consume(
            topology.reply_queue(), take, prefetch=0, no_ack=True, on_lost=self._on_lost
        )

    @property
    def can_begin(self) -> bool:
        """Whether there is a queue for the control messages of a new stream."""
        return self._control is not None and self._control.queue is not None

    def begin(
        self, work: Work, method: StreamRpc[Any, Any], arguments: Mapping[str, object], call: CallContext
    ) -> None:
        """Run the method, tell the client so, and settle the request. Not for one that `can_begin` denies.

        Raises:
            InvalidValue: the request names no credit.
            Overloaded: no further stream fits in.
        """
        control = None if self._control is None else self._control.queue
        assert control is not None
        served = _Served(self._container, work.message, method, call.call_id)
        # Its deadline was the time until now: a stream lasts as long as both sides want.
        context = WorkerContext(service=self._container.contract.name, method=method.name, call=call.without_deadline())
        begun = self._container.concurrency.flag()

        def drive(produced: object) -> object:
            begun.wait()
            served.producer.drive(produced)
            return None

        def on_outcome(outcome: Outcome) -> None:
            begun.wait()
            self._open.pop(served.stream, None)
            served.finish(outcome)

        served.producer.worker = self._container.spawn_long_worker(
            method.stub,
            arguments,
            context,
            on_outcome,
            on_stopping=served.stop,
            drive=drive,
        )
        self._open[served.stream] = served
        served.begin(control)
        begun.set()
        # An unacknowledged request would hold a place among those that may be delivered, and in the end the channel.
        work.ack()
        self._keep_ticking()

    def _on_control(self, delivery: Delivery) -> None:
        message = delivery.message
        served = self._open.get(message.correlation_id or "")
        if served is None:
            log.debug("a control message for a stream that is not open here: %s", message.correlation_id)
            return
        try:
            if message.type == stream_wire.CANCEL:
                served.producer.end(Ending.CLOSED)
            elif message.type == stream_wire.CREDIT:
                credit = stream_wire.read_credit(message)
                served.heard = time.monotonic()
                served.producer.grant(credit)
            else:
                log.warning("a control message for stream %s is of no known type", served.stream)
        except InvalidValue as error:
            log.warning("a control message for stream %s was ignored: %s", served.stream, error)

    def _on_lost(self) -> None:
        # Nobody can reach these streams any more: the queue of their control messages is gone.
        for served in list(self._open.values()):
            served.producer.end(Ending.LOST)

    def _keep_ticking(self) -> None:
        with self._lock:
            if self._ticks or not self._open:
                return
            self._ticks = True
        self._container.concurrency.call_later(self._timing.tick, self._tick)

    def _tick(self) -> None:
        now = time.monotonic()
        for served in list(self._open.values()):
            served.keep_alive(now, self._timing)
        with self._lock:
            self._ticks = False
        self._keep_ticking()
