import threading
from collections.abc import Callable, Iterator
from typing import Any

import amqp
import pytest

from amqp_client import connect, drain, wait_until
from svcrt.embedded import EmbeddedBroker

Dial = Callable[..., Any]


@pytest.fixture
def dial() -> Iterator[Dial]:
    """Opens connections and closes their sockets when the test ends, whatever became of them."""
    opened = []

    def new(url: str, **options: Any) -> Any:
        opened.append(connect(url, **options))
        return opened[-1]

    yield new
    for connection in opened:
        connection.collect()


def test_it_takes_any_password_in_its_url(dial: Dial) -> None:
    with EmbeddedBroker(user="a:b", password="p@ss/w%rd") as broker:
        connection = dial(broker.url)
        assert connection.channel().queue_declare("q").queue == "q"
        with pytest.raises(amqp.AccessRefused):
            dial(broker.url, password="other")


def test_a_port_in_use_is_an_error_and_leaves_no_thread() -> None:
    with EmbeddedBroker() as broker:
        before = threading.active_count()
        with pytest.raises(OSError, match="in use"):
            EmbeddedBroker(port=broker.port).start()
        assert threading.active_count() == before


def test_stopped_and_started_it_is_empty_on_the_same_port(dial: Dial) -> None:
    broker = EmbeddedBroker()
    broker.start()
    port = broker.port
    first = dial(broker.url)
    first.channel().queue_declare("q", auto_delete=False)
    broker.stop()
    with pytest.raises((amqp.exceptions.AMQPError, OSError)):
        drain(first, lambda: False, "the end")
    broker.start()
    assert broker.port == port
    with pytest.raises(amqp.NotFound):
        dial(broker.url).channel().queue_declare("q", passive=True)
    broker.stop()
    broker.stop()


def test_clients_are_told_of_a_forced_close(dial: Dial) -> None:
    with EmbeddedBroker() as broker:
        connection = dial(broker.url)
        broker.faults.close("maintenance")
        with pytest.raises(amqp.exceptions.ConnectionForced, match="maintenance"):
            drain(connection, lambda: False, "the end")


def test_cut_connections_end_without_a_word(dial: Dial) -> None:
    with EmbeddedBroker() as broker:
        connection = dial(broker.url)
        broker.faults.disconnect()
        with pytest.raises(OSError, match=r"closed|reset"):
            drain(connection, lambda: False, "the end")


def test_an_alarm_is_announced_and_lifted(dial: Dial) -> None:
    with EmbeddedBroker() as broker:
        told: list[str] = []
        connection = dial(broker.url, on_blocked=told.append, on_unblocked=lambda: told.append("unblocked"))
        channel = connection.channel()
        channel.queue_declare("q", auto_delete=False)
        broker.faults.alarm("low on disk")
        channel.basic_publish(amqp.Message("m"), routing_key="q")
        drain(connection, lambda: len(told) == 1, "the alarm")
        broker.faults.alarm(False)
        drain(connection, lambda: told[1:] == ["unblocked"], "its end")


def test_frozen_it_answers_nothing_until_it_thaws(dial: Dial) -> None:
    with EmbeddedBroker() as broker:
        connection = dial(broker.url)
        channel = connection.channel()
        broker.faults.freeze()
        answered = threading.Event()

        def ask() -> None:
            channel.queue_declare("q")
            answered.set()

        asking = threading.Thread(target=ask)
        asking.start()
        assert not answered.wait(0.05)
        broker.faults.thaw()
        wait_until(answered.is_set, "the answer")
        asking.join()
