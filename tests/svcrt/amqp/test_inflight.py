"""Which of two deliveries with one message id are one piece of work."""

import pytest

from svcrt.amqp.inflight import InFlight
from svcrt.amqp.parking import describe_retry, describe_suspect
from svcrt.concurrency import backend
from svcrt.types import Message

CAME = Message(body=b"{}", message_id="m")
FAILED = describe_retry(CAME, LookupError("no"), queue="q", route=("x", "q"))
SUSPECT = describe_suspect(CAME, route=("x", "q"))


class Delivered:
    """A delivery that counts how it is settled."""

    def __init__(self, message: Message = CAME, *, redelivered: bool = False) -> None:
        self.message = message
        self.body, self.properties = message.body, b""
        self.redelivered = redelivered
        self.exchange, self.routing_key = "x", "q"
        self.acked = 0

    def ack(self) -> None:
        self.acked += 1

    def reject(self, *, requeue: bool) -> None:
        raise AssertionError("nothing is given back")


@pytest.fixture
def in_flight() -> InFlight:
    return InFlight(backend("threads"))


@pytest.mark.parametrize("copy", [Delivered(redelivered=True), Delivered(SUSPECT), Delivered(FAILED, redelivered=True)])
def test_what_runs_here_settles_its_copies(in_flight: InFlight, copy: Delivered) -> None:
    first = Delivered()
    work = in_flight.take(first, "m")
    assert work is not None
    assert in_flight.take(copy, "m", is_copy=not copy.redelivered) is None
    work.ack()
    assert (first.acked, copy.acked) == (1, 1)
    assert in_flight.take(Delivered(redelivered=True), "m") is not None


def test_a_copy_without_a_mark_is_another_piece_of_work(in_flight: InFlight) -> None:
    assert in_flight.take(Delivered(), "m") is not None
    assert in_flight.take(Delivered(), "m") is not None


@pytest.mark.parametrize("back", [Delivered(FAILED, redelivered=True), Delivered(SUSPECT)])
def test_what_comes_back_before_the_original_is_settled_is_not_settled_with_it(
    in_flight: InFlight, back: Delivered
) -> None:
    """Else the confirm of the copy would acknowledge the copy, too, and the message would be gone."""
    first = Delivered()
    work = in_flight.take(first, "m")
    assert work is not None
    work.is_moving = True
    assert in_flight.take(back, "m", is_copy=not back.redelivered) is not None
    work.ack()
    assert (first.acked, back.acked) == (1, 0)


def test_the_original_delivered_again_while_it_is_moved_is_settled_with_it(in_flight: InFlight) -> None:
    first, again = Delivered(), Delivered(redelivered=True)
    work = in_flight.take(first, "m")
    assert work is not None
    work.is_moving = True
    assert in_flight.take(again, "m") is None
    work.ack()
    assert (first.acked, again.acked) == (1, 1)
