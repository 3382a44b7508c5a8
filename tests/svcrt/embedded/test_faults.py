"""Every fault that the embedded broker can be told to have does what it says: seen by links, clients and services."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

import svcrt
from link_probe import WAIT, Inbox, Outcomes, message, wait_until
from probe_services import Probe
from probe_v1 import ProbeClient
from svcrt.amqp import AmqpLink, caller
from svcrt.concurrency import Backend, backend
from svcrt.errors import BrokerUnavailable, NotSent, OutcomeUnknown, RpcTimeout, Unconfirmed
from svcrt.testing import EmbeddedBroker, running
from svcrt.types import Binding, Queue, Topology

QUEUE = Queue(name="q", bindings=(Binding("amq.direct", "k"),))
REPLIES = "amq.gen-*"
CALLS = "svc.rpc"
SHORT = 0.4
"""Seconds of a deadline that is to pass; what has to succeed gets `WAIT`."""

MakeLink = Callable[..., AmqpLink]


@pytest.fixture(params=["threads"])
def concurrency(request: pytest.FixtureRequest) -> Backend:
    """Most faults are the broker's affair; the tests that are about the client's say `on_both`."""
    name: str = request.param
    return backend(name)


on_both = pytest.mark.parametrize("concurrency", ["green", "threads"], indirect=True)


@pytest.fixture
def make_link(embedded_broker: EmbeddedBroker, concurrency: Backend) -> Iterator[MakeLink]:
    """Make a link to the embedded broker, started and waited for; stopped after the test."""
    links: list[AmqpLink] = []

    def make(**options: object) -> AmqpLink:
        settings = {"max_backoff": 0.2, "stop_timeout": 0.3, "heartbeat": 30, **options}
        links.append(AmqpLink(embedded_broker.url, concurrency, name="test", **settings))  # type: ignore[arg-type] # the caller's business
        links[-1].start(wait=WAIT)
        return links[-1]

    yield make
    embedded_broker.faults.clear()
    for link in links:
        link.stop()


@pytest.fixture
def probe(embedded_broker: EmbeddedBroker, concurrency: Backend) -> Iterator[ProbeClient]:
    """A client of a running service, both on the embedded broker, that has called it once."""
    with (
        running(Probe, broker=embedded_broker.url, concurrency=concurrency.name),
        svcrt.connect(embedded_broker.url, concurrency=concurrency.name) as cluster,
    ):
        client = ProbeClient(cluster)
        assert client.ask(question="there?", timeout=WAIT) == "there?"
        yield client
        embedded_broker.faults.clear()


def answers_again(probe: ProbeClient) -> bool:
    """Call until a lost connection is up again; whatever a call meets until then is another test's subject."""
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        try:
            return probe.ask(question="again", timeout=2.0) == "again"
        except (OutcomeUnknown, RpcTimeout, NotSent):
            continue
    return False


# --- freeze and half-open ----------------------------------------------------------------------------------------


@on_both
def test_a_call_to_a_frozen_broker_times_out_and_after_the_thaw_calls_work(
    embedded_broker: EmbeddedBroker, probe: ProbeClient
) -> None:
    embedded_broker.faults.freeze()
    with pytest.raises(RpcTimeout):
        probe.ask(question="?", timeout=SHORT)
    embedded_broker.faults.thaw()
    assert answers_again(probe)


def test_a_frozen_broker_answers_nobody_who_comes(embedded_broker: EmbeddedBroker, concurrency: Backend) -> None:
    embedded_broker.faults.freeze()
    embedded_broker.faults.freeze()
    with pytest.raises(BrokerUnavailable):
        AmqpLink(embedded_broker.url, concurrency, name="test", connect_timeout=SHORT).start(wait=SHORT)
    embedded_broker.faults.thaw()
    svcrt.connect(embedded_broker.url, wait=WAIT, concurrency=concurrency.name).close()


