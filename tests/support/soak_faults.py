"""What a soak breaks: each fault is begun, lasts for a while and is healed again, all by numbers from one seed."""

import os
import random
import signal
from collections.abc import Callable, Mapping
from typing import Protocol

from fault_site import ServiceProcess
from rabbitmq_node import RabbitMQNode
from svcrt.testing import FaultProxy

__all__ = ["Faults", "Grounds"]


class Grounds(Protocol):
    """What faults are done to."""

    node: RabbitMQNode
    vhost: str
    proxies: list[FaultProxy]
    instances: list[ServiceProcess]

    def let_pass(self, seconds: float) -> None:
        """Let time pass under load; what ends meanwhile is started again."""

    def stop(self, number: int) -> None:
        """End an instance in good order; `let_pass` starts it again."""

    def poison(self, number: int) -> None:
        """Have a client send an event that ends whoever handles it."""


class Faults:
    """A deck of faults that is shuffled again when it is through: each comes, in no order.

    Args:
        seed: of all that is left to chance.
    """

    def __init__(self, grounds: Grounds, seed: int) -> None:
        self._on = grounds
        self._chance = random.Random(seed)
        self._deck: list[str] = []
        self.done: list[str] = []
        """Names of the faults so far."""
        self._kinds: Mapping[str, Callable[[], None]] = {
            "broker killed": self._kill_broker,
            "broker frozen": self._freeze_broker,
            "connections closed": self._close_connections,
            "memory alarm": self._raise_alarm,
            "reset": self._reset,
            "black hole": self._swallow,
            "half open": self._stall,
            "slow network": self._slow,
            "frame cut": self._cut,
            "no new connections": self._refuse,
            "instance killed": self._kill_instance,
            "instance stopped": self._stop_instance,
            "instance frozen": self._freeze_instance,
            "poison": self._poison,
        }

    def next(self) -> None:
        """Do the next fault, from its begin to its end."""
        if not self._deck:
            self._deck = list(self._kinds)
            self._chance.shuffle(self._deck)
        name = self._deck.pop()
        self.done.append(name)
        self._kinds[name]()

    def pause(self) -> float:
        """Return how long to wait before the next one, in seconds."""
        return self._chance.uniform(0.3, 2.0)

    def _last(self, least: float, most: float) -> None:
        self._on.let_pass(self._chance.uniform(least, most))

    def _proxy(self) -> FaultProxy:
        return self._chance.choice(self._on.proxies)

    def _number(self) -> int:
        return self._chance.randrange(len(self._on.instances))

    def _kill_broker(self) -> None:
        self._on.node.kill()
        self._last(0.0, 2.0)
        self._on.node.start()

    def _freeze_broker(self) -> None:
        with self._on.node.frozen():
            self._last(1.0, 4.0)

    def _close_connections(self) -> None:
        self._on.node.rabbitmqctl("close_all_connections", "--vhost", self._on.vhost, "soak")

    def _raise_alarm(self) -> None:
        self._on.node.rabbitmqctl("set_vm_memory_high_watermark", "0.000001")
        try:
            self._last(0.5, 3.0)
        finally:
            self._on.node.rabbitmqctl("set_vm_memory_high_watermark", "0.8")

    def _reset(self) -> None:
        proxy = self._proxy()
        self._chance.choice((proxy.reset, proxy.upstream.reset, proxy.downstream.reset))()

    def _swallow(self) -> None:
        proxy = self._proxy()
        self._chance.choice((proxy.upstream, proxy.downstream)).drop()
        self._last(0.5, 4.0)
        proxy.heal()

    def _stall(self) -> None:
        proxy = self._proxy()
        self._chance.choice((proxy.upstream, proxy.downstream)).half_open()
        self._last(0.5, 4.0)
        proxy.heal()

    def _slow(self) -> None:
        proxy = self._proxy()
        proxy.upstream.delay(self._chance.uniform(0.01, 0.3), 0.1)
        proxy.downstream.throttle(self._chance.uniform(20_000, 200_000))
        self._last(0.5, 3.0)
        proxy.heal()

    def _cut(self) -> None:
        proxy = self._proxy()
        self._chance.choice((proxy.upstream, proxy.downstream)).cut_frame(self._chance.randrange(8, 60))

    def _refuse(self) -> None:
        proxy = self._proxy()
        self._chance.choice((proxy.refuse, proxy.mute))()
        proxy.reset()
        self._last(0.5, 3.0)
        proxy.heal()

    def _kill_instance(self) -> None:
        os.kill(self._on.instances[self._number()].pid, signal.SIGKILL)

    def _stop_instance(self) -> None:
        self._on.stop(self._number())

    def _freeze_instance(self) -> None:
        pid = self._on.instances[self._number()].pid
        os.kill(pid, signal.SIGSTOP)
        try:
            self._last(0.5, 4.0)
        finally:
            os.kill(pid, signal.SIGCONT)

    def _poison(self) -> None:
        self._on.poison(self._chance.randrange(2))
