"""Lays source text out within the line length, the way black and ruff do.

Whatever does not fit on its line is written one item a line with a trailing comma, which formatters keep at any
greater line length, too: generated code is formatted for a project that allows 88 columns and for one that allows 120.
"""

from dataclasses import dataclass
from typing import TypeAlias

WIDTH = 88
"""Columns; the default of black and ruff."""
STEP = 4


@dataclass(frozen=True, slots=True)
class Group:
    """Items between brackets: `Meta(ge=1, le=9)`, `dict[str, int]`.

    Attributes:
        open: text up to and including the opening bracket.
        exploded: written one item a line even where it would fit.
        one_tuple: a lone item keeps its comma on one line, too: `(item,)`.
    """

    open: str
    items: "tuple[Doc, ...]"
    close: str
    exploded: bool = False
    one_tuple: bool = False


@dataclass(frozen=True, slots=True)
class Either:
    """Operands joined by `|`."""

    items: "tuple[Doc, ...]"


@dataclass(frozen=True, slots=True)
class Row:
    """Pieces one after the other, without anything between them."""

    parts: "tuple[Doc, ...]"


Doc: TypeAlias = str | Group | Either | Row


def call(name: str, *items: Doc, exploded: bool = False) -> Group:
    """Return the call `name(items)`."""
    return Group(f"{name}(", items, ")", exploded=exploded)


def subscript(name: str, *items: Doc) -> Group:
    """Return `name[items]`."""
    return Group(f"{name}[", items, "]")


def tuple_of(items: tuple[Doc, ...]) -> Group:
    """Return the tuple display of `items`."""
    return Group("(", items, ")", one_tuple=True)


def flat(doc: Doc) -> str:
    """Return `doc` on one line."""
    match doc:
        case str():
            return doc
        case Group():
            comma = "," if doc.one_tuple and len(doc.items) == 1 else ""
            return f"{doc.open}{', '.join(map(flat, doc.items))}{comma}{doc.close}"
        case Either():
            return " | ".join(map(flat, doc.items))
        case Row():
            return "".join(map(flat, doc.parts))


def lay_out(doc: Doc, indent: int = 0) -> str:
    """Return the statement `doc`, its first line starting at column `indent` (0-based) and not indented here."""
    return _lay(doc, indent, used=indent, after=0)


def _lay(doc: Doc, indent: int, *, used: int, after: int, force: bool = False, nested: bool = False) -> str:
    """Lay `doc` out where `used` columns are taken before it and `after` are needed behind its last line."""
    if not force and not _must_break(doc) and used + len(flat(doc)) + after <= WIDTH:
        return flat(doc)
    match doc:
        case str():
            return doc
        case Group():
            return _explode(doc, indent)
        case Either():
            return _operands(doc, indent, nested=nested)
        case Row():
            return _pieces(doc, indent, used=used, after=after)


def _explode(group: Group, indent: int) -> str:
    if not group.items:
        return flat(group)
    inner = indent + STEP
    margin = " " * inner
    # `list[X,]` is another type than `list[X]` to a checker, and the comma of `(x,)` does not hold the line break:
    # there the item itself has to be broken to keep the layout at every line length.
    lone = len(group.items) == 1 and (group.close == "]" or group.one_tuple)
    comma = "" if lone and not group.one_tuple else ","
    lines = [
        f"{margin}{_lay(item, inner, used=inner, after=1, force=lone, nested=True)}{comma}" for item in group.items
    ]
    return "\n".join([group.open, *lines, f"{' ' * indent}{group.close}"])


def _operands(either: Either, indent: int, *, nested: bool) -> str:
    inner = indent if nested else indent + STEP
    margin = " " * inner
    operands = [_lay(item, inner, used=inner + 2, after=0, force=isinstance(item, Group)) for item in either.items]
    text = f"\n{margin}| ".join(operands)
    return text if nested else f"(\n{margin}{text}\n{' ' * indent})"


def _pieces(row: Row, indent: int, *, used: int, after: int) -> str:
    *before, last = row.parts
    start = "".join(map(flat, before))
    # The value of an assignment is broken before its annotation is.
    is_short = not any(map(_must_break, before)) and used + len(start) + _opening(last) <= WIDTH
    if isinstance(last, Group) and last.items and is_short:
        return start + _explode(last, indent)
    text = ""
    for index, part in enumerate(row.parts):
        behind = sum(_first_line(piece) for piece in row.parts[index + 1 :]) + after
        text += _lay(part, indent, used=used, after=behind)
        used = len(text) - text.rindex("\n") - 1 if "\n" in text else used + len(flat(part))
    return text


def _opening(doc: Doc) -> int:
    return len(doc.open) if isinstance(doc, Group) else 0


def _first_line(doc: Doc) -> int:
    """Return how many columns `doc` needs on the line where it starts."""
    return len(doc.open) if isinstance(doc, Group) and doc.exploded and doc.items else len(flat(doc))


def _must_break(doc: Doc) -> bool:
    match doc:
        case str():
            return False
        case Group():
            return (doc.exploded and bool(doc.items)) or any(map(_must_break, doc.items))
        case Either():
            return any(map(_must_break, doc.items))
        case Row():
            return any(map(_must_break, doc.parts))
