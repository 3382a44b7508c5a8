"""What was said lately, remembered by each instance for itself."""

from collections import defaultdict, deque

from chat.v1 import Message
from svcrt import DependencyProvider, WorkerContext

REMEMBERED = 50


class Memory:
    """The last messages of every room. Gone when the instance stops; one that starts later has not heard them."""

    def __init__(self) -> None:
        self._rooms: defaultdict[str, deque[Message]] = defaultdict(lambda: deque(maxlen=REMEMBERED))

    def add(self, message: Message) -> None:
        self._rooms[message.room].append(message)

    def of(self, room: str) -> tuple[Message, ...]:
        return tuple(self._rooms[room]) if room in self._rooms else ()


class History(DependencyProvider[Memory]):
    """The instance's one memory, the same for every worker."""

    def setup(self) -> None:
        self.memory = Memory()

    def get_dependency(self, context: WorkerContext) -> Memory:
        return self.memory
