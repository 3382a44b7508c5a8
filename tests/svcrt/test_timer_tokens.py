"""What a timer makes of its tokens, in every order in which a broker can hand them out."""

import time
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from probe_services import wait_until
from svcrt.concurrency import backend
from svcrt.context import WorkerContext
from svcrt.contract import Service, Timer
from svcrt.errors import BrokerUnavailable, NotStarted
from svcrt.timers import Token, timer_entrypoints
from svcrt.types import Container, Delivery, Message, Outcome

MINUTE = 1_800_000_000.0
"""Full minute and hour; the tests run a few seconds after it."""


class Handed(Delivery):
    """A token that the broker hands out."""

    def __init__(self, message: Message) -> None:
        self._message = message
        self.body = message.body
        self.properties = b""
        self.redelivered = False
        self.exchange = self.routing_key = ""
        self.settled = ""

    @property
    def message(self) -> Message:
        return self._message

    def ack(self) -> None:
        self.settled = "acked"

    def reject(self, *, requeue: bool) -> None:
        self.settled = "given back"


class Broker:
    """The link and the container of one timer; the test decides what is delivered, and when."""

    def __init__(self, cron: str, set_clock: Callable[[float], None]) -> None:
        self.set_clock = set_clock
        self.published: list[Message] = []
        self.runs: list[float] = []
        self.outcomes: list[Callable[[Outcome], None]] = []
        self.refuses = False
        self.queue: str | None = None
        self.contract = Service(name="t.v1.S", timers=(Timer(name="tick", stub="tick", cron=cron),))
        self.concurrency = backend("threads")
        self.instance = "S@test"
        self.link = self
        (self.timer,) = timer_entrypoints(cast("Container", self))
        self.timer.setup(cast("Container", self))
        self.timer.start()
        # Every starter offers a token that says nothing.
        self.on_ready()
        wait_until(lambda: self.dues == [0.0])

    @property
    def dues(self) -> list[float]:
        """What the tokens say that it has published."""
        return [msgspec.json.decode(message.body, type=Token).due for message in list(self.published)]

    def deliver(self, message: Message) -> Handed:
        token = Handed(message)
        self.on_delivery(token)
        return token

    def token(self, due: float) -> Handed:
        """Deliver a token of another instance."""
        return self.deliver(Message(body=msgspec.json.encode(Token(due)), message_id="foreign", app_id="S@other"))

    def settle(self) -> None:
        """Wait until it has seen all that was delivered."""
        seen = self.deliver(Message(body=b"unreadable: dropped at once"))
        wait_until(lambda: seen.settled)

    def fires_next_at(self, late: float) -> float:
        """Set the clock to `late` seconds after the minute; return what it fires then, if not something before."""
        self.set_clock(late)
        self.settle()
        wait_until(lambda: len(self.dues) > 1)
        return self.dues[1]

    # The link's and the container's side.

    def consume(self, queue: object, on_delivery: Callable[[Delivery], None], **hooks: Any) -> "Broker":
        self.on_delivery = on_delivery
        self.on_lost: Callable[[], None] = hooks["on_lost"]
        self.on_ready: Callable[[], None] = hooks["on_ready"]
        return self

    def cancel(self) -> None:
        """The consumer is this object, too."""

    def publish(self, message: Message, **options: object) -> None:
        if self.refuses:
            raise BrokerUnavailable("not now")
        self.published.append(message)

    def spawn_worker(
        self,
        stub: str,
        arguments: Mapping[str, object],
        context: WorkerContext,
        on_outcome: Callable[[Outcome], None],
    ) -> None:
        self.runs.append(context.data["due"])
        self.outcomes.append(on_outcome)


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Broker]]:
    made: list[Broker] = []

    def set_clock(late: float) -> None:
        shift = MINUTE + late - time.time()
        monkeypatch.setattr("svcrt.timers.time", SimpleNamespace(time=lambda: time.time() + shift))

    def make(cron: str = "* * * * *", *, late: float = 5.0) -> Broker:
        set_clock(late)
        made.append(Broker(cron, set_clock))
        return made[-1]

    yield make
    for broker in made:
        broker.refuses = True
        broker.timer.kill()


Make = Callable[..., Broker]


def test_a_missed_run_is_made_up_once_its_token_has_come_back(make: Make) -> None:
    broker = make()
    held = broker.token(MINUTE - 60)
    wait_until(lambda: broker.dues == [0.0, MINUTE])
    broker.settle()
    assert broker.runs == []
    assert held.settled == ""
    token = broker.deliver(broker.published[-1])
    wait_until(lambda: broker.runs)
    assert broker.runs == [MINUTE]
    assert (held.settled, token.settled) == ("acked", "")


def test_what_another_token_says_has_fired_does_not_fire_again(make: Make) -> None:
    broker = make()
    # The token of the run before was requeued ahead of that of the run: its holder died in between.
    broker.token(MINUTE - 60)
    wait_until(lambda: broker.dues == [0.0, MINUTE])
    broker.token(MINUTE)
    broker.deliver(broker.published[-1])
    broker.settle()
    assert broker.runs == []


