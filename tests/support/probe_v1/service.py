"""Bases of the services of probe.v1."""

from abc import abstractmethod

from probe_v1 import contract as contract_module
from probe_v1.client import ProbeClient
from probe_v1.types import Happened, Note
from svcrt.generated import ClientProvider, Publisher, PublisherProvider, ServiceBase


class ProbeBase(ServiceBase):
    """Takes questions."""

    contract = contract_module.PROBE

    @abstractmethod
    def ask(self, *, question: str) -> str:
        """Ask."""

    @abstractmethod
    def again(self, *, question: str) -> Note:
        """Ask, idempotent."""

    @abstractmethod
    def one_at_a_time(self, *, question: str) -> None:
        """Ask, one after the other."""

    @abstractmethod
    def remember(self, *, text: str) -> None:
        """Remember in the background."""


class RelayPublisher(Publisher):
    """Announces the events of `Relay`."""

    def happened(self, event: Happened) -> None:
        """Announce `Happened`; returns when the broker has it."""
        self._publish(contract_module.HAPPENED, event)


class RelayBase(ServiceBase):
    """Passes questions on."""

    contract = contract_module.RELAY
    probe = ClientProvider(ProbeClient)
    publish = PublisherProvider(RelayPublisher)

    @abstractmethod
    def pass_on(self, *, question: str) -> str:
        """Ask the probe."""


class ListenerBase(ServiceBase):
    """Hears."""

    contract = contract_module.LISTENER

    @abstractmethod
    def on_pool(self, event: Happened) -> None:
        """One instance hears it."""

    @abstractmethod
    def on_broadcast(self, event: Happened) -> None:
        """Every instance hears it."""

    @abstractmethod
    def on_singleton(self, event: Happened) -> None:
        """One among all services hears it."""


class ClockBase(ServiceBase):
    """Ticks."""

    contract = contract_module.CLOCK

    @abstractmethod
    def tick(self) -> None:
        """Tick on one instance."""

    @abstractmethod
    def beat(self) -> None:
        """Beat on each instance."""
