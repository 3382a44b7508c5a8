"""`dead retry`: parked messages go back to the queues that they came from, each only once its copy is safe there."""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field, replace

from svcrt import topology, wire
from svcrt.cli.dead_letters import ANSWER_SECONDS, DeadLetter, DeadQueues, own_headers
from svcrt.errors import BrokerError, InvalidValue, Refused, StartError, Unroutable
from svcrt.types import Link, Message

_PUBLISH_SECONDS = 30.0
_DROPPED_HEADERS = (wire.ERROR_HEADER, wire.ATTEMPT_HEADER, "svc-crashes", "svc-dead-")
"""By how they begin: a message that is retried by hand starts anew."""


@dataclass(slots=True)
class Retried:
    """What became of chosen messages.

    Attributes:
        done: how many are back in their queues.
        gone: how many of the chosen ones somebody else has taken meanwhile.
        stayed: those that cannot be retried, with the reason as a clause.
    """

    done: int = 0
    gone: int = 0
    stayed: list[tuple[DeadLetter, str]] = field(default_factory=list)


def back_to(queue: str) -> tuple[str, str]:
    """Return exchange and routing key by which a message reaches the work queue `queue`."""
    return "", queue


def fresh(message: Message) -> Message:
    """Return the copy that is retried: same id and body, no word of what has failed or of where it lay."""
    headers = {name: value for name, value in own_headers(message).items() if not name.startswith(_DROPPED_HEADERS)}
    return replace(message, headers=headers, persistent=True, expiration=None, reply_to=None)


class Retry:
    """Retries messages of `queues`."""

    def __init__(self, queues: DeadQueues) -> None:
        self._queues = queues
        self._link: Link = queues.link
        self._targets: dict[str, str | None] = {}

    def check(self, letters: Iterable[DeadLetter]) -> Retried:
        """Tell what `run` would do, and do nothing. Raises BrokerError."""
        result = Retried()
        for letter in letters:
            _, why_not = self._target(letter)
            if why_not:
                result.stayed.append((letter, why_not))
            else:
                result.done += 1
        return result

    def run(self, letters: Iterable[DeadLetter]) -> Retried:
        """Give these very messages back. The original leaves when the broker has confirmed its copy.

        A crash in between leaves both: the message runs, and can be retried again.

        Raises:
            StartError: the broker was lost on the way; tells how far it went.
        """
        chosen = list(letters)
        result = Retried()
        given: set[str] = set()
        try:
            with closing(self._queues.each_held(chosen)) as steps:
                for held, here in steps:
                    for letter, message in here:
                        if self._is_safe(letter, given, result):
                            held.drop(message)
        except BrokerError as error:
            raise StartError(
                f"stopped after {result.done} messages: {error}; the others are parked as before, and the last of "
                "those given back may be parked still: `svcgen dead list` shows"
            ) from error
        seen = given | {letter.fingerprint for letter, _ in result.stayed}
        result.gone = sum(letter.fingerprint not in seen for letter in chosen)
        return result

    def _is_safe(self, letter: DeadLetter, given: set[str], result: Retried) -> bool:
        """Give it back, and tell whether it may go from here."""
        # Two dead queues of one service got a copy each; the time says that it is one failure.
        if letter.at and letter.fingerprint in given:
            return True
        why_not = self._give_back(letter)
        if why_not:
            result.stayed.append((letter, why_not))
            return False
        given.add(letter.fingerprint)
        result.done += 1
        return True

    def _give_back(self, letter: DeadLetter) -> str:
        queue, why_not = self._target(letter)
        if why_not:
            return why_not
        exchange, key = back_to(queue)
        try:
            self._link.publish(
                fresh(letter.message), exchange=exchange, routing_key=key, mandatory=True, timeout=_PUBLISH_SECONDS
            )
        except Unroutable:
            return _gone(letter.queue)
        except Refused as error:
            return f"queue `{queue}` does not take it: {error}"
        except InvalidValue as error:
            return f"it cannot be sent: {error}"
        return ""

    def _target(self, letter: DeadLetter) -> tuple[str, str]:
        """Return the queue to give it back to, and why that cannot be."""
        if letter.cut:
            return "", f"only a part of its {letter.cut} bytes was kept"
        name = letter.queue
        if not name:
            return "", "nothing tells which queue it came from"
        if not topology.is_work_queue(name):
            return "", f"it came from {name}, which no other process can reach"
        if name not in self._targets:
            self._targets[name] = self._find(name)
        queue = self._targets[name]
        return (queue, "") if queue else ("", _gone(name))

    def _find(self, name: str) -> str | None:
        """Return the queue of this name, or that of the other type which has taken its place."""
        states = {
            each: state
            for each in (name, topology.other_type(name))
            if (state := self._link.inspect(each, timeout=ANSWER_SECONDS)) is not None
        }
        consumed = [each for each, state in states.items() if state.consumers]
        return next(iter([*consumed, *states]), None)


def _gone(queue: str) -> str:
    return f"there is no queue `{queue}` any more; start the service that declares it first"