def test_stop_ends_a_frozen_broker() -> None:
    broker = EmbeddedBroker()
    broker.start()
    broker.faults.freeze()
    broker.stop()
    with pytest.raises(RuntimeError, match="not started"):
        broker.faults.disconnect()


@on_both
def test_half_open_connections_are_given_up_by_heartbeat(
    embedded_broker: EmbeddedBroker, make_link: MakeLink, concurrency: Backend
) -> None:
    changes: list[str] = []
    inbox = Inbox(concurrency)
    link = make_link(heartbeat=1)
    link.consume(
        QUEUE, inbox, prefetch=1, on_lost=lambda: changes.append("lost"), on_ready=lambda: changes.append("ready")
    )
    embedded_broker.faults.half_open()
    # A new connection is served while the old ones hang.
    make_link().publish(message("new"), exchange="amq.direct", routing_key="k", timeout=WAIT)
    wait_until(concurrency, lambda: changes == ["ready", "lost", "ready"], "the new connection")
    assert inbox.wait(1)[0].message.body == b"new"


# --- disconnect, close, refuse -----------------------------------------------------------------------------------


@on_both
def test_a_call_that_is_cut_ends_at_once_in_an_unknown_outcome(
    embedded_broker: EmbeddedBroker, probe: ProbeClient, concurrency: Backend
) -> None:
    embedded_broker.faults.drop_deliveries(exchange=CALLS)
    call = probe.futures.ask(question="?", timeout=WAIT)
    wait_until(concurrency, lambda: embedded_broker.faults.dropped, "the request")
    embedded_broker.faults.disconnect()
    with pytest.raises(OutcomeUnknown):
        call.result(WAIT)
    assert answers_again(probe)


@on_both
def test_an_idempotent_call_that_is_cut_is_sent_again(
    embedded_broker: EmbeddedBroker, probe: ProbeClient, concurrency: Backend
) -> None:
    embedded_broker.faults.drop_deliveries(exchange=CALLS)
    call = probe.futures.again(question="?", timeout=WAIT)
    wait_until(concurrency, lambda: embedded_broker.faults.dropped, "the request")
    embedded_broker.faults.disconnect()
    assert call.result(WAIT).question == "?"


