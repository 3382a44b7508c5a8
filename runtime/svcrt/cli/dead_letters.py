"""Parked messages: what is known of one, and finding chosen ones in the dead queues of services."""

import hashlib
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property

from svcrt import topology, wire
from svcrt.amqp import AmqpLink, parking
from svcrt.amqp.browsing import MAX_HELD, Held, HeldMessage
from svcrt.cli.contracts import Contracts, full_name
from svcrt.errors import StartError
from svcrt.types import Message

ANSWER_SECONDS = 60.0
_LOOKS = 3
_PAUSE = 0.3
"""Between looks: what another operator holds at this moment is back a moment later."""
_BROKERS_HEADERS = ("x-death", "x-delivery-count", "x-acquired-count", "x-first-death-", "x-last-death-")
"""Written by the broker. The counts grow each time that somebody looks."""


@dataclass(frozen=True)
class DeadLetter:
    """A message that `service` (full name) could not handle, or that the broker gave up; it lies here by `key`."""

    service: str
    message: Message
    key: str = ""

    @property
    def id(self) -> str:
        """Its message id; for one without, `~` and digits of its content."""
        return self.message.message_id or f"~{self.fingerprint[:12]}"

    @cached_property
    def fingerprint(self) -> str:
        """Hexadecimal digits that tell it from every other: one event can be parked by two of its handlers."""
        message = self.message
        headers = sorted(own_headers(message).items())
        content = repr((message.message_id, message.type, message.body, headers, self.queue))
        return hashlib.sha256(content.encode()).hexdigest()

    @property
    def at(self) -> str:
        """When it was parked, ISO 8601, UTC; empty when the broker did that."""
        return self._header(parking.TIME_HEADER)

    @property
    def first_at(self) -> str:
        """When it failed for the first time, ISO 8601, UTC; may be empty."""
        return self._header(parking.FIRST_HEADER)

    @property
    def error(self) -> str:
        """Name of the error; of what the broker gave up its reason, such as `delivery_limit`."""
        return self._broker_reason or self._header(wire.ERROR_HEADER)

    @property
    def attempt(self) -> str:
        """How often it was tried."""
        return self._header(wire.ATTEMPT_HEADER)

    @property
    def reason(self) -> str:
        """What the exception said, one line."""
        if self._broker_reason:
            return f"the broker gave it up ({self._broker_reason})"
        return self._header(parking.REASON_HEADER)

    @property
    def queue(self) -> str:
        """The work queue that it came from; empty when nothing tells."""
        if named := self._header(parking.QUEUE_HEADER):
            return named
        # What the broker gives up comes by the name of its work queue.
        return self.key if self.key.startswith("svc.") else self._header("x-first-death-queue")

    @property
    def cut(self) -> str:
        """How many bytes its body had, if only the first of them are here."""
        return self._header(parking.CUT_HEADER)

    @property
    def is_event(self) -> bool:
        """Whether it is an event, not a job."""
        route = self._header(parking.ROUTE_HEADER)
        return route.startswith(f"{topology.EVENT_EXCHANGE}/") or self.queue.startswith(f"{topology.EVENT_EXCHANGE}.")

    @property
    def _broker_reason(self) -> str:
        """Why the broker parked it; empty when a service did."""
        if self.at:
            return ""
        named = self._header("x-last-death-reason") or self._header("x-first-death-reason")
        return named or ("unroutable" if self.key.startswith("svc.") else "")

    def _header(self, name: str) -> str:
        return self.message.headers.get(name, "")


def own_headers(message: Message) -> dict[str, str]:
    """Return the headers that are not the broker's."""
    return {name: value for name, value in message.headers.items() if not name.startswith(_BROKERS_HEADERS)}


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
    full = [full_name(name, contracts.services, "service") for name in names] or sorted(contracts.services)
    return list(dict.fromkeys(full))


class DeadQueues:
    """The dead queues of `services` (full names), seen over `link`: of each service the classic and the quorum one."""

    def __init__(self, link: AmqpLink, services: Sequence[str]) -> None:
        self.link = link
        self._services = services

    def find(self, *, limit: int = MAX_HELD, is_wanted: Callable[[DeadLetter], bool] = lambda _: True) -> Found:
        """Look at the first `limit` messages of each queue; raises BrokerError."""
        letters: list[DeadLetter] = []
        queues: list[str] = []
        more = 0
        for service in self._services:
            for queue in topology.dead_queue_names(service):
                with self.link.holding(queue, limit=limit, timeout=ANSWER_SECONDS) as held:
                    if held is not None:
                        queues.append(queue)
                        more += held.more
                        letters += [letter for each in held.messages if is_wanted(letter := _letter(service, each))]
        return Found(letters=tuple(letters), queues=tuple(queues), more=more)

    def find_by_id(self, ids: Iterable[str], *, is_wanted: Callable[[DeadLetter], bool] = lambda _: True) -> Found:
        """Return the messages with these ids that are wanted, in the order of the queues.

        Raises:
            StartError: there is none of one of them.
        """
        wanted = set(ids)
        for look in range(_LOOKS):
            if look:
                time.sleep(_PAUSE)
            found = self.find(is_wanted=lambda letter: letter.id in wanted and is_wanted(letter))
            missing = wanted - {letter.id for letter in found.letters}
            if not missing:
                return found
        named = ", ".join(f"`{each}`" for each in sorted(missing))
        raise StartError(
            f"nothing parked has the id {named}; looked in {', '.join(found.queues) or 'no queue: there is none'}"
        )

    def drop(self, letters: Iterable[DeadLetter]) -> int:
        """Take these very messages out and return how many were there; raises BrokerError."""
        dropped = 0
        with closing(self.each_held(letters)) as steps:
            for held, here in steps:
                for _, message in here:
                    held.drop(message)
                dropped += len(here)
        return dropped

    def each_held(
        self, letters: Iterable[DeadLetter]
    ) -> Generator[tuple[Held, Sequence[tuple[DeadLetter, HeldMessage]]], None, None]:
        """Find these very messages again and yield them, dead queue by dead queue, while they are held.

        Each is looked for until it was there. Whatever is the same to the last byte comes with it, however often it
        lies there. Raises BrokerError.
        """
        left = {letter.fingerprint: letter.service for letter in letters}
        for look in range(_LOOKS):
            if look and left:
                time.sleep(_PAUSE)
            seen: set[str] = set()
            for service in sorted(set(left.values())):
                for queue in topology.dead_queue_names(service):
                    with self.link.holding(queue, limit=MAX_HELD, timeout=ANSWER_SECONDS) as held:
                        here = [(_letter(service, each), each) for each in (held.messages if held else ())]
                        here = [(letter, each) for letter, each in here if letter.fingerprint in left]
                        if held is not None and here:
                            seen.update(letter.fingerprint for letter, _ in here)
                            yield held, here
            for fingerprint in seen:
                del left[fingerprint]


def _letter(service: str, held: HeldMessage) -> DeadLetter:
    return DeadLetter(service, held.message, held.key)
