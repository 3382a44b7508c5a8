"""Several brokers, and what is said of them: each change of state once, and no secret ever."""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

import amqp_client
from link_probe import WAIT, Inbox, Outcomes, message, wait_until
from rabbitmq_node import RabbitMQNode, find_free_port
from svcrt.amqp import AmqpLink
from svcrt.amqp.kinds import KINDS
from svcrt.concurrency import Backend
from svcrt.embedded import EmbeddedBroker
from svcrt.errors import BrokerRefused, BrokerUnavailable, ConfigError
from svcrt.types import Queue

MakeLink = Callable[..., AmqpLink]
SECRET, WRONG = "tell-nobody", "tell-no-one"  # passwords that must not appear anywhere
LONG = 600_000


@pytest.fixture
def other() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker() as broker:
        yield broker


@contextmanager
def frozen(broker: EmbeddedBroker) -> Iterator[None]:
    broker.faults.freeze()
    try:
        yield
    finally:
        broker.faults.thaw()
        # It takes connections in their order: those that were tried meanwhile are over when this one is.
        amqp_client.connect(broker.url).close()


def password_of(url: str) -> str:
    return url.split(":")[2].split("@")[0]


def with_wrong_password(url: str) -> str:
    return url.replace(f":{password_of(url)}@", f":{WRONG}@")


def works(link: AmqpLink, concurrency: Backend, body: str) -> None:
    inbox = Inbox(concurrency)
    consumer = link.consume(Queue(name="q"), inbox, prefetch=1)
    link.publish(message(body), exchange="", routing_key="q", timeout=WAIT)
    inbox.wait(1)
    consumer.cancel()


@pytest.mark.parametrize("kind", KINDS)
def test_a_first_broker_that_is_down_or_frozen_or_refuses_is_passed_over(
    concurrency: Backend, make_link: MakeLink, embedded_broker: EmbeddedBroker, other: EmbeddedBroker, kind: str
) -> None:
    works(make_link(["amqp://127.0.0.1:1", embedded_broker.url], kind=kind), concurrency, "first down")
    refusing = [with_wrong_password(other.url), embedded_broker.url]
    works(make_link(refusing, kind=kind), concurrency, "first refuses")
    with frozen(other):
        link = make_link([other.url, embedded_broker.url], kind=kind, connect_timeout=0.5)
        works(link, concurrency, "first frozen")


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_freezes_later_is_left_for_the_next(
    concurrency: Backend, make_link: MakeLink, embedded_broker: EmbeddedBroker, other: EmbeddedBroker, kind: str
) -> None:
    link = make_link([other.url, embedded_broker.url], kind=kind, heartbeat=1, connect_timeout=0.5)
    inbox, outcomes = Inbox(concurrency), Outcomes(concurrency)
    link.consume(Queue(name="q"), inbox, prefetch=1)
    with frozen(other):
        wait_until(concurrency, lambda: not link.ready)
        wait_until(concurrency, lambda: link.ready)
        link.post(message("later"), exchange="", routing_key="q", on_done=outcomes.note("later"))
        assert outcomes.wait(1) == {"later": None}
        inbox.wait(1)


