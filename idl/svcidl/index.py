"""What every name in a program stands for, by place: definitions, and all the places that use them."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from svcidl import nodes
from svcidl.resolve import walk
from svcidl.resolve.annotation_table import place_of
from svcidl.resolve.program import KINDS, Program, Symbol, Unit, shape
from svcidl.source import SourceFile, Span

_HOLE = re.compile(r"\{\{|\}\}|\{([A-Za-z_]\w*)\}", re.ASCII)
"""A name in braces, in a path or an error's template; doubled braces are text."""

Defining = nodes.Declaration | nodes.Member | nodes.Field | nodes.EnumValue | nodes.ImportAs | nodes.Pick


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Definition:
    """A thing with a name.

    Attributes:
        kind: a declaration's keyword, a member's keyword, `field`, `parameter`, `value`, or `import` for a name that
            only an import gives.
        node: what defines it; `name_span` is the place of its name.
        owner: the declaration, or for a parameter the member, that it stands in; None for what a file holds directly.
        target: what a picked name with `as` stands for.
        imported: the file that an `import … as` names, None if it could not be read.
    """

    name: str
    kind: str
    node: Defining
    name_span: Span
    unit: Unit
    owner: "Definition | None" = None
    target: "Definition | None" = None
    imported: Unit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One place where a definition's name is written; `is_definition` where it is given."""

    span: Span
    definition: Definition
    is_definition: bool = False


@dataclass(slots=True, kw_only=True)
class Index:
    """All definitions and occurrences of a program; made by `build_index`."""

    definitions: list[Definition] = field(default_factory=list)
    _by_node: dict[nodes.Node, Definition] = field(default_factory=dict)
    _by_definition: dict[Definition, list[Occurrence]] = field(default_factory=dict)
    _by_file: dict[str, list[Occurrence]] = field(default_factory=dict)

    def at(self, file: str, offset: int) -> Occurrence | None:
        """Return what is named at `offset`, counted in code points; the place behind a name belongs to it, too."""
        found = self._by_file.get(file, [])
        place = bisect_right(found, offset, key=lambda each: each.span.start) - 1
        return found[place] if place >= 0 and offset <= found[place].span.end else None

    def occurrences(self, definition: Definition) -> list[Occurrence]:
        """Return every place of a definition's name, by file and place, its own included."""
        return self._by_definition.get(definition, [])

    def of(self, node: nodes.Node) -> Definition | None:
        """Return the definition that a node makes."""
        return self._by_node.get(node)


def build_index(program: Program) -> Index:
    """Find every definition and occurrence; what is unknown or broken is left out."""
    builder = _Builder(program)
    for unit in program.units:
        builder.define(unit)
    for unit in program.units:
        builder.define_imports(unit)
    for unit in program.units:
        builder.use(unit)
    return builder.finish()