def test_who_has_lost_the_queue_does_not_fire(make: Make) -> None:
    broker = make()
    broker.token(MINUTE - 60)
    wait_until(lambda: broker.dues == [0.0, MINUTE])
    broker.on_lost()
    # It was somebody else's in the meantime.
    broker.deliver(broker.published[-1])
    broker.settle()
    assert broker.runs == []


def test_nothing_is_made_up_when_nobody_knows_what_has_fired(make: Make) -> None:
    broker = make()
    broker.deliver(broker.published[0])
    broker.settle()
    assert broker.fires_next_at(60.0) == MINUTE + 60


def test_what_is_older_than_a_take_over_lasts_is_skipped(make: Make) -> None:
    broker = make("0 * * * *", late=61.0)
    broker.token(MINUTE - 3600)
    broker.settle()
    assert broker.fires_next_at(3600.0) == MINUTE + 3600


def test_of_two_tokens_the_one_that_says_more_is_held(make: Make) -> None:
    broker = make()
    more = broker.token(MINUTE)
    less = broker.token(MINUTE - 60)
    wait_until(lambda: less.settled)
    assert (more.settled, less.settled) == ("", "acked")
    following = broker.token(MINUTE)
    wait_until(lambda: more.settled)
    assert (more.settled, following.settled) == ("acked", "")


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"[]", b'{"due": "now"}', b'{"due": 1e400}', b'{"due": 0, "more": ' + b"[" * 100_000]
)
def test_rubbish_in_the_queue_is_dropped_and_silences_nothing(make: Make, body: bytes) -> None:
    broker = make()
    rubbish = broker.deliver(Message(body=body))
    wait_until(lambda: rubbish.settled == "acked")
    broker.token(MINUTE)
    assert broker.fires_next_at(65) == MINUTE + 60


def test_a_token_from_a_clock_that_was_set_back_silences_nothing(make: Make) -> None:
    broker = make()
    broker.token(MINUTE + 3600)
    broker.token(MINUTE - 60)
    wait_until(lambda: broker.dues == [0.0, MINUTE])


def test_a_clock_that_is_slightly_behind_does_not_fire_again(make: Make) -> None:
    broker = make(late=-4.0)
    broker.token(MINUTE)
    broker.settle()
    broker.set_clock(1.0)
    broker.settle()
    assert broker.fires_next_at(60.0) == MINUTE + 60


def test_a_token_that_cannot_be_published_is_tried_again(make: Make) -> None:
    broker = make()
    broker.refuses = True
    broker.token(MINUTE - 60)
    broker.settle()
    broker.refuses = False
    wait_until(lambda: broker.dues == [0.0, MINUTE])


def test_stopping_waits_for_a_token_under_way_and_gives_back_the_last(make: Make) -> None:
    broker = make()
    broker.token(MINUTE - 60)
    wait_until(lambda: broker.dues == [0.0, MINUTE])
    stop = broker.concurrency.spawn(broker.timer.stop, name="stop")
    assert not stop.join(0.1)
    token = broker.deliver(broker.published[-1])
    assert stop.join(10)
    assert broker.runs == [MINUTE]
    # The run goes on: its token is held until it ends.
    assert token.settled == ""
    broker.outcomes[0](Outcome())
    wait_until(lambda: token.settled)
    assert (token.settled, broker.dues) == ("given back", [0.0, MINUTE])


def test_a_run_that_never_began_is_left_to_the_successor(make: Make) -> None:
    broker = make()
    broker.token(MINUTE - 60)
    wait_until(lambda: broker.dues == [0.0, MINUTE])
    token = broker.deliver(broker.published[-1])
    wait_until(lambda: broker.runs)
    broker.timer.stop()
    broker.outcomes[0](Outcome(error=NotStarted("no worker was free")))
    wait_until(lambda: token.settled)
    assert (token.settled, broker.dues) == ("acked", [0.0, MINUTE, MINUTE - 60])


def test_a_run_that_never_began_is_skipped_where_nothing_can_be_published(make: Make) -> None:
    broker = make()
    broker.token(MINUTE - 60)
    wait_until(lambda: broker.dues == [0.0, MINUTE])
    token = broker.deliver(broker.published[-1])
    wait_until(lambda: broker.runs)
    broker.refuses = True
    broker.timer.stop()
    broker.outcomes[0](Outcome(error=NotStarted("no worker was free")))
    wait_until(lambda: token.settled)
    assert token.settled == "given back"


def test_a_token_held_for_ten_minutes_is_replaced(make: Make) -> None:
    broker = make("0 * * * *")
    held = broker.token(MINUTE)
    broker.settle()
    assert broker.fires_next_at(610.0) == MINUTE
    assert held.settled == ""
    replacement = broker.deliver(broker.published[-1])
    wait_until(lambda: held.settled)
    assert (held.settled, replacement.settled, broker.runs) == ("acked", "", [])


def test_a_token_that_somebody_took_out_of_the_queue_is_sent_again(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    broker = make()
    broker.token(MINUTE - 60)
    wait_until(lambda: broker.dues == [0.0, MINUTE])
    broker.set_clock(45.0)
    broker.settle()
    wait_until(lambda: broker.dues == [0.0, MINUTE, MINUTE])
    assert "a token has not come back" in caplog.text
    broker.deliver(broker.published[-1])
    wait_until(lambda: broker.runs == [MINUTE])