@pytest.mark.parametrize("kind", KINDS)
def test_all_refuse_in_one_sentence(
    make_link: MakeLink, embedded_broker: EmbeddedBroker, other: EmbeddedBroker, kind: str
) -> None:
    urls = [with_wrong_password(broker.url) for broker in (embedded_broker, other)]
    link = make_link(urls, start=False, kind=kind)
    with pytest.raises(BrokerRefused, match=r"^amqp://127\S+ refuses user `guest`") as caught:
        link.start(wait=WAIT)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_each_change_of_state_is_one_line(
    concurrency: Backend, make_link: MakeLink, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    caplog.set_level("INFO", "svcrt")
    port = find_free_port()

    def lines() -> list[str]:
        return [record.getMessage() for record in caplog.records if record.name == "svcrt.amqp"]

    # A port that nobody listens on, then a broker, twice over.
    link = make_link(f"amqp://guest:{SECRET}@127.0.0.1:{port}/", start=False, single=True, kind=kind)
    link.start()
    for turn in range(2):
        wait_until(concurrency, lambda turn=turn: len(lines()) == 2 * turn + 1, "it is told that it is down")  # type: ignore[misc] # a default of a lambda
        concurrency.sleep(0.5)  # some attempts more, which say nothing
        with EmbeddedBroker(port=port, password=SECRET):
            wait_until(concurrency, lambda: link.ready)
        wait_until(concurrency, lambda: not link.ready)
    wait_until(concurrency, lambda: len(lines()) >= 5)
    concurrency.sleep(0.5)
    words = [line.removeprefix("connection: ").split()[0] for line in lines()]
    assert [word == "connected" for word in words] == [False, True, False, True, False]
    assert SECRET not in caplog.text


@pytest.mark.parametrize("kind", KINDS)
def test_no_log_line_and_no_exception_holds_a_password(
    concurrency: Backend, make_link: MakeLink, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    # All loggers, py-amqp's own included.
    caplog.set_level(logging.DEBUG)
    texts = []
    with EmbeddedBroker(password=SECRET) as broker:
        link = make_link(broker.url, kind=kind)
        works(link, concurrency, "x" * LONG)
        link.stop()
        for url in (
            with_wrong_password(broker.url),
            f"amqp://user:{WRONG}@127.0.0.1:1/",
            f"amqp://user:{WRONG}@127.0.0.1:1/?x=y",
            f"amqp://user:{WRONG}@127.0.0.1:port/",
            f"amqps://user:{WRONG}@127.0.0.1:{broker.port}/?verify=verify_none",
        ):
            with pytest.raises((BrokerRefused, BrokerUnavailable, ConfigError)) as caught:
                make_link(url, start=False, kind=kind, connect_timeout=1.0).start(wait=2.0)
            texts += [str(caught.value), repr(caught.value)]
    said = caplog.text + "\n".join(texts)
    assert "amqp" in {record.name for record in caplog.records}
    assert SECRET not in said
    assert WRONG not in said


@pytest.mark.rabbitmq
@pytest.mark.parametrize("kind", KINDS)
def test_permissions_that_are_taken_and_given(
    concurrency: Backend, make_link: MakeLink, fault_node: RabbitMQNode, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    caplog.set_level("INFO", "svcrt")
    vhost_url = fault_node.fresh_vhost()
    user, vhost = f"limited-{kind}-{concurrency.name}", vhost_url.rsplit("/", 1)[1]
    fault_node.rabbitmqctl("add_user", user, SECRET)

    def permit(write: str, read: str) -> None:
        fault_node.rabbitmqctl("set_permissions", "-p", vhost, user, ".*", write, read)

    permit("", "")
    url = vhost_url.replace(f"{fault_node.user}:{fault_node.password}", f"{user}:{SECRET}")
    link, inbox = make_link(url, start=False, kind=kind, heartbeat=60), Inbox(concurrency)
    link.consume(Queue(name="q"), inbox, prefetch=1)
    link.start(wait=WAIT)
    wait_until(concurrency, lambda: "cannot consume yet" in caplog.text)
    assert link.missing == ("not consuming from q",)
    with pytest.raises(BrokerRefused, match=r"^publishing to exchange `amq.topic` is not permitted: [^\n]*$"):
        link.publish(message("no"), exchange="amq.topic", routing_key="q", timeout=WAIT)
    concurrency.sleep(0.5)
    permit(".*", ".*")
    wait_until(concurrency, lambda: link.ready)
    link.publish(message("yes"), exchange="", routing_key="q", timeout=WAIT)
    inbox.wait(1)
    told = [record.getMessage() for record in caplog.records if "cannot consume yet" in record.getMessage()]
    assert len(told) == 1
    assert re.fullmatch(r"cannot consume yet: queue `q`: ACCESS_REFUSED - access to queue 'q' [^\n]*", told[0])