def test_close_is_announced_with_its_reason(
    embedded_broker: EmbeddedBroker, make_link: MakeLink, concurrency: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    link = make_link()
    link.consume(QUEUE, Inbox(concurrency), prefetch=1)
    embedded_broker.faults.close("maintenance")
    wait_until(concurrency, lambda: "maintenance" in caplog.text, "the reason")
    wait_until(concurrency, lambda: link.ready, "the new connection")


def test_refused_connections_are_cut_and_present_ones_go_on(
    embedded_broker: EmbeddedBroker, probe: ProbeClient, concurrency: Backend
) -> None:
    embedded_broker.faults.refuse()
    with pytest.raises(BrokerUnavailable):
        svcrt.connect(embedded_broker.url, wait=SHORT, concurrency=concurrency.name)
    assert probe.ask(question="still", timeout=WAIT) == "still"
    embedded_broker.faults.refuse(False)
    svcrt.connect(embedded_broker.url, wait=WAIT, concurrency=concurrency.name).close()


@on_both
def test_an_ack_of_a_connection_that_is_gone_is_not_sent_on_the_next(
    embedded_broker: EmbeddedBroker, make_link: MakeLink, concurrency: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    link, changes = make_link(single=True), list[str]()
    held = Inbox(concurrency, ack=False)
    cancelled = link.consume(QUEUE, held, prefetch=5)
    link.publish(message("m"), exchange="amq.direct", routing_key="k", timeout=WAIT)
    held.wait(1)
    cancelled.cancel()
    other = Queue(name="other")
    link.consume(
        other,
        Inbox(concurrency),
        prefetch=1,
        on_lost=lambda: changes.append("lost"),
        on_ready=lambda: changes.append("ready"),
    )
    embedded_broker.faults.disconnect()
    wait_until(concurrency, lambda: changes == ["ready", "lost", "ready"], "the new connection")
    caplog.clear()
    held.deliveries[0].ack()
    # What the first of them flushes out, the second finds answered.
    for body in "no":
        link.publish(message(body), exchange="", routing_key="other", timeout=WAIT)
    assert (changes, caplog.records) == (["ready", "lost", "ready"], [])


# --- losses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("exchange", "key"), [(CALLS, "*"), ("", REPLIES)])
def test_a_lost_request_or_reply_is_a_timeout_and_the_next_call_works(
    embedded_broker: EmbeddedBroker, probe: ProbeClient, exchange: str, key: str
) -> None:
    embedded_broker.faults.drop_deliveries(exchange=exchange, key=key)
    with pytest.raises(RpcTimeout):
        probe.ask(question="?", timeout=SHORT)
    assert embedded_broker.faults.dropped == 1
    assert probe.ask(question="next", timeout=WAIT) == "next"


def test_lost_deliveries_come_again_when_the_channel_ends(
    embedded_broker: EmbeddedBroker, make_link: MakeLink, concurrency: Backend
) -> None:
    link, inbox = make_link(), Inbox(concurrency)
    link.consume(QUEUE, inbox, prefetch=10)
    embedded_broker.faults.drop_deliveries(2, exchange="amq.direct", key="k")
    for body in "abc":
        link.publish(message(body), exchange="amq.direct", routing_key="k", timeout=WAIT)
    inbox.wait(1)
    assert inbox.bodies == ["c"]
    embedded_broker.faults.disconnect()
    inbox.wait(3)
    assert inbox.bodies == ["c", "a", "b"]
    assert [delivery.redelivered for delivery in inbox.deliveries] == [False, True, True]


def test_all_are_lost_until_it_is_cleared(
    embedded_broker: EmbeddedBroker, make_link: MakeLink, concurrency: Backend
) -> None:
    link, inbox = make_link(), Inbox(concurrency)
    link.consume(QUEUE, inbox, prefetch=10)
    embedded_broker.faults.drop_deliveries(None)
    for body in "ab":
        link.publish(message(body), exchange="amq.direct", routing_key="k", timeout=WAIT)
    wait_until(concurrency, lambda: embedded_broker.faults.dropped == 2, "the losses")
    embedded_broker.faults.clear()
    link.publish(message("c"), exchange="amq.direct", routing_key="k", timeout=WAIT)
    inbox.wait(1)
    assert inbox.bodies == ["c"]


@on_both
def test_a_lost_confirm_leaves_its_message_unconfirmed_and_no_other(
    embedded_broker: EmbeddedBroker, make_link: MakeLink, concurrency: Backend
) -> None:
    link, inbox, outcomes = make_link(), Inbox(concurrency), Outcomes(concurrency)
    link.consume(QUEUE, inbox, prefetch=10)
    embedded_broker.faults.drop_confirms()
    with pytest.raises(Unconfirmed):
        link.publish(message("lost"), exchange="amq.direct", routing_key="k", timeout=SHORT)
    # The confirm of several at once must not cover the one that was lost.
    for number in range(50):
        link.post(message(str(number)), exchange="amq.direct", routing_key="k", on_done=outcomes.note(number))
    wait_until(concurrency, lambda: len(outcomes.calls) == 50, "the confirms")
    assert outcomes.calls == [(number, None) for number in range(50)]
    inbox.wait(51)


# --- delay -------------------------------------------------------------------------------------------------------


def test_a_delay_holds_back_what_is_sent_in_its_order(
    embedded_broker: EmbeddedBroker, make_link: MakeLink, probe: ProbeClient, concurrency: Backend
) -> None:
    link, inbox = make_link(), Inbox(concurrency)
    link.consume(QUEUE, inbox, prefetch=10)
    embedded_broker.faults.delay(0.2)
    begun = time.monotonic()
    # To the service and back: the broker sends twice.
    assert probe.ask(question="slow", timeout=WAIT) == "slow"
    assert time.monotonic() - begun >= 0.4
    with pytest.raises(RpcTimeout):
        probe.ask(question="too slow", timeout=0.1)
    link.post(message("first"), exchange="amq.direct", routing_key="k")
    link.publish(message("second"), exchange="amq.direct", routing_key="k", timeout=WAIT)
    embedded_broker.faults.delay(0)
    link.publish(message("third"), exchange="amq.direct", routing_key="k", timeout=WAIT)
    inbox.wait(3)
    assert inbox.bodies == ["first", "second", "third"]


# --- alarm -------------------------------------------------------------------------------------------------------


@on_both
def test_under_an_alarm_nothing_is_sent_and_consumers_go_on(
    embedded_broker: EmbeddedBroker, make_link: MakeLink, concurrency: Backend
) -> None:
    link, inbox = make_link(post_timeout=WAIT), Inbox(concurrency)
    link.consume(QUEUE, inbox, prefetch=10)
    embedded_broker.faults.alarm()
    # It notices a publisher by the first message, which it has then but does not read to its end.
    with pytest.raises(Unconfirmed):
        link.publish(message("noticed"), exchange="amq.direct", routing_key="k", timeout=SHORT)
    wait_until(concurrency, lambda: not link.ready, "the alarm")
    with pytest.raises(BrokerUnavailable):
        link.publish(message("never"), exchange="amq.direct", routing_key="k", timeout=SHORT)
    waiting = Outcomes(concurrency)
    link.post(message("later"), exchange="amq.direct", routing_key="k", on_done=waiting.note("later"))
    embedded_broker.faults.alarm(False)
    wait_until(concurrency, lambda: waiting.calls == [("later", None)], "the end of the alarm")
    inbox.wait(2)
    assert inbox.bodies == ["noticed", "later"]
    assert link.ready


def test_calls_and_jobs_under_an_alarm_end_as_the_page_says(
    embedded_broker: EmbeddedBroker, probe: ProbeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded_broker.faults.alarm()
    with pytest.raises(RpcTimeout):
        probe.ask(question="noticed", timeout=SHORT)
    with pytest.raises(NotSent):
        probe.ask(question="never", timeout=SHORT)
    embedded_broker.faults.alarm(False)
    assert answers_again(probe)
    monkeypatch.setattr(caller, "PUBLISH_TIMEOUT", SHORT)
    embedded_broker.faults.alarm()
    with pytest.raises(OutcomeUnknown):
        probe.remember(text="noticed")
    with pytest.raises(NotSent):
        probe.remember(text="never")


def test_a_job_without_its_confirm_is_an_unknown_outcome(
    embedded_broker: EmbeddedBroker, probe: ProbeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller, "PUBLISH_TIMEOUT", SHORT)
    embedded_broker.faults.drop_confirms()
    with pytest.raises(OutcomeUnknown):
        probe.remember(text="?")
    # The link would wait for it at the end.
    embedded_broker.faults.disconnect()
    assert answers_again(probe)


# --- the whole ---------------------------------------------------------------------------------------------------


def test_a_topology_survives_every_fault_that_does_not_stop_the_broker(
    embedded_broker: EmbeddedBroker, make_link: MakeLink
) -> None:
    link = make_link()
    link.declare(Topology(queues=(QUEUE,)))
    faults = embedded_broker.faults
    for fault in (faults.disconnect, faults.close, faults.freeze, faults.thaw, faults.clear):
        fault()
    link.publish(message("kept"), exchange="amq.direct", routing_key="k", timeout=WAIT)
    state = link.inspect("q", timeout=WAIT)
    assert state is not None
    assert state.messages == 1


def test_faults_can_be_ordered_from_any_thread(embedded_broker: EmbeddedBroker) -> None:
    faults = embedded_broker.faults
    threads = [threading.Thread(target=action) for action in (faults.alarm, faults.disconnect, faults.clear) * 5]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    faults.clear()
    svcrt.connect(embedded_broker.url, wait=WAIT).close()
