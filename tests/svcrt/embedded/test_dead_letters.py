from typing import Any

import pytest
from pamqp import commands
from pamqp.header import ContentHeader

from sansio_client import Client, make_broker


@pytest.mark.parametrize(
    "forged", ["text", [1, "two"], [{"queue": 7, "count": "many", "routing-keys": [1, "k"], "extra": 1.5}], None]
)
def test_a_forged_history_does_no_harm(forged: Any) -> None:
    broker, _ = make_broker()
    client = Client(broker).open()
    arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead"}
    client.send(commands.Queue.Declare(queue="work", arguments=dict(arguments)))
    client.send(commands.Queue.Declare(queue="dead"))
    client.publish("work", headers={"x-death": forged, "svc": "kept"})
    client.send(commands.Basic.Get(queue="work"))
    client.send(commands.Basic.Reject(delivery_tag=1, requeue=False))
    client.received()
    client.send(commands.Basic.Get(queue="dead"))
    (header,) = [value for value in client.received() if isinstance(value, ContentHeader)]
    headers = header.properties.headers
    assert headers is not None
    assert headers["svc"] == "kept"
    history: Any = headers["x-death"]
    assert (history[0]["queue"], history[0]["count"]) == ("work", 1)
