"""Which acks leave for what was settled, in which order."""

import random
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svcrt.amqp.connection import Channel
from svcrt.amqp.feeds import Feed


class Broker:
    """A channel that knows what it has delivered: an ack of an unknown tag is what RabbitMQ closes a channel for."""

    def __init__(self, delivered: int) -> None:
        self.outstanding = set(range(1, delivered + 1))
        self.frames = 0

    def ack(self, tag: int, *, multiple: bool = False) -> None:
        self.frames += 1
        assert tag in self.outstanding, "PRECONDITION_FAILED - unknown delivery tag"
        self.outstanding -= {each for each in self.outstanding if each == tag or (multiple and each < tag)}

    def reject(self, tag: int, *, requeue: bool) -> None:
        self.ack(tag)


def feed_of(broker: Broker, **options: Any) -> Feed:
    feed = Feed(cast("Channel", broker), False, lambda: None, **options)
    for _ in range(len(broker.outstanding)):
        feed.note_delivered()
    return feed


@given(seed=st.integers(0, 2**32), count=st.integers(1, 60))
def test_the_broker_is_told_of_exactly_what_is_settled(seed: int, count: int) -> None:
    chance = random.Random(seed)
    broker, settled = Broker(count), set[int]()
    feed = feed_of(broker)
    for tag in chance.sample(range(1, count + 1), count):
        if chance.random() < 0.2:
            feed.reject(tag, requeue=True)
        else:
            feed.ack(tag)
        settled.add(tag)
        if chance.random() < 0.3:
            feed.write()
            assert broker.outstanding == set(range(1, count + 1)) - settled
            assert feed.outstanding == len(broker.outstanding)
    feed.write()
    assert not broker.outstanding
    assert not feed.has_news


def test_a_finished_prefix_is_one_frame() -> None:
    broker = Broker(50)
    feed = feed_of(broker)
    for tag in range(1, 41):
        feed.ack(tag)
    feed.write()
    assert (broker.frames, len(broker.outstanding)) == (1, 10)


def test_one_slow_handler_holds_up_no_other() -> None:
    """With acks of the prefix alone nothing would be acknowledged here, and the broker would send no more."""
    broker = Broker(10)
    feed = feed_of(broker)
    for tag in range(2, 11):
        feed.ack(tag)
    feed.write()
    assert broker.outstanding == {1}
    feed.ack(1)
    feed.write()
    assert broker.outstanding == set()


def test_a_dead_channel_is_told_nothing() -> None:
    broker = Broker(2)
    feed = feed_of(broker)
    feed.ack(1)
    feed.alive = False
    feed.ack(2)
    feed.write()
    assert (broker.frames, feed.has_news) == (0, False)


@pytest.mark.parametrize(("patience", "asked"), [(1, 3), (2, 1), (10, 0)])
def test_acks_wait_for_company_but_not_for_ever(patience: int, asked: int) -> None:
    turns: list[int] = []
    timers: list[Any] = []
    broker = Broker(3)
    feed = Feed(
        cast("Channel", broker),
        False,
        lambda: turns.append(1),
        patience,
        lambda seconds, function: timers.append((seconds, function)),
    )
    for tag in (1, 2, 3):
        feed.note_delivered()
        feed.ack(tag)
        if len(turns) and patience > 1:
            feed.write()
            turns, taken = [], turns
            assert len(taken) == 1
    assert len(turns) <= asked
    for seconds, function in timers:
        assert 0 < seconds <= 0.05
        function()
    assert turns or not feed.has_news
