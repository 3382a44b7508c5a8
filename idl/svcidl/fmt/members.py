"""The members of a service."""

from collections.abc import Callable, Mapping

from svcidl.fmt.document import HARD, LINE, Doc, Group, Indent
from svcidl.fmt.parts import annotations, before_reference, parameters, reference, reserved, type_use
from svcidl.fmt.reader import Reader


def member(reader: Reader) -> Doc:
    """Read one member with its annotations, or `reserved(…)`."""
    before = annotations(reader)
    return [*before, _MEMBERS[reader.next.text](reader)]


def _call(reader: Reader) -> Doc:
    """Read `rpc m(…) -> stream T throws E, F http …`, also `oneway m(…) http …`."""
    parts = [*reader.words(2), parameters(reader)]
    if reader.next.text == "->":
        parts += [" ", reader.take(), " "]
        if reader.next.text == "stream":
            parts += [reader.take(), " "]
        parts.append(type_use(reader))
    if reader.next.text == "throws":
        parts.append(Group(Indent([*reader.flush(), LINE, reader.take(), _events(reader)])))
    if reader.next.text == "http":
        parts.append(Indent([*reader.flush(), HARD, *_http(reader)]))
    return parts


def _http(reader: Reader) -> list[Doc]:
    parts = reader.words(3)
    for word in ("body", "status"):
        if reader.next.text == word:
            parts += [" ", *reader.words(2)]
    return parts


def _publishes(reader: Reader) -> Doc:
    return [reader.take(), _events(reader)]


def _events(reader: Reader) -> Doc:
    """Read references with commas between them, all on this line or each on one of its own."""
    return Group(Indent([*reader.flush(), LINE, reader.separated(reference)]))


def _subscribes(reader: Reader) -> Doc:
    return [reader.take(), " ", reference(reader), " ", *reader.words(2)]


def _uses(reader: Reader) -> Doc:
    parts = [reader.take(), " ", reference(reader)]
    return [*parts, " ", *reader.words(2)] if reader.next.text == "as" else parts


def _route(reader: Reader) -> Doc:
    parts = reader.words(4)
    return [*parts, " ", parameters(reader)] if reader.next.text == "(" else parts


def _socket(reader: Reader) -> Doc:
    parts = reader.words(3)
    if reader.next.text == "(":
        parts += [" ", parameters(reader)]
    kinds: list[Doc] = []
    for _ in ("receives", "sends"):
        kinds += [*reader.flush(), LINE, before_reference(reader), " ", type_use(reader)]
    return [*parts, Group(Indent(kinds))]


def _timer(reader: Reader) -> Doc:
    """Read `timer m every 30s` or `timer m cron "…" tz "…"`."""
    parts = reader.words(4)
    return [*parts, " ", *reader.words(2)] if reader.next.text == "tz" else parts


_MEMBERS: Mapping[str, Callable[[Reader], Doc]] = {
    "rpc": _call,
    "oneway": _call,
    "publishes": _publishes,
    "subscribes": _subscribes,
    "uses": _uses,
    "route": _route,
    "socket": _socket,
    "timer": _timer,
    "reserved": reserved,
}
