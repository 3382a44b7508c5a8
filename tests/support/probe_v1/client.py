"""Clients of probe.v1."""

from concurrent.futures import Future

from probe_v1 import contract as contract_module
from probe_v1.types import Note
from svcrt.generated import ServiceClient, ServiceFutures


class ProbeClient(ServiceClient):
    """Calls `probe.v1.Probe`."""

    contract = contract_module.PROBE

    @property
    def futures(self) -> "ProbeFutures":
        """The same calls, each returning a `concurrent.futures.Future`."""
        return ProbeFutures(self)

    def ask(self, *, question: str, timeout: float | None = None) -> str:
        """Ask."""
        return self._call(contract_module.PROBE_ASK, contract_module.ProbeAskArguments(question=question), timeout)

    def again(self, *, question: str, timeout: float | None = None) -> Note:
        """Ask, idempotent."""
        return self._call(contract_module.PROBE_AGAIN, contract_module.ProbeAgainArguments(question=question), timeout)

    def one_at_a_time(self, *, question: str, timeout: float | None = None) -> None:
        """Ask, one after the other."""
        arguments = contract_module.ProbeOneAtATimeArguments(question=question)
        return self._call(contract_module.PROBE_ONE_AT_A_TIME, arguments, timeout)

    def remember(self, *, text: str) -> None:
        """Remember in the background."""
        self._send(contract_module.PROBE_REMEMBER, contract_module.ProbeRememberArguments(text=text))


class ProbeFutures(ServiceFutures):
    """Calls `probe.v1.Probe` without waiting."""

    def ask(self, *, question: str, timeout: float | None = None) -> Future[str]:
        """Ask."""
        return self._submit(contract_module.PROBE_ASK, contract_module.ProbeAskArguments(question=question), timeout)

    def again(self, *, question: str, timeout: float | None = None) -> Future[Note]:
        """Ask, idempotent."""
        arguments = contract_module.ProbeAgainArguments(question=question)
        return self._submit(contract_module.PROBE_AGAIN, arguments, timeout)


class RelayClient(ServiceClient):
    """Calls `probe.v1.Relay`."""

    contract = contract_module.RELAY

    def pass_on(self, *, question: str, timeout: float | None = None) -> str:
        """Ask the probe."""
        arguments = contract_module.RelayPassOnArguments(question=question)
        return self._call(contract_module.RELAY_PASS_ON, arguments, timeout)
