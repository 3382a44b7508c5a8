"""Bind every name of every file to its declaration; report what is unknown or of the wrong kind."""

from collections.abc import Iterator, Mapping

from svcidl import nodes
from svcidl.diagnostics import Diagnostic, Note
from svcidl.loader import Loaded, LoadedFile
from svcidl.nearby import Nearby
from svcidl.resolve import walk
from svcidl.resolve.program import BUILTIN_TYPES, KINDS, TYPE_KINDS, Kind, Program, Symbol, Unit
from svcidl.resolve.unknown import Surroundings, unknown, unknown_module
from svcidl.suggest import did_you_mean, fixes


def bind(loaded: Loaded) -> tuple[Program, list[Diagnostic]]:
    """Build the symbol tables and look every reference up."""
    by_key = {key: _declare(file, file.tree) for key, file in loaded.files.items() if file.tree is not None}
    units = tuple(by_key.values())
    diagnostics: list[Diagnostic] = []
    for unit in units:
        diagnostics += _import(unit, by_key, loaded.files)
    targets: dict[nodes.Ref, Symbol] = {}
    paths = [unit.file.source.path for unit in units]
    around = Surroundings(symbols=_by_name(units), nearby=Nearby(paths, loaded.include), include=loaded.include)
    for unit in units:
        binder = _Binder(unit, around)
        for ref, wanted, noun in _references(unit.tree):
            symbol = binder.look_up(ref, wanted, noun)
            if symbol is not None:
                targets[ref] = symbol
        diagnostics += binder.diagnostics
    return Program(units=units, targets=targets), diagnostics


def _declare(file: LoadedFile, tree: nodes.File) -> Unit:
    unit = Unit(file=file, tree=tree, package=tree.package.text, symbols={}, modules={}, picked={})
    for node in tree.declarations:
        name = node.name.text
        unit.symbols.setdefault(name, Symbol(name=name, kind=KINDS[type(node)], node=node, unit=unit))
    return unit


def _import(unit: Unit, by_key: Mapping[str, Unit], files: Mapping[str, LoadedFile]) -> Iterator[Diagnostic]:
    """Enter what a file imports; of two imports under one name the first counts (a rule reports the second)."""
    for statement in unit.tree.imports:
        key = unit.file.imports.get(statement)
        other = by_key.get(key) if key is not None else None
        if isinstance(statement, nodes.ImportAs):
            unit.modules.setdefault(statement.name.text, other)
            continue
        for pick in statement.picks:
            symbol = other.symbols.get(pick.imported.text) if other is not None else None
            unit.picked.setdefault(pick.name.text, symbol)
            if other is not None and symbol is None and not other.file.swallowed(pick.imported.text):
                yield _not_there(pick.imported, statement.path.value, other)


def _not_there(name: nodes.Name, path: str, other: Unit) -> Diagnostic:
    return Diagnostic(
        code="E0207",
        message=f"`{path}` declares no `{name.text}`",
        span=name.span,
        help=_there_instead(name.text, other),
        fixes=fixes(name.text, other.symbols, name.span),
    )


def _there_instead(name: str, other: Unit) -> tuple[str, ...]:
    """Return what the other file declares that may have been meant, or where it has the name from."""
    for statement in other.tree.imports:
        if isinstance(statement, nodes.ImportNames) and name in [pick.name.text for pick in statement.picks]:
            return (f"it imports `{name}` from `{statement.path.value}` and hands nothing on: import it from there",)
    names = [f"`{symbol}`" for symbol in list(other.symbols)[:6]]
    known = f"it declares {', '.join(names)}" + (" and others" if len(other.symbols) > 6 else "")
    return did_you_mean(name, other.symbols) or (known if names else "it declares nothing",)


def _by_name(units: tuple[Unit, ...]) -> dict[str, list[Symbol]]:
    found: dict[str, list[Symbol]] = {}
    for unit in units:
        for symbol in unit.symbols.values():
            found.setdefault(symbol.name, []).append(symbol)
    return found


_ERRORS = frozenset((Kind.ERROR,))
_EVENTS = frozenset((Kind.EVENT,))
_SERVICES = frozenset((Kind.SERVICE,))


def _references(tree: nodes.File) -> Iterator[tuple[nodes.Ref, frozenset[Kind], str]]:
    """Yield every reference of a file with the kinds that may stand there and their noun."""
    for declaration in tree.declarations:
        for use in walk.own_types(declaration):
            for inner in walk.nested(use):
                yield inner.ref, TYPE_KINDS, "type"
        if isinstance(declaration, nodes.Union):
            for variant in declaration.variants:
                # A variant of another kind is reported by the rule on unions, which knows more to say.
                yield variant, TYPE_KINDS, "struct"
        elif isinstance(declaration, nodes.Service):
            for member in declaration.members:
                yield from _member_references(member)


