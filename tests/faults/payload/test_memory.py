"""What a flood of big messages leaves behind in a service."""

from pathlib import Path

import amqp

import svcrt
from amqp_client import connect
from cli_waiting import children
from journal import Journal
from journal_run import start_services
from link_kinds import chosen
from probe_v1 import ProbeClient
from waiting import wait_until

BODY = b'{"text": "' + b"x" * 17_000_000 + b'"}'
COUNT = 12
KEPT = 20
"""MiB that a service may have more than before, long after the flood: less than two of the messages."""


def resident(process: int) -> int:
    """Return the memory that a process holds, in MiB."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS"))


def test_a_flood_of_messages_beyond_the_limit_leaves_no_memory_behind(
    tmp_path: Path, rabbitmq_vhost_url: str, link: str
) -> None:
    """Requests and jobs of 17 MB are refused and parked in part; the memory that they took goes back to the system."""
    with start_services(tmp_path, rabbitmq_vhost_url, link, Journal(tmp_path / "journal")) as run:
        (worker,) = children(run.pid)
        before = resident(worker)
        client = connect(rabbitmq_vhost_url)
        channel = client.channel()
        reply_to = channel.queue_declare("", exclusive=True).queue
        for number in range(COUNT):
            for exchange, kind in (("svc.rpc", "ask"), ("svc.job", "remember")):
                message = amqp.Message(
                    BODY,
                    content_type="application/json",
                    type=kind,
                    correlation_id="1",
                    message_id=f"{kind}-{number}",
                    reply_to=reply_to,
                )
                channel.basic_publish(message, exchange=exchange, routing_key="probe.v1.Probe")
        wait_until(lambda: channel.queue_declare("svc.dead.probe.v1.Probe", passive=True).message_count == COUNT)
        client.close()
        with svcrt.connect(rabbitmq_vhost_url, **chosen(link)) as cluster:
            assert ProbeClient(cluster).ask(question="pass::after", timeout=30) == "pass::after"
        wait_until(lambda: resident(worker) - before < KEPT, what=f"less than {KEPT} MiB more")
        assert run.stop() == 0
