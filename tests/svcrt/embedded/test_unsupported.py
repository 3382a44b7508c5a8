"""What the embedded broker does not have it refuses by name, with the code that AMQP has for it."""

from collections.abc import Callable

import pytest
from pamqp import commands

from amqp_client import RawClient

UNSUPPORTED: dict[str, Callable[[RawClient], None]] = {
    "transactions": lambda client: client.send(commands.Tx.Select()),
    "headers exchanges": lambda client: client.send(commands.Exchange.Declare(exchange="e", exchange_type="headers")),
    "immediate": lambda client: client.send(commands.Basic.Publish(routing_key="q", immediate=True)),
    "prefetch_size": lambda client: client.send(commands.Basic.Qos(prefetch_size=1)),
    "requeue=false": lambda client: client.send(commands.Basic.Recover(requeue=False)),
    "active=false": lambda client: client.send(commands.Channel.Flow(False)),
}


@pytest.mark.parametrize("what", UNSUPPORTED)
def test_it_answers_not_implemented(what: str, embedded_broker_url: str) -> None:
    with RawClient(embedded_broker_url).open() as client:
        UNSUPPORTED[what](client)
        close = client.expect(commands.Connection.Close)
        assert close.reply_code == 540
        assert what in close.reply_text
