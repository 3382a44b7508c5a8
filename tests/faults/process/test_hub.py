"""Handlers that hold up the hub: heartbeats go on, since they depend neither on traffic nor on user code."""

import pytest

import svcrt
from journal import Journal
from journal_run import Serve
from link_kinds import chosen
from probe_v1 import ProbeClient

HEARTBEAT = 1.0
BEATS = 3.5
"""RabbitMQ gives a client up that was silent for two to three of its heartbeats."""


@pytest.mark.slow
@pytest.mark.parametrize("how", ["compute", "block"])
def test_a_handler_that_holds_up_the_hub_keeps_its_connection(
    rabbitmq_vhost_url: str, link: str, serve: Serve, journal: Journal, how: str
) -> None:
    """A handler that computes, or blocks in C, for more than three heartbeats is answered; no connection is lost."""
    run = serve(SVCGEN_HEARTBEAT=f"{HEARTBEAT:g}")
    order = f"{how}:{BEATS * HEARTBEAT}:a"
    with svcrt.connect(rabbitmq_vhost_url, **chosen(link)) as cluster:
        probe = ProbeClient(cluster)
        assert probe.ask(question=order, timeout=30) == order
        assert probe.ask(question="pass::after", timeout=30) == "pass::after"
    assert "connection to the broker is lost" not in run.said
    assert journal.begun() == {order: 1, "pass::after": 1}
    assert run.stop() == 0
