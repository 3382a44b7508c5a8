import subprocess
import sys

PROGRAM = """
from svcrt.concurrency.green import patch
patch()
import queue, sys
from svcrt.amqp import AmqpLink
from svcrt.concurrency import backend
from svcrt.types import Message, Queue
concurrency = backend("green")
link = AmqpLink(sys.argv[1].replace("127.0.0.1", "localhost"), concurrency, name="patched")
link.start(wait=20)
inbox = concurrency.channel()
link.consume(Queue(name="patched"), inbox.put, prefetch=1)
for number in range(200):
    link.publish(Message(body=b"%d" % number), exchange="", routing_key="patched", timeout=20)
    delivery = inbox.get(timeout=20)
    assert delivery.message.body == b"%d" % number
    delivery.ack()
link.stop()
print("done")
"""


def test_the_link_works_in_a_patched_process(broker_url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-c", PROGRAM, broker_url],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("done\n", "")
