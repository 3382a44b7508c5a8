"""Parked messages: finding them in the dead queues of services, and taking chosen ones out."""

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from svcrt import topology, wire
from svcrt.amqp import AmqpLink, parking
from svcrt.amqp.browsing import MAX_HELD
from svcrt.cli.contracts import Contracts, full_name
from svcrt.errors import StartError
from svcrt.types import Message

_ANSWER_SECONDS = 60.0
_LOOKS = 3
_PAUSE = 0.3
"""Between looks: what another operator holds at this moment is back a moment later."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that `service` (full name) could not handle."""

    service: str
    message: Message

    @property
    def id(self) -> str:
        """Its message id; for one without, `~` and digits of its content."""
        return self.message.message_id or f"~{self.fingerprint[:12]}"

    @property
    def fingerprint(self) -> str:
        """Hexadecimal digits that tell it from every other: one event can be parked by two of its handlers."""
        message = self.message
        content = repr((message.message_id, message.type, message.body, sorted(message.headers.items())))
        return hashlib.sha256(content.encode()).hexdigest()

    @property
    def at(self) -> str:
        """When it was parked, ISO 8601, UTC."""
        return self._header(parking.TIME_HEADER)

    @property
    def error(self) -> str:
        """Name of the error."""
        return self._header(wire.ERROR_HEADER)

    @property
    def attempt(self) -> str:
        """How often it was tried."""
        return self._header(wire.ATTEMPT_HEADER)

    @property
    def reason(self) -> str:
        """What the exception said, one line."""
        return self._header(parking.REASON_HEADER)

    @property
    def queue(self) -> str:
        """The work queue that it came from."""
        return self._header(parking.QUEUE_HEADER)

    @property
    def is_event(self) -> bool:
        """Whether it is an event, not a job."""
        return self._header(parking.ROUTE_HEADER).startswith(f"{topology.EVENT_EXCHANGE}/")

    def _header(self, name: str) -> str:
        return self.message.headers.get(name, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Dead letters, the dead queues that exist, and how many messages lie behind those that were looked at."""

    letters: tuple[DeadLetter, ...]
    queues: tuple[str, ...]
    more: int


def chosen_services(names: Sequence[str], contracts: Contracts) -> list[str]:
    """Return full names of the services to look at.

    Args:
        names: full, or short where one contract has such a service; none means all that have a contract here.
        contracts: what is known here.

    Raises:
        StartError: nothing was named and nothing is known, or a short name is that of none or several.
    """
    if not names and not contracts.services:
        raise StartError(
            "no contracts found here; name the service in full, as in `acme.orders.v1.Orders`: "
            "AMQP has no way to list queues"
        )
    return [full_name(name, contracts.services, "service") for name in names] or sorted(contracts.services)


class DeadQueues:
    """The dead queues of `services` (full names), seen over `link`."""

    def __init__(self, link: AmqpLink, services: Sequence[str]) -> None:
        self._link = link
        self._services = services

    def find(self, *, limit: int = MAX_HELD, is_wanted: Callable[[DeadLetter], bool] = lambda _: True) -> Found:
        """Look at the first `limit` messages of each queue; raises BrokerError."""
        letters: list[DeadLetter] = []
        queues: list[str] = []
        more = 0
        for service in self._services:
            queue = topology.dead_queue(service).name
            found = self._link.browse(queue, limit=limit, timeout=_ANSWER_SECONDS)
            if found is not None:
                queues.append(queue)
                more += found.more
                letters += [letter for each in found.messages if is_wanted(letter := DeadLetter(service, each))]
        return Found(letters=tuple(letters), queues=tuple(queues), more=more)

    def find_by_id(self, ids: Iterable[str]) -> list[DeadLetter]:
        """Return the messages with these ids, in the order of the queues.

        Raises:
            StartError: there is none of one of them.
        """
        wanted = set(ids)
        for look in range(_LOOKS):
            if look:
                time.sleep(_PAUSE)
            found = self.find(is_wanted=lambda letter: letter.id in wanted)
            missing = wanted - {letter.id for letter in found.letters}
            if not missing:
                return list(found.letters)
        named = ", ".join(f"`{each}`" for each in sorted(missing))
        raise StartError(
            f"nothing parked has the id {named}; looked in {', '.join(found.queues) or 'no queue: there is none'}"
        )

    def drop(self, letters: Iterable[DeadLetter]) -> int:
        """Take these very messages out and return how many were there; raises BrokerError."""
        left = {letter.fingerprint: letter.service for letter in letters}
        dropped = 0
        for look in range(_LOOKS):
            if look and left:
                time.sleep(_PAUSE)
            for service in sorted(set(left.values())):
                found = self._link.browse(
                    topology.dead_queue(service).name,
                    limit=MAX_HELD,
                    is_dropped=lambda message, service=service: DeadLetter(service, message).fingerprint in left,  # type: ignore[misc] # a default is no parameter
                    timeout=_ANSWER_SECONDS,
                )
                for message in () if found is None else found.dropped:
                    dropped += 1
                    left.pop(DeadLetter(service, message).fingerprint, None)
        return dropped
