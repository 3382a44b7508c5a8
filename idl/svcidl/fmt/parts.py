"""Types, literals, arguments, annotations and fields."""

from svcidl.fmt.document import HARD, LINE, Doc, Group
from svcidl.fmt.reader import Reader


def reference(reader: Reader) -> Doc:
    """Read `a.b.C`."""
    reader.glue(_length(reader, 0))
    parts = [reader.take()]
    while reader.next.text == ".":
        parts += [reader.take(), reader.take()]
    return parts


def before_reference(reader: Reader) -> Doc:
    """Read one mark or keyword that stays with the reference after it."""
    reader.glue(1 + _length(reader, 1))
    return reader.take()


def _length(reader: Reader, start: int) -> int:
    """Return how many tokens follow the first one of the reference `start` places from here, with `?` behind it."""
    dots = 2 * reader.run(".", start + 1, step=2)
    return dots + reader.run("?", start + dots + 1)


def type_use(reader: Reader) -> Doc:
    """Read `list<T>(1..5)?`."""
    parts = [reference(reader)]
    if reader.next.text == "<":
        # The grammar has no comma after the last argument of a type.
        parts.append(reader.bracketed(type_use, comma=""))
    if reader.next.text == "(":
        parts.append(reader.bracketed(_argument))
    while reader.next.text == "?":
        parts.append(reader.take())
    return parts


def literal(reader: Reader) -> Doc:
    """Read a scalar, a word, `[…]` or `{}`."""
    if reader.next.text in ("[", "{"):
        return reader.bracketed(_value)
    return reader.take()


def annotations(reader: Reader) -> list[Doc]:
    """Read the annotations before a thing; those on a line of their own stay there."""
    parts: list[Doc] = []
    while reader.next.text == "@":
        parts += reader.lead()
        one: list[Doc] = [reader.take(), reader.take()]
        if reader.next.text == "(":
            one.append(reader.bracketed(_argument))
        if reader.next.first:
            parts += [*one, *reader.flush(), HARD]
        else:
            parts.append(Group([*one, LINE]))
    return parts


def field(reader: Reader) -> Doc:
    """Read `name: type = default`, or `reserved(…)`."""
    if reader.next.text == "reserved" and reader.after == "(":
        return reserved(reader)
    parts = [*annotations(reader), reader.take(), reader.take(), " ", type_use(reader)]
    if reader.next.text == "=":
        parts += [" ", reader.take(), " ", literal(reader)]
    return parts


def parameters(reader: Reader) -> Doc:
    """Read `(a: int, b: str)`."""
    return reader.bracketed(field)


def reserved(reader: Reader) -> Doc:
    """Read `reserved(a, b)`."""
    return [reader.take(), reader.bracketed(_value)]


def _argument(reader: Reader) -> Doc:
    """Read `value` or `name: value`."""
    if reader.after == ":":
        return [reader.take(), reader.take(), " ", _value(reader)]
    return _value(reader)


def _value(reader: Reader) -> Doc:
    """Read a literal or a range."""
    parts: list[Doc] = []
    if reader.next.text != "..":
        parts.append(literal(reader))
        if reader.next.text != ".." or reader.last.comma:
            return parts
    parts.append(reader.take())
    if not reader.last.comma and reader.next.text not in (")", "]"):
        parts.append(literal(reader))
    return parts
