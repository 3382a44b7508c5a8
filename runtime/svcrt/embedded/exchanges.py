"""Exchanges: which of their bindings a routing key matches."""

from collections.abc import Iterable
from typing import Protocol, TypeAlias

from .queues import Queue
from .tables import Table

__all__ = ["Destination", "Exchange", "EXCHANGE_KINDS"]

Destination: TypeAlias = "Queue | Exchange"
_CACHED_KEYS = 10_000


class _Matcher(Protocol):
    def add(self, key: str, destination: Destination) -> None: ...
    def remove(self, key: str, destination: Destination) -> None: ...
    def match(self, key: str) -> Iterable[Destination]: ...


class _Direct:
    """The binding's key equals the message's."""

    def __init__(self) -> None:
        self._by_key: dict[str, dict[Destination, None]] = {}

    def add(self, key: str, destination: Destination) -> None:
        self._by_key.setdefault(key, {})[destination] = None

    def remove(self, key: str, destination: Destination) -> None:
        bound = self._by_key[key]
        del bound[destination]
        if not bound:
            del self._by_key[key]

    def match(self, key: str) -> Iterable[Destination]:
        return self._by_key.get(key, ())


class _Fanout:
    """Every binding matches; a destination bound by several keys gets one copy."""

    def __init__(self) -> None:
        self._keys: dict[Destination, set[str]] = {}

    def add(self, key: str, destination: Destination) -> None:
        self._keys.setdefault(destination, set()).add(key)

    def remove(self, key: str, destination: Destination) -> None:
        keys = self._keys[destination]
        keys.remove(key)
        if not keys:
            del self._keys[destination]

    def match(self, key: str) -> Iterable[Destination]:
        return self._keys


class _Topic:
    """Words between dots; ``*`` stands for one word, ``#`` for any number."""

    def __init__(self) -> None:
        self._literal = _Direct()
        self._patterns: dict[str, dict[Destination, None]] = {}
        self._matches: dict[str, tuple[Destination, ...]] = {}

    def add(self, key: str, destination: Destination) -> None:
        self._matches.clear()
        if _is_pattern(key):
            self._patterns.setdefault(key, {})[destination] = None
        else:
            self._literal.add(key, destination)

    def remove(self, key: str, destination: Destination) -> None:
        self._matches.clear()
        if not _is_pattern(key):
            self._literal.remove(key, destination)
            return
        bound = self._patterns[key]
        del bound[destination]
        if not bound:
            del self._patterns[key]

    def match(self, key: str) -> Iterable[Destination]:
        found = self._matches.get(key)
        if found is None:
            found = self._search(key)
            if len(self._matches) >= _CACHED_KEYS:
                self._matches.clear()
            self._matches[key] = found
        return found

    def _search(self, key: str) -> tuple[Destination, ...]:
        found = dict.fromkeys(self._literal.match(key))
        words = key.split(".") if key else []  # RabbitMQ's reading: an empty key has no words, not an empty one
        for pattern, bound in self._patterns.items():
            if _topic_matches(pattern.split("."), words):
                found.update(bound)
        return tuple(found)


def _is_pattern(key: str) -> bool:
    return "*" in key or "#" in key


def _topic_matches(pattern: list[str], words: list[str]) -> bool:
    # One row per pattern word: reached[i] says that the pattern so far can match the first i words. No backtracking,
    # so a hostile pattern costs the product of both lengths and not an exponential.
    reached = [True] + [False] * len(words)
    for part in pattern:
        if part == "#":
            for index in range(1, len(reached)):
                reached[index] = reached[index] or reached[index - 1]
        else:
            matches = [part in ("*", word) for word in words]
            reached = [False] + [reached[index] and matches[index] for index in range(len(words))]
    return reached[-1]


_MATCHERS: dict[str, type[_Direct] | type[_Fanout] | type[_Topic]] = {
    "direct": _Direct,
    "fanout": _Fanout,
    "topic": _Topic,
}
EXCHANGE_KINDS = frozenset(_MATCHERS)


class Exchange:
    """A named set of bindings.

    Attributes:
        name: Empty for the default exchange.
        alternate: Name of the exchange that gets what matches no binding here.
    """

    def __init__(
        self, *, name: str, kind: str, durable: bool, auto_delete: bool, internal: bool, arguments: Table
    ) -> None:
        self.name = name
        self.kind = kind
        self.durable = durable
        self.auto_delete = auto_delete
        self.internal = internal
        alternate = arguments.get("alternate-exchange")
        self.alternate = alternate if isinstance(alternate, str) else None
        self._bindings: dict[tuple[str, Destination], None] = {}
        self._matcher: _Matcher = _MATCHERS[kind]()

    @property
    def bound(self) -> bool:
        """Whether it has a binding."""
        return bool(self._bindings)

    def bind(self, key: str, destination: Destination) -> None:
        """Add a binding; a second equal one changes nothing."""
        if (key, destination) not in self._bindings:
            self._bindings[key, destination] = None
            self._matcher.add(key, destination)

    def unbind(self, key: str, destination: Destination) -> bool:
        """Remove a binding; tell whether there was one."""
        if (key, destination) not in self._bindings:
            return False
        del self._bindings[key, destination]
        self._matcher.remove(key, destination)
        return True

    def forget(self, destination: Destination) -> bool:
        """Remove every binding to a destination; tell whether there was one."""
        keys = [key for key, bound in self._bindings if bound is destination]
        for key in keys:
            self.unbind(key, destination)
        return bool(keys)

    def match(self, key: str) -> Iterable[Destination]:
        """Return the destinations whose bindings match, each once."""
        return self._matcher.match(key)
