"""`acme.faults.v1.Target` with an event whose handler fails, or takes its process with it: what a soak hosts."""

import os
from dataclasses import replace
from typing import Final

from fault_ledger import Ledger
from fault_service import TARGET, Target, host
from svcrt.generated import Event, Retry, Struct, Subscription

__all__ = ["DOOMED", "Doom", "Soaked", "main"]


class Doom(Struct, kw_only=True):
    """An event that is to end in the dead queue; `kills` tells whether its handler dies instead of failing."""

    key: str
    kills: bool = False


DOOMED: Final = Event(name="acme.faults.v1.Doomed", payload=Doom)


class Soaked(Target):
    """The target of a soak."""

    contract = replace(
        TARGET,
        subscriptions=(
            *TARGET.subscriptions,
            Subscription(
                event=DOOMED,
                name="on_doomed",
                stub="on_doomed",
                retry=Retry(attempts=2, backoff_from=0.2, backoff_to=0.4),
            ),
        ),
        publishes=(*TARGET.publishes, DOOMED),
    )

    def on_doomed(self, event: Doom) -> None:
        ledger = self.config["ledger"]
        assert isinstance(ledger, Ledger)
        ledger.run(event.key)
        if event.kills:
            os._exit(9)
        raise ValueError("meant to fail")


def main(concurrency: str, ledger: str, name: str, heartbeat: str, *urls: str) -> None:
    """Host one instance; see `fault_service.host`."""
    host(Soaked, concurrency, ledger, name, heartbeat, urls)
