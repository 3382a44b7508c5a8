"""kill -9 of services and of clients under load, and what becomes of the calls, jobs and events of that moment."""

import os
import signal
from typing import Any

import amqp
import pytest

import svcrt
from amqp_client import connect
from cli_waiting import children, is_running, wait_for
from fault_load import AGAIN, ASK, EVENT, JOB, Load
from journal import Journal
from journal_run import Serve
from link_kinds import chosen
from probe_v1 import ProbeClient
from svcrt.errors import OutcomeUnknown, RpcTimeout, UnknownService


def test_a_killed_instance_loses_nothing_and_no_call_runs_twice(
    rabbitmq_vhost_url: str, link: str, serve: Serve, journal: Journal
) -> None:
    """SIGKILL of one of two instances, twice: calls run at most once and end in a result, OutcomeUnknown or RpcTimeout.

    An idempotent call that was under way gets its result from the other instance, within its deadline; jobs and events
    are done at least once.
    """
    run = serve(workers=2)
    with Load(rabbitmq_vhost_url, link, *(ASK, AGAIN) * 3, JOB, EVENT, order="sleep:0.02") as load:
        for _ in range(2):
            load.wait_for_more(15)
            victim = sorted(children(run.pid))[0]
            os.kill(victim, signal.SIGKILL)
            run.wait_for(rf"the worker process {victim} was killed by SIGKILL; another starts")
        load.wait_for_more(15)
        wait_for(lambda: len(children(run.pid)) == 2)
    assert {type(failure) for failure in load.failures(ASK).values()} <= {OutcomeUnknown, RpcTimeout}
    assert not load.failures(AGAIN)
    assert not load.failures(JOB)
    assert not load.failures(EVENT)
    journal.wait_until_done(load.succeeded(JOB) | load.succeeded(EVENT))
    begun = journal.begun()
    assert {order: begun[order] for order in load.outcomes[ASK] if begun[order] > 1} == {}
    assert load.succeeded(ASK) <= set(journal.ended())
    assert load.succeeded(AGAIN) <= set(journal.ended())


def test_a_call_whose_instance_is_killed_is_told_and_not_run_again(
    rabbitmq_vhost_url: str, link: str, serve: Serve, journal: Journal
) -> None:
    """The redelivered request is answered OutcomeUnknown by the next instance, or its time passes: never a rerun."""
    run = serve()
    with svcrt.connect(rabbitmq_vhost_url, wait_for_service=True, **chosen(link)) as cluster:
        probe = ProbeClient(cluster)
        once = probe.futures.ask(question="sleep:600:once", timeout=25)
        again = probe.futures.again(question="sleep:0.4:again", timeout=25)
        alone = probe.futures.ask(question="sleep:600:alone", timeout=1)
        for order in ("sleep:600:once", "sleep:0.4:again", "sleep:600:alone"):
            journal.wait_for(order)
        # Found first: they become somebody else's children.
        for process in [run.pid, *children(run.pid)]:
            os.kill(process, signal.SIGKILL)
        with pytest.raises(RpcTimeout):
            alone.result(20)
        serve()
        with pytest.raises(OutcomeUnknown):
            once.result(30)
        # Idempotent: it runs there, since its deadline is not over.
        assert again.result(30).answer == "sleep:0.4:again"
    begun = journal.begun()
    assert (begun["sleep:600:once"], begun["sleep:0.4:again"], begun["sleep:600:alone"]) == (1, 2, 1)


def test_calls_to_a_service_that_is_gone_are_told_at_once(
    rabbitmq_vhost_url: str, link: str, serve: Serve, journal: Journal
) -> None:
    """After the only instance was killed the first call costs its deadline, the next is told UnknownService."""
    run = serve()
    with svcrt.connect(rabbitmq_vhost_url, **chosen(link)) as cluster:
        probe = ProbeClient(cluster)
        assert probe.ask(question="pass::a") == "pass::a"
        (worker,) = children(run.pid)
        os.kill(run.pid, signal.SIGSTOP)
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: not is_running(worker))
        with pytest.raises(RpcTimeout):
            probe.ask(question="pass::b", timeout=0.5)
        with pytest.raises(UnknownService):
            probe.ask(question="pass::c", timeout=20)
        os.kill(run.pid, signal.SIGKILL)
    assert "pass::c" not in journal.begun()


def send(channel: Any, reply_to: str, question: str) -> None:
    """Publish a request, as a client of another make."""
    message = amqp.Message(
        f'{{"question": "{question}"}}',
        content_type="application/json",
        type="ask",
        correlation_id="1",
        message_id=question,
        reply_to=reply_to,
    )
    channel.basic_publish(message, exchange="svc.rpc", routing_key="probe.v1.Probe")


def test_replies_to_clients_that_were_killed_leave_nothing_behind(
    rabbitmq_vhost_url: str, link: str, serve: Serve, journal: Journal
) -> None:
    """The reply queue is gone: the replies are dropped, the workers live, and no request stays unacknowledged."""
    serve("--max-workers", "4")
    own = connect(rabbitmq_vhost_url)
    channel = own.channel()
    for number in range(12):
        reply_to = channel.queue_declare("", exclusive=True).queue
        send(channel, reply_to, f"sleep:0.3:{number}")
    journal.wait_for("sleep:0.3:3")
    # Its exclusive queues go with it.
    own.close()
    with svcrt.connect(rabbitmq_vhost_url, **chosen(link)) as cluster:
        assert ProbeClient(cluster).ask(question="pass::after") == "pass::after"
    journal.wait_until_done({f"sleep:0.3:{number}" for number in range(12)})
    watcher = connect(rabbitmq_vhost_url)
    try:
        queue = watcher.channel().queue_declare("svc.rpc.probe.v1.Probe", passive=True)
        assert (queue.message_count, queue.consumer_count) == (0, 1)
    finally:
        watcher.close()