class _Builder:
    def __init__(self, program: Program) -> None:
        self._program = program
        self._index = Index()
        self._names: dict[Unit, dict[str, Definition]] = {unit: {} for unit in program.units}
        """The names that imports give, by file."""

    def finish(self) -> Index:
        index = self._index
        for found in index._by_file.values():
            found.sort(key=lambda each: each.span.start)
        for uses in index._by_definition.values():
            uses.sort(key=lambda each: (each.span.file, each.span.start))
        return index

    # --- definitions -----------------------------------------------------------

    def define(self, unit: Unit) -> None:
        for node in unit.tree.declarations:
            own = self._add(unit, node, node.name, KINDS[type(node)].value)
            if isinstance(node, nodes.Enum):
                for value in node.values:
                    self._add(unit, value, value.name, "value", own)
            elif isinstance(node, nodes.Struct | nodes.Error | nodes.Event):
                for each in node.fields:
                    self._add(unit, each, each.name, "field", own)
            elif isinstance(node, nodes.Service):
                for member in node.members:
                    self._define_member(unit, member, own)

    def _define_member(self, unit: Unit, member: nodes.Member, owner: Definition) -> None:
        if isinstance(member, nodes.Publishes) or (isinstance(member, nodes.Use) and not member.renamed):
            return
        own = self._add(unit, member, member.name, place_of(member), owner)
        for parameter in walk.parameters(member):
            self._add(unit, parameter, parameter.name, "parameter", own)

    def define_imports(self, unit: Unit) -> None:
        names = self._names[unit]
        for statement in unit.tree.imports:
            if isinstance(statement, nodes.ImportAs):
                imported = unit.modules.get(statement.name.text)
                made = self._add(unit, statement, statement.name, "import", imported=imported)
                names.setdefault(statement.name.text, made)
                continue
            for pick in statement.picks:
                symbol = unit.picked.get(pick.name.text)
                target = None if symbol is None else self._index._by_node.get(symbol.node)
                if target is None:
                    continue
                if pick.name is pick.imported:
                    names.setdefault(pick.name.text, target)
                else:
                    made = self._add(unit, pick, pick.name, "import", target=target)
                    names.setdefault(pick.name.text, made)
                self._note(pick.imported.span, target)

    def _add(
        self,
        unit: Unit,
        node: Defining,
        name: nodes.Name,
        kind: str,
        owner: Definition | None = None,
        *,
        target: Definition | None = None,
        imported: Unit | None = None,
    ) -> Definition:
        made = Definition(
            name=name.text,
            kind=kind,
            node=node,
            name_span=name.span,
            unit=unit,
            owner=owner,
            target=target,
            imported=imported,
        )
        self._index.definitions.append(made)
        self._index._by_node[node] = made
        self._note(name.span, made, is_definition=True)
        return made

    def _note(self, span: Span, definition: Definition, *, is_definition: bool = False) -> None:
        made = Occurrence(span=span, definition=definition, is_definition=is_definition)
        self._index._by_definition.setdefault(definition, []).append(made)
        self._index._by_file.setdefault(span.file, []).append(made)

    # --- uses --------------------------------------------------------------------

    def use(self, unit: Unit) -> None:
        for ref in _refs(unit.tree):
            self._use_ref(unit, ref)
        source = unit.file.source
        for node in unit.tree.declarations:
            if isinstance(node, nodes.Struct | nodes.Error | nodes.Event):
                self._use_values(node.fields)
            if isinstance(node, nodes.Error) and node.template is not None:
                self._use_holes(source, node.template, node.fields)
            if isinstance(node, nodes.Service):
                for member in node.members:
                    self._use_values(walk.parameters(member))
                    self._use_parameters(source, member)

    def _use_ref(self, unit: Unit, ref: nodes.Ref) -> None:
        if len(ref.parts) == 2 and (module := self._names[unit].get(ref.parts[0].text)) is not None:
            self._note(ref.parts[0].span, module)
        symbol = self._program.targets.get(ref)
        if symbol is None:
            return
        local = self._names[unit].get(ref.text) if symbol.name != ref.text and len(ref.parts) == 1 else None
        target = local or self._index._by_node.get(symbol.node)
        if target is not None:
            self._note(ref.parts[-1].span, target)

    def _use_values(self, fields: tuple[nodes.Field, ...]) -> None:
        """Note the enum values that stand as defaults."""
        for each in fields:
            words = _words(each.default)
            symbol = _enum_of(self._program, each.type) if words else None
            if symbol is not None and isinstance(symbol.node, nodes.Enum):
                values = {value.name.text: value for value in symbol.node.values}
                for word in words:
                    if word.text in values and (target := self._index._by_node.get(values[word.text])) is not None:
                        self._note(word.span, target)

    def _use_parameters(self, source: SourceFile, member: nodes.Member) -> None:
        http = member.http if isinstance(member, nodes.Rpc | nodes.Oneway) else None
        path = http.path if http is not None else None
        if isinstance(member, nodes.Route | nodes.Socket):
            path = member.path
        if path is not None:
            self._use_holes(source, path, walk.parameters(member))
        if http is not None and http.body is not None:
            named = {each.name.text: each for each in walk.parameters(member)}
            if (node := named.get(http.body.text)) is not None:
                self._note(http.body.span, self._index._by_node[node])

    def _use_holes(self, source: SourceFile, text: nodes.String, fields: tuple[nodes.Field, ...]) -> None:
        named = {each.name.text: each for each in fields}
        for found in _HOLE.finditer(source.text, text.span.start, text.span.end):
            if found[1] is not None and (node := named.get(found[1])) is not None:
                self._note(source.span(*found.span(1)), self._index._by_node[node])


def _refs(tree: nodes.File) -> Iterator[nodes.Ref]:
    for use in walk.all_types(tree):
        yield use.ref
    for node in tree.declarations:
        if isinstance(node, nodes.Union):
            yield from node.variants
        elif isinstance(node, nodes.Service):
            for member in node.members:
                yield from _member_refs(member)


def _member_refs(member: nodes.Member) -> tuple[nodes.Ref, ...]:
    if isinstance(member, nodes.Rpc):
        return member.throws
    if isinstance(member, nodes.Publishes):
        return member.events
    if isinstance(member, nodes.Subscription):
        return (member.event,)
    return (member.service,) if isinstance(member, nodes.Use) else ()


def _words(default: nodes.Literal | None) -> list[nodes.Word]:
    items = default.items if isinstance(default, nodes.ListLiteral) else (default,)
    return [item for item in items if isinstance(item, nodes.Word)]


def _enum_of(program: Program, use: nodes.TypeUse) -> Symbol | None:
    """Return the enum that a type is, or that it holds as a list or set."""
    found = shape(program, use)
    if found.kind in ("list", "set") and found.use.arguments:
        found = shape(program, found.use.arguments[0])
    return found.symbol if found.kind == "enum" else None
