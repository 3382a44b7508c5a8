"""Parking: what a service could not do goes to `svc.dead.<Service>`, confirmed, with why, how often and when."""

import logging
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from svcrt import topology, wire
from svcrt.amqp.inflight import Work
from svcrt.errors import BrokerError, InvalidValue
from svcrt.types import Concurrency, Link, Message

log = logging.getLogger("svcrt.amqp.parking")

REASON_HEADER = "svc-dead-reason"
TIME_HEADER = "svc-dead-at"
QUEUE_HEADER = "svc-dead-queue"
ROUTE_HEADER = "svc-dead-route"
CUT_HEADER = "svc-dead-cut"

UNREADABLE = "svc.InvalidRequest"
"""Error name of a message that broke its contract before any method ran."""

PAUSE = 1.0
"""Seconds before a message that could not even be parked goes back to its queue: without it the queue spins."""

_MAX_REASON = 1000
_MAX_KEPT_HEADERS = wire.MAX_HEADER_BYTES // 2
_KEPT_OF_OVERSIZED = 64 * 1024


class Parking:
    """Parks the messages of one service.

    Args:
        service: full name.
        app_id: identity of this instance.
    """

    def __init__(self, concurrency: Concurrency, link: Link, *, service: str, app_id: str) -> None:
        self._concurrency = concurrency
        self._link = link
        self._service = service
        self._app_id = app_id

    def park(self, work: Work, queue: str, error: BaseException, *, on_settled: Callable[[], None]) -> None:
        """Publish a copy to the dead queue and acknowledge the original once that is confirmed; never blocks.

        When that fails the original goes back to its queue after a pause. `on_settled` is called in either case.
        """
        parked = describe(work.message, error, queue=queue, route=work.route)

        def on_done(failure: BrokerError | None) -> None:
            if failure is None:
                work.ack()
                on_settled()
                return
            log.error("message %s of %s cannot be parked: %s; it stays", work.message.message_id, queue, failure)
            self._concurrency.call_later(PAUSE, give_back)

        def give_back() -> None:
            work.requeue()
            on_settled()

        try:
            self._link.post(
                parked, exchange=topology.DEAD_EXCHANGE, routing_key=self._service, mandatory=True, on_done=on_done
            )
        except InvalidValue as invalid:
            log.error("message %s of %s cannot be parked: %s; it stays", work.message.message_id, queue, invalid)
            self._concurrency.call_later(PAUSE, give_back)


def describe(message: Message, error: BaseException, *, queue: str, route: tuple[str, str]) -> Message:
    """Build the copy that is parked.

    The sender's headers stay, unless they are so big that ours would not fit; of a body beyond the limit the first
    64 KiB stay, and `svc-dead-cut` tells its size.
    """
    attempt = message.headers.get(wire.ATTEMPT_HEADER, "0")
    headers = {key: value for key, value in message.headers.items() if not key.startswith("svc-dead-")}
    if sum(len(key.encode()) + len(value.encode()) for key, value in headers.items()) > _MAX_KEPT_HEADERS:
        headers = {}
    if wire.CONTEXT_HEADER in headers:
        headers[wire.CONTEXT_HEADER] = wire.without_credential(headers[wire.CONTEXT_HEADER])
    headers[wire.ERROR_HEADER] = UNREADABLE if isinstance(error, InvalidValue) else type(error).__name__
    headers[wire.ATTEMPT_HEADER] = str(int(attempt) + 1) if attempt.isdecimal() and len(attempt) < 9 else "1"
    headers[REASON_HEADER] = _one_line(error)
    headers[TIME_HEADER] = datetime.now(UTC).isoformat(timespec="milliseconds")
    headers[QUEUE_HEADER] = queue
    headers[ROUTE_HEADER] = "/".join(route)
    body = message.body
    if len(body) > wire.MAX_BODY_BYTES:
        headers[CUT_HEADER] = str(len(body))
        body = body[:_KEPT_OF_OVERSIZED]
    return replace(message, body=body, headers=headers, persistent=True, expiration=None, reply_to=None)


def _one_line(error: BaseException) -> str:
    text = "".join(traceback.format_exception_only(error))
    return " ".join(text.split()).encode("utf-8", "replace").decode()[:_MAX_REASON]
