"""Which way a type travels, and who is hurt when the two ends read it differently."""

import enum
from collections.abc import Iterator
from typing import TypeAlias

from svcidl import model


class Direction(enum.StrEnum):
    """One way in which a type is written and read."""

    REQUEST = "request"
    """A client writes, the service reads."""
    RESPONSE = "response"
    """The service writes, a client reads."""
    STORED = "stored"
    """Events, oneway and what is parked of them: any version writes, any version reads."""
    HTTP = "http"
    """Beside another one: written by a client over HTTP or a socket, where fields that are not known are refused."""


Reach: TypeAlias = frozenset[Direction]
"""All ways of one type; empty where nothing reaches it."""

OLD_TO_NEW: Reach = frozenset((Direction.REQUEST, Direction.STORED))
"""The old version writes, the new one reads: what the new one takes less of breaks here."""
NEW_TO_OLD: Reach = frozenset((Direction.RESPONSE, Direction.STORED))
"""The new version writes, the old one reads: what the new one writes more of breaks here."""

_OLD_TO_NEW_BREAKS = {
    Direction.REQUEST: "requests of old clients are refused",
    Direction.STORED: "old messages in queues are refused",
}
_NEW_TO_OLD_BREAKS = {
    Direction.RESPONSE: "old clients refuse the answers",
    Direction.STORED: "old services refuse new messages",
}


def refused_by_new(reach: Reach) -> str:
    """Say who breaks because the new version refuses what the old one writes; "" for nobody."""
    return _joined(text for way, text in _OLD_TO_NEW_BREAKS.items() if way in reach)


def refused_by_old(reach: Reach) -> str:
    """Say who breaks because the old version refuses what the new one writes; "" for nobody."""
    return _joined(text for way, text in _NEW_TO_OLD_BREAKS.items() if way in reach)


def refused_by_either(reach: Reach) -> str:
    """Say who breaks because neither version reads what the other one writes; "" for nobody."""
    return _joined(text for text in (refused_by_new(reach), refused_by_old(reach)) if text)


def _joined(texts: Iterator[str]) -> str:
    return ", ".join(texts)


def roots(member: model.AnyMember) -> Iterator[tuple[model.Type | model.Error, Reach]]:
    """Yield what a member says and hears, with the way that it travels."""
    for parameter in parameters(member):
        yield parameter.type, parameter_reach(member)
    if isinstance(member, model.Rpc):
        if member.result is not None:
            yield member.result, frozenset((Direction.RESPONSE,))
        for error in member.throws:
            yield error, frozenset((Direction.RESPONSE,))
    if isinstance(member, model.Socket):
        yield member.receives, frozenset((Direction.REQUEST, Direction.HTTP))
        yield member.sends, frozenset((Direction.RESPONSE,))


def parameters(member: model.AnyMember) -> tuple[model.Parameter, ...]:
    """Return the parameters of a member, none where it has none."""
    return () if isinstance(member, model.Subscription | model.Timer) else member.parameters


def parameter_reach(member: model.AnyMember) -> Reach:
    """Return the way of a member's parameters: they are fields of a request, those of oneway of a job that waits."""
    way = Direction.STORED if isinstance(member, model.Oneway) else Direction.REQUEST
    return frozenset((way,)) if binding(member) is None else frozenset((way, Direction.HTTP))


class Reached:
    """Collects the ways of every declaration that is reached from what is added."""

    def __init__(self) -> None:
        self._found: dict[model.Declaration, Reach] = {}

    def of(self, declaration: model.Declaration) -> Reach:
        """Return the ways of a declaration, none if nothing reaches it."""
        return self._found.get(declaration, frozenset())

    def add(self, start: "model.Type | model.Declaration", reach: Reach) -> None:
        """Add all that `start` is made of."""
        open_: list[model.Type | model.Declaration] = [start]
        while open_:
            item = open_.pop()
            if isinstance(item, model.Scalar):
                continue
            if isinstance(item, model.TopLevel):
                if reach <= self.of(item):
                    continue
                self._found[item] = self.of(item) | reach
            open_ += _inside(item)


def _inside(item: "model.Type | model.Declaration") -> "list[model.Type | model.Declaration]":
    match item:
        case model.ListOf() | model.SetOf() | model.OptionalOf():
            return [item.item]
        case model.MapOf():
            return [item.key, item.value]
        case model.Named():
            return [item.target]
        case model.Alias():
            return [item.type]
        case model.Union():
            return list(item.variants)
        case model.Struct() | model.Error() | model.Event():
            return [field.type for field in item.fields]
        case _:
            return []


def binding(member: model.AnyMember) -> model.HttpBinding | None:
    """Return how HTTP reaches a member, None if it does not."""
    return None if isinstance(member, model.Subscription | model.Timer) else member.http