def _member_references(member: nodes.Member) -> Iterator[tuple[nodes.Ref, frozenset[Kind], str]]:
    if isinstance(member, nodes.Rpc):
        for error in member.throws:
            yield error, _ERRORS, "error"
    elif isinstance(member, nodes.Publishes):
        for event in member.events:
            yield event, _EVENTS, "event"
    elif isinstance(member, nodes.Subscription):
        yield member.event, _EVENTS, "event"
    elif isinstance(member, nodes.Use):
        yield member.service, _SERVICES, "service"


class _Binder:
    """Looks up the names of one file."""

    def __init__(self, unit: Unit, around: Surroundings) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._unit = unit
        self._around = around

    def look_up(self, ref: nodes.Ref, wanted: frozenset[Kind], noun: str) -> Symbol | None:
        """Return what `ref` means, None for a built-in type and for what is reported here or was before."""
        first = ref.parts[0].text
        if len(ref.parts) == 1:
            if first in BUILTIN_TYPES:
                if noun != "type":
                    self._wrong_kind(ref, "a built-in type", noun, None)
                return None
            return self._local(ref, first, wanted, noun)
        if len(ref.parts) > 2 or first not in self._unit.modules:
            if not self._unit.file.swallowed(first):
                self._unknown_module(ref)
            return None
        module = self._unit.modules[first]
        if module is None:
            return None
        return self._judge(ref, module.symbols.get(ref.parts[1].text), module, wanted, noun)

    def _local(self, ref: nodes.Ref, name: str, wanted: frozenset[Kind], noun: str) -> Symbol | None:
        unit = self._unit
        if name in unit.symbols:
            return self._judge(ref, unit.symbols[name], unit, wanted, noun)
        if name in unit.picked:
            symbol = unit.picked[name]
            return None if symbol is None else self._judge(ref, symbol, unit, wanted, noun)
        if name in unit.modules:
            self._wrong_kind(ref, "an imported file", noun, None)
            return None
        return self._judge(ref, None, unit, wanted, noun)

    def _judge(
        self, ref: nodes.Ref, symbol: Symbol | None, where: Unit, wanted: frozenset[Kind], noun: str
    ) -> Symbol | None:
        if symbol is None:
            if not where.file.swallowed(ref.parts[-1].text):
                found = unknown(ref, unit=self._unit, where=where, wanted=wanted, noun=noun, around=self._around)
                self.diagnostics.append(found)
            return None
        if symbol.kind not in wanted:
            self._wrong_kind(ref, f"{_article(symbol.kind)} {symbol.kind}", noun, symbol)
            return None
        return symbol

    def _wrong_kind(self, ref: nodes.Ref, what: str, noun: str, symbol: Symbol | None) -> None:
        message = f"`{ref.text}` is {what}, where {_article(noun)} {noun} must stand"
        notes = () if symbol is None else (Note(message="declared here", span=symbol.node.name.span),)
        kind = None if symbol is None else symbol.kind
        help_ = (_instead(ref, kind, noun, is_module=symbol is None and ref.text not in BUILTIN_TYPES),)
        self.diagnostics.append(Diagnostic(code="E0202", message=message, span=ref.span, help=help_, notes=notes))

    def _unknown_module(self, ref: nodes.Ref) -> None:
        first = ref.parts[0]
        if len(ref.parts) > 2 and first.text in self._unit.modules:
            message, help_ = f"`{ref.text}` has too many dots", "write `name.Thing`: the import's name, then the thing"
            self.diagnostics.append(Diagnostic(code="E0201", message=message, span=ref.span, help=(help_,)))
            return
        self.diagnostics.append(unknown_module(first, unit=self._unit, around=self._around))


def _instead(ref: nodes.Ref, kind: Kind | None, noun: str, *, is_module: bool) -> str:
    """Return what to write where a name of another kind stands."""
    if is_module:
        return f"name what it holds: `{ref.text}.Thing`"
    if noun == "struct":
        return f"put it into a struct: `struct Value {{ value: {ref.text} }}`"
    if noun != "type":
        return f"{_DECLARED_AS[noun]}; name one here, or declare one"
    return _INSTEAD_OF_TYPE.get(kind, "name a type") if kind is not None else "name a type"


_DECLARED_AS = {
    "error": "an error is declared as `error Name(404)`",
    "event": "an event is declared as `event Name { … }`",
    "service": "a service is declared as `service Name { … }`",
}
_INSTEAD_OF_TYPE = {
    Kind.ERROR: "an error is named after `throws`; move what both need into a struct",
    Kind.EVENT: "an event is named after `publishes` and `subscribes`; move what both need into a struct",
    Kind.SERVICE: "a service is named after `uses`; name a type that it gives",
}


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeio" else "a"
