"""A soak: three instances and two clients under one fault after the other, and whether the ledger balances after it."""

import json
import re
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import waiting
from amqp_client import connect
from fault_ledger import DONE, Ledger
from fault_service import SERVICE
from fault_site import GRACE, HEARTBEAT, ServiceProcess
from rabbitmq_node import RabbitMQNode
from soak_client_process import ClientProcess
from soak_faults import Faults
from soak_figures import Held, Totals, growth
from svcrt.testing import FaultProxy

__all__ = ["Soak"]

_INSTANCES, _CLIENTS = 3, 2
_ROUND_SECONDS = 60.0
_WARM_UP = 150
"""Orders that end well before the first fault."""
_SETTLE_SECONDS = 60.0
_DEAD_QUEUE = f"svc.dead.{SERVICE}"
_EXPECTED_ENDS = (0, 9, -9)
"""SIGTERM, poison, SIGKILL; SIGTERM before it was heard ends a process by the signal itself."""
_BUGS = re.compile(
    r"unexpected failure|a callback of|failed to take|could not be (taken|run)|call failed|breaks the contract"
)
"""What the runtime says only when it is wrong itself, whatever is done to it."""
_KINDS = ("rpc", "idempotent", "oneway", "event")


class Soak:
    """Everything that takes part, on a virtual host of its own. Use it as a context manager, call `run` once.

    Args:
        node: of nobody else meanwhile: it is killed and frozen.
        seed: of the faults and of what the clients send.
        concurrency: back end of the instances.
        link: implementation of the link of all.
    """

    def __init__(self, node: RabbitMQNode, folder: Path, *, seed: int, concurrency: str, link: str) -> None:
        self.node = node
        self._url = node.fresh_vhost()
        self.vhost = urlsplit(self._url).path[1:]
        self.totals = Totals(seed=seed, link=link, concurrency=concurrency)
        self._log = folder / "instances.log"
        self._wrong: list[str] = []
        self._parked: dict[str, str] = {}
        with ExitStack() as stack:
            self.ledger = stack.enter_context(closing(Ledger(folder / "ledger", by="soak")))
            count = _INSTANCES + _CLIENTS
            self.proxies = [stack.enter_context(FaultProxy(self._url, seed=seed)) for _ in range(count)]
            self.instances: list[ServiceProcess] = []
            stack.callback(self._end_instances)
            for number in range(_INSTANCES):
                self.instances.append(self._start(number))
            log = stack.enter_context((folder / "clients.log").open("w"))
            self._clients: list[ClientProcess] = []
            for number, proxy in enumerate(self.proxies[_INSTANCES:]):
                client = ClientProcess(
                    proxy.url,
                    self.ledger.path,
                    name=f"client{number}",
                    seed=seed + number,
                    heartbeat=HEARTBEAT,
                    link=link,
                    log=log,
                )
                stack.callback(client.close)
                self._clients.append(client)
            self._wait_ready()
            for client in self._clients:
                client.wait_ready()
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stack.close()

    def _end_instances(self) -> None:
        for number, instance in enumerate(self.instances):
            self._note_end(number, instance)

    def run(self, seconds: float) -> list[str]:
        """Go through faults for so long, in rounds of a minute; return every broken promise as a sentence."""
        faults = Faults(self, self.totals.seed)
        self._tell("go")
        waiting.wait_until(lambda: self.ledger.outcomes()[DONE] >= _WARM_UP, what="a warm-up")
        self._tell("pause")
        self._drain()
        before = self._measure()
        end = time.monotonic() + seconds
        while not self._wrong and (left := end - time.monotonic()) > 0:
            self._run_round(faults, min(left, _ROUND_SECONDS))
            self._wrong += growth(before, self._measure())
            self.ledger.clear()
        self.totals.faults.update(faults.done)
        return self._wrong

    def _run_round(self, faults: Faults, seconds: float) -> None:
        begun = time.monotonic()
        self._tell("go")
        while time.monotonic() - begun < seconds:
            faults.next()
            self.let_pass(faults.pause())
        self.totals.seconds += time.monotonic() - begun
        for proxy in self.proxies:
            proxy.heal()
        self._wait_ready()
        self._wait_for_work()
        self._tell("pause")
        self._drain()
        entries = self.ledger.read()
        # What a round before has sent may be run again in this one; a call of it may not.
        late = [key for key, entry in entries.items() if not entry.kind and "-rpc" not in key]
        stray = {f"{key} ran" for key in late} if self.totals.outcomes else set()
        self._wrong += [
            fault
            for fault in self.ledger.faults(grace=GRACE, parked=self._parked)
            if not any(fault.startswith(each) for each in stray)
        ]
        self.totals.parked += len(self._parked)
        self.totals.innocent += sum(entries[key].kind != "doomed" for key in self._parked if key in entries)
        self.totals.add(entries.values())
        self._parked.clear()

    # --- what faults are done to ---------------------------------------------------------------------------------

    def let_pass(self, seconds: float) -> None:
        """Let time pass under load; an instance that ends meanwhile is started again."""
        end = time.monotonic() + seconds
        while True:
            for number, instance in enumerate(self.instances):
                if not instance.running:
                    self._replace(number, instance)
            if time.monotonic() >= end:
                return
            time.sleep(0.05)

    def stop(self, number: int) -> None:
        """End an instance in good order; `let_pass` starts it again."""
        self.instances[number].stop()

    def poison(self, number: int) -> None:
        """Have a client send an event that ends whoever handles it."""
        self._clients[number].tell("poison")

    def _start(self, number: int) -> ServiceProcess:
        return ServiceProcess(
            [self.proxies[number].url],
            self.ledger.path,
            name=f"instance{number}",
            concurrency=self.totals.concurrency,
            link=self.totals.link,
            module="soak_service",
        )

    def _replace(self, number: int, ended: ServiceProcess) -> None:
        self._note_end(number, ended)
        if ended.code not in _EXPECTED_ENDS and not (ended.code == -15 and not ended.said):
            self._wrong.append(f"instance {number} ended with {ended.code}:\n{ended.said[-4000:]}")
        self.instances[number] = self._start(number)

    def _note_end(self, number: int, ended: ServiceProcess) -> None:
        ended.stop()
        self._wrong += _unexpected(ended.said)
        with self._log.open("a") as log:
            log.write(f"=== instance {number} ended with {ended.code}\n{ended.said}")

    # --- a quiet moment ------------------------------------------------------------------------------------------

    def _tell(self, order: str) -> None:
        for client in self._clients:
            client.tell(order)

    def _wait(self, condition: Callable[[], object], what: str) -> None:
        """Wait for a condition; poison may be going round still."""
        end = time.monotonic() + _SETTLE_SECONDS
        while not condition():
            assert time.monotonic() < end, f"{what} did not come true within {_SETTLE_SECONDS:g} s"
            self.let_pass(0.05)

    def _wait_ready(self) -> None:
        self._wait(lambda: all("service: ready" in each.said for each in self.instances), "every instance ready")

    def _wait_for_work(self) -> None:
        """Wait until each client does each kind of work again."""
        since = time.monotonic()

        def works() -> bool:
            done = {
                (key.partition("-")[0], entry.kind)
                for key, entry in self.ledger.read().items()
                if entry.confirmed and entry.begun > since
            }
            return done >= {(client.name, kind) for client in self._clients for kind in _KINDS}

        self._wait(works, "every client doing all kinds of work again")

    def _drain(self) -> None:
        """Wait until what was confirmed has run or is parked."""

        def is_drained() -> bool:
            self._collect_parked()
            # What was not confirmed may be there all the same, and run until then.
            return not self.ledger.unheard(parked=self._parked) and not self._waiting()

        try:
            self._wait(is_drained, "everything confirmed run or parked")
        except AssertionError as error:
            self._wrong.append(f"{error}; the queues hold:\n{self._queues()}")

    def _waiting(self) -> int:
        """How many messages there are in all queues."""
        lines = self.node.rabbitmqctl("list_queues", "-p", self.vhost, "messages").split()
        return sum(int(each) for each in lines if each.isdigit())

    def _queues(self) -> str:
        return self.node.rabbitmqctl("list_queues", "-p", self.vhost, "name", "messages", "consumers")

    def _collect_parked(self) -> None:
        connection = connect(self._url)
        try:
            channel = connection.channel()
            while (message := channel.basic_get(_DEAD_QUEUE)) is not None:
                key = json.loads(message.body)["key"]
                self._parked[key] = " ".join(f"{name}={value}" for name, value in sorted(message.headers.items()))
                channel.basic_ack(message.delivery_tag)
        finally:
            connection.close()

    def _measure(self) -> Held:
        processes = {
            **{f"instance {number}": each.figures() for number, each in enumerate(self.instances)},
            **{each.name: each.figures() for each in self._clients},
        }
        self.totals.rss_kib = max([self.totals.rss_kib, *(each["rss_kib"] for each in processes.values())])
        self._wrong += [line for each in self.instances for line in _unexpected(each.said)]
        return Held(
            connections=self.node.rabbitmqctl("list_connections", "vhost").split().count(self.vhost),
            channels=self.node.rabbitmqctl("list_channels", "vhost").split().count(self.vhost),
            queues=len(self._queues().splitlines()),
            processes=processes,
        )


def _unexpected(said: str) -> Iterable[str]:
    """What an instance says that is no consequence of what was done to it, with what follows it."""
    for match in _BUGS.finditer(said):
        yield f"an instance says: {said[said.rfind(chr(10), 0, match.start()) + 1 : match.end() + 2000]}"
