"""`acme.faults.v1.Target`, which notes in a ledger what it runs, and the program that hosts one instance of it."""

import inspect
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from fault_ledger import Ledger
from process_figures import figures
from svcrt.concurrency import backend
from svcrt.generated import Event, Oneway, Rpc, Service, ServiceBase, Struct, Subscription
from svcrt.providers import Config
from svcrt.runner import Runner

SERVICE: Final = "acme.faults.v1.Target"
WORKERS = 10


class Order(Struct, kw_only=True):
    """What to run: its key in the ledger, how long it takes, and ballast."""

    key: str
    seconds: float = 0.0
    ballast: str = ""


NOTED: Final = Event(name="acme.faults.v1.Noted", payload=Order)
ADD: Final[Rpc[Order, str]] = Rpc(service=SERVICE, name="add", stub="add", arguments=Order, result=str)
READ: Final[Rpc[Order, str]] = Rpc(
    service=SERVICE, name="read", stub="read", arguments=Order, result=str, idempotent=True
)
DO: Final = Oneway(service=SERVICE, name="do", stub="do", arguments=Order)
TARGET: Final = Service(
    name=SERVICE,
    rpcs=(ADD, READ),
    oneways=(DO,),
    subscriptions=(Subscription(event=NOTED, name="on_noted", stub="on_noted"),),
    publishes=(NOTED,),
)


class Target(ServiceBase):
    """Runs what it is told to, and answers with the ballast."""

    contract = TARGET
    config = Config()

    def add(self, *, key: str, seconds: float, ballast: str) -> str:
        return self.run(key, seconds, ballast)

    def read(self, *, key: str, seconds: float, ballast: str) -> str:
        return self.run(key, seconds, ballast)

    def do(self, *, key: str, seconds: float, ballast: str) -> None:
        self.run(key, seconds, ballast)

    def on_noted(self, event: Order) -> None:
        self.run(event.key, event.seconds, event.ballast)

    def run(self, key: str, seconds: float, ballast: str) -> str:
        ledger = self.config["ledger"]
        assert isinstance(ledger, Ledger)
        ledger.run(key)
        time.sleep(seconds)
        ledger.finish(key)
        return ballast


def link_option(function: Any) -> dict[str, Any]:
    """Return `link=` for a function that takes it: which implementation of the link SVCGEN_LINK asks for."""
    kind = os.environ.get("SVCGEN_LINK", "")
    return {"link": kind} if kind and "link" in inspect.signature(function).parameters else {}


def main(concurrency: str, ledger: str, name: str, heartbeat: str, *urls: str) -> None:
    """Host one instance on `green` or `threads` until SIGTERM; logs to standard error."""
    host(Target, concurrency, ledger, name, heartbeat, urls)


def host(service: type[Target], concurrency: str, ledger: str, name: str, heartbeat: str, urls: Sequence[str]) -> None:
    """Host an instance of `service` until SIGTERM; SIGUSR1 has it log its figures."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    runner = Runner(
        [service],
        broker=urls,
        concurrency=concurrency,
        heartbeat=float(heartbeat),
        max_workers=WORKERS,
        config={"ledger": Ledger(Path(ledger), by=name)},
        **link_option(Runner),
    )
    chosen = backend(concurrency)
    ended = chosen.flag()

    def hear(number: int) -> None:
        if number == signal.SIGTERM:
            ended.set()
        else:
            print(f"service: figures {figures()}", file=sys.stderr, flush=True)

    # Once for both: on `green` the last one that listens hears all.
    chosen.on_signal([signal.SIGTERM, signal.SIGUSR1], hear)
    runner.start()
    while not runner.ready:
        chosen.sleep(0.01)
    print("service: ready", file=sys.stderr, flush=True)
    while not ended.wait(60.0):
        pass
    runner.stop(5.0)
    print("service: stopped", file=sys.stderr, flush=True)
