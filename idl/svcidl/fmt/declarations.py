"""What stands at the top level of a file: its package, imports and declarations."""

from collections.abc import Callable, Mapping

from svcidl.fmt.document import LINE, Doc, Group, Indent
from svcidl.fmt.members import member
from svcidl.fmt.parts import annotations, before_reference, field, reference, reserved, type_use
from svcidl.fmt.reader import Reader


def package(reader: Reader) -> Doc:
    """Read `package a.b.v1`."""
    return [reader.take(), " ", reference(reader)]


def is_import(reader: Reader) -> bool:
    """Tell whether an import comes next."""
    return reader.next.text == "import" and reader.after.startswith('"')


def import_(reader: Reader) -> Doc:
    """Read `import "…" as name` or `import "…" { A, B as C }`."""
    parts = [*reader.words(2), " "]
    if reader.next.text == "{":
        return [*parts, reader.bracketed(_pick, space=LINE)]
    return [*parts, *reader.words(2)]


def declaration(reader: Reader) -> Doc:
    """Read one declaration with its annotations."""
    parts = annotations(reader)
    if reader.next.text == "closed":
        reader.push(3)
        parts += [reader.take(), " "]
    return [*parts, _DECLARATIONS[reader.next.text](reader)]


def _pick(reader: Reader) -> Doc:
    name = reader.take()
    is_renamed = not reader.last.comma and reader.next.text != "}"
    return [name, " ", *reader.words(2)] if is_renamed else name


def _alias(reader: Reader) -> Doc:
    return [*reader.words(3), " ", type_use(reader)]


def _fields(reader: Reader) -> Doc:
    """Read a struct or an event."""
    return [*reader.words(2), " ", reader.body(field)]


def _enum(reader: Reader) -> Doc:
    return [*reader.words(2), " ", reader.body(_value, several=True)]


def _value(reader: Reader) -> Doc:
    if reader.next.text == "reserved" and reader.after == "(":
        return reserved(reader)
    parts = [*annotations(reader), reader.take()]
    return [*parts, " ", *reader.words(2)] if reader.next.text == "=" else parts


def _union(reader: Reader) -> Doc:
    """Read `union U = A | B reserved(C)`."""
    parts = reader.words(3)
    variants = [*reader.flush(), LINE, reference(reader)]
    while reader.next.text == "|":
        variants += [*reader.flush(), LINE, before_reference(reader), " ", reference(reader)]
    while reader.next.text == "reserved" and reader.after == "(":
        variants += [*reader.flush(), LINE, reserved(reader)]
    return [*parts, Group(Indent(variants))]


def _error(reader: Reader) -> Doc:
    """Read `error E(404) "template" { … }`."""
    reader.push(5)
    reader.push(6)
    parts: list[Doc] = [reader.take(), " ", reader.take(), reader.take(), reader.take(), reader.take()]
    if reader.next.text.startswith('"'):
        parts += [" ", reader.take()]
    return [*parts, " ", reader.body(field)] if reader.next.text == "{" else parts


def _service(reader: Reader) -> Doc:
    return [*reader.words(2), " ", reader.body(member, lines=True)]


_DECLARATIONS: Mapping[str, Callable[[Reader], Doc]] = {
    "alias": _alias,
    "enum": _enum,
    "struct": _fields,
    "event": _fields,
    "union": _union,
    "error": _error,
    "service": _service,
}
