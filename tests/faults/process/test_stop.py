"""Stopping under load: every call is answered, none runs twice, nothing that was confirmed is lost."""

import os
import signal

import pytest

import svcrt
from cli_waiting import children, is_running, wait_for
from fault_load import ASK, EVENT, JOB, Load
from journal import Journal
from journal_run import Serve
from link_kinds import chosen
from probe_v1 import ProbeClient
from svcrt.errors import CallError, OutcomeUnknown

EVERYTHING = (ASK,) * 6 + (JOB, EVENT)


def check(load: Load, journal: Journal) -> None:
    """Every call had its result and ran once; every job and event that was confirmed was worked on."""
    assert not load.failures(ASK)
    assert not load.failures(JOB)
    assert not load.failures(EVENT)
    journal.wait_until_done(load.succeeded(JOB) | load.succeeded(EVENT))
    begun, asked = journal.begun(), load.succeeded(ASK)
    assert {order for order in asked if begun[order] != 1} == set()
    assert {order for order, times in begun.items() if times > 1} == set()


def test_a_rolling_restart_of_two_workers_answers_every_call(
    rabbitmq_vhost_url: str, link: str, serve: Serve, journal: Journal
) -> None:
    """A rolling restart of the workers of one run: every call gets its result, none runs twice, nothing is lost."""
    run = serve(workers=2)
    former = children(run.pid)
    with Load(rabbitmq_vhost_url, link, *EVERYTHING) as load:
        load.wait_for_more(20)
        run.signal(signal.SIGHUP)
        run.wait_for("every worker process has been replaced")
        load.wait_for_more(20)
    assert not children(run.pid) & former
    check(load, journal)
    assert run.stop() == 0


def test_two_instances_that_are_restarted_in_turn_answer_every_call(
    rabbitmq_vhost_url: str, link: str, serve: Serve, journal: Journal
) -> None:
    """SIGTERM of one of two instances, then of the other: every call gets its result from whoever is there."""
    first, second = serve(), serve()
    with Load(rabbitmq_vhost_url, link, *EVERYTHING) as load:
        load.wait_for_more(20)
        assert first.stop() == 0
        load.wait_for_more(20)
        third = serve()
        assert second.stop() == 0
        load.wait_for_more(20)
    check(load, journal)
    assert third.stop() == 0


def test_a_single_instance_that_is_restarted_is_waited_for(
    rabbitmq_vhost_url: str, link: str, serve: Serve, journal: Journal
) -> None:
    """With `wait_for_service` even the restart of the only instance leaves no call without its result."""
    run = serve()
    with Load(rabbitmq_vhost_url, link, *EVERYTHING, wait_for_service=True) as load:
        load.wait_for_more(20)
        assert run.stop() == 0
        successor = serve()
        load.wait_for_more(20)
    check(load, journal)
    assert successor.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_running_work_ends_and_is_answered(
    rabbitmq_vhost_url: str, link: str, serve: Serve, journal: Journal, number: signal.Signals
) -> None:
    """A stop lets begun calls, jobs and events end within the drain; exit 0; what came later waits for the next."""
    run = serve("--max-workers", "3")
    with svcrt.connect(rabbitmq_vhost_url, wait_for_service=True, **chosen(link)) as cluster:
        probe = ProbeClient(cluster)
        began = [f"sleep:0.7:{name}" for name in "abc"]
        futures = [probe.futures.ask(question=order) for order in began]
        for order in began:
            journal.wait_for(order)
        # The workers are taken: these stay in the queue, or in line.
        late = [probe.futures.ask(question=f"pass::{name}") for name in "de"]
        probe.remember(text="pass::job")
        run.signal(number)
        assert [each.result(20) for each in futures] == began
        assert run.wait() == 0
        assert serve() is not run
        assert [each.result(20) for each in late] == ["pass::d", "pass::e"]
    journal.wait_until_done({"pass::job"})
    assert set(journal.begun().values()) == {1}


def test_a_second_signal_stops_now(rabbitmq_vhost_url: str, link: str, serve: Serve, journal: Journal) -> None:
    """A second signal cuts running work: exit 1, its call ends in OutcomeUnknown at the next instance, unrun."""
    run = serve("--drain", "600")
    (worker,) = children(run.pid)
    with svcrt.connect(rabbitmq_vhost_url, wait_for_service=True, **chosen(link)) as cluster:
        future = ProbeClient(cluster).futures.ask(question="sleep:600:long", timeout=25)
        journal.wait_for("sleep:600:long")
        run.signal(signal.SIGTERM)
        run.wait_for("SIGTERM: stopping")
        run.signal(signal.SIGINT)
        assert run.wait() == 1
        assert not is_running(worker)
        serve()
        with pytest.raises(OutcomeUnknown):
            future.result(30)
    assert journal.begun() == {"sleep:600:long": 1}


def test_a_worker_that_will_not_end_is_cut_when_the_drain_is_over(
    rabbitmq_vhost_url: str, link: str, serve: Serve, journal: Journal
) -> None:
    """Work that outlasts the drain is cut: the run ends with exit 1 in time; its job goes to the next instance."""
    run = serve("--drain", "0.5")
    with svcrt.connect(rabbitmq_vhost_url, wait_for_service=True, **chosen(link)) as cluster:
        probe = ProbeClient(cluster)
        probe.remember(text="sleep:600:endless")
        journal.wait_for("sleep:600:endless")
        quick = probe.futures.ask(question="sleep:0.1:quick")
        journal.wait_for("sleep:0.1:quick")
        run.signal(signal.SIGTERM)
        assert quick.result(20) == "sleep:0.1:quick"
        assert run.wait() == 1
        run.wait_for(r"probe\.v1\.Probe: requests that still run when the drain is over: 1")
        successor = serve("--drain", "0.5")
        wait_for(lambda: journal.begun()["sleep:600:endless"] == 2)
        assert successor.stop() == 1


@pytest.mark.slow
def test_a_process_that_does_not_hear_the_signal_is_killed(
    rabbitmq_vhost_url: str, link: str, serve: Serve, journal: Journal
) -> None:
    """A worker whose hub is held up by a handler past drain and grace is killed; the run still ends."""
    run = serve("--drain", "0")
    (worker,) = children(run.pid)
    with svcrt.connect(rabbitmq_vhost_url, **chosen(link)) as cluster:
        future = ProbeClient(cluster).futures.ask(question="compute:25:deaf", timeout=2)
        journal.wait_for("compute:25:deaf")
        run.signal(signal.SIGTERM)
        assert run.wait() == 1
        assert f"the worker process {worker} has not ended in time and is killed" in run.said
        with pytest.raises(CallError):
            future.result(10)
    assert not is_running(worker)


def test_the_death_of_the_supervisor_stops_its_workers_in_good_order(
    rabbitmq_vhost_url: str, link: str, serve: Serve, journal: Journal
) -> None:
    """kill -9 of the supervisor: its workers end what they have begun, answer it and are gone."""
    run = serve(workers=2)
    workers = children(run.pid)
    with svcrt.connect(rabbitmq_vhost_url, **chosen(link)) as cluster:
        future = ProbeClient(cluster).futures.ask(question="sleep:0.7:last")
        journal.wait_for("sleep:0.7:last")
        os.kill(run.pid, signal.SIGKILL)
        assert future.result(20) == "sleep:0.7:last"
        wait_for(lambda: not any(map(is_running, workers)))
    assert run.wait() == -signal.SIGKILL
