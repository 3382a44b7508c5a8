"""Forks after the connection was made: it stays the parent's, and the child is told so."""

import signal

import svcrt
from cli_waiting import children
from journal import Journal
from journal_run import Serve
from link_kinds import chosen
from probe_v1 import ProbeClient, RelayClient
from probe_v1.contract import RELAY_PASS_ON, RelayPassOnArguments


def test_a_service_that_forks_keeps_its_connection_and_the_child_is_told(
    rabbitmq_vhost_url: str, link: str, serve: Serve, journal: Journal
) -> None:
    """A handler's forked child that uses the service's client is refused with the remedy; the service works on.

    Neither process takes what is meant for the other: no message, and no signal.
    """
    run = serve()
    with svcrt.connect(rabbitmq_vhost_url, **chosen(link)) as cluster:
        relay, probe = RelayClient(cluster), ProbeClient(cluster)
        for number in range(3):
            answer = cluster.submit(RELAY_PASS_ON, RelayPassOnArguments(question=f"fork:0.3:{number}"), timeout=20)
            # While the child sleeps: what the parent gets must not end up with the child.
            for each in range(30):
                order = f"pass::{number}-{each}"
                assert probe.ask(question=order, timeout=20) == order
            said = answer.result(20)
            assert said.startswith("RuntimeError: "), said
            assert "cannot be used in its fork" in said
            assert "connect after the fork" in said
            assert said.endswith(f", {-signal.SIGTERM}")
            order = f"pass::relayed-{number}"
            assert relay.pass_on(question=order, timeout=20) == order
    assert "connection to the broker is lost" not in run.said
    assert len(children(run.pid)) == 1
    assert set(journal.begun().values()) == {1}
    assert run.stop() == 0
