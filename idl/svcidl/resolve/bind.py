"""Bind every name of every file to its declaration; report what is unknown or of the wrong kind."""

from collections.abc import Iterator, Mapping

from svcidl import nodes
from svcidl.diagnostics import Diagnostic
from svcidl.loader import Loaded, LoadedFile
from svcidl.resolve import walk
from svcidl.resolve.program import BUILTIN_TYPES, KINDS, TYPE_KINDS, Kind, Program, Symbol, Unit
from svcidl.suggest import FOREIGN_TYPES, closest, did_you_mean


def bind(loaded: Loaded) -> tuple[Program, list[Diagnostic]]:
    """Build the symbol tables and look every reference up."""
    by_key = {key: _declare(file, file.tree) for key, file in loaded.files.items() if file.tree is not None}
    units = tuple(by_key.values())
    diagnostics: list[Diagnostic] = []
    for unit in units:
        diagnostics += _import(unit, by_key, loaded.files)
    targets: dict[nodes.Ref, Symbol] = {}
    elsewhere = _by_name(units)
    for unit in units:
        binder = _Binder(unit, elsewhere)
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
        help=did_you_mean(name.text, other.symbols),
    )


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

    def __init__(self, unit: Unit, elsewhere: Mapping[str, list[Symbol]]) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._unit = unit
        self._elsewhere = elsewhere

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
                self._unknown(ref, where, wanted, noun)
            return None
        if symbol.kind not in wanted:
            self._wrong_kind(ref, f"{_article(symbol.kind)} {symbol.kind}", noun, symbol)
            return None
        return symbol

    def _wrong_kind(self, ref: nodes.Ref, what: str, noun: str, symbol: Symbol | None) -> None:
        message = f"`{ref.text}` is {what}, where {_article(noun)} {noun} must stand"
        help_ = () if symbol is None else (f"declared at {_place(symbol)}",)
        self.diagnostics.append(Diagnostic(code="E0202", message=message, span=ref.span, help=help_))

    def _unknown_module(self, ref: nodes.Ref) -> None:
        first = ref.parts[0]
        if len(ref.parts) > 2 and first.text in self._unit.modules:
            message, help_ = f"`{ref.text}` has too many dots", "write `name.Thing`: the import's name, then the thing"
            self.diagnostics.append(Diagnostic(code="E0201", message=message, span=ref.span, help=(help_,)))
            return
        remedy = did_you_mean(first.text, self._unit.modules) or (f'import its file: `import "….idl" as {first.text}`',)
        message = f"no import is called `{first.text}`"
        self.diagnostics.append(Diagnostic(code="E0201", message=message, span=first.span, help=remedy))

    def _unknown(self, ref: nodes.Ref, where: Unit, wanted: frozenset[Kind], noun: str) -> None:
        name = ref.parts[-1]
        label = f"no {noun} of this name in `{where.package}`"
        if where is self._unit and len(ref.parts) == 1:
            label += " or its imports"
        self.diagnostics.append(
            Diagnostic(
                code="E0201",
                message=f"unknown {noun} `{name.text}`",
                span=name.span,
                label=label,
                help=tuple(self._suggestions(name.text, len(ref.parts) == 1, where, wanted)),
            )
        )

    def _suggestions(self, name: str, local: bool, where: Unit, wanted: frozenset[Kind]) -> Iterator[str]:
        for symbol in self._elsewhere.get(name, ()):
            if symbol.kind in wanted and symbol.unit is not where:
                yield f"it is declared in {symbol.unit.file.source.path}: import it from there ({_place(symbol)})"
                return
        visible = {symbol.name: symbol for symbol in where.symbols.values() if symbol.kind in wanted}
        if local:
            visible.update((name, symbol) for name, symbol in where.picked.items() if symbol and symbol.kind in wanted)
        builtin = BUILTIN_TYPES if local and Kind.ALIAS in wanted else frozenset[str]()
        if builtin and name.lower() in ("void", "none", "null"):
            yield f"a method without a result has no `-> {name}`"
            return
        found = closest(name, [*visible, *builtin])
        if builtin and (found is None or found.lower() != name.lower()):
            found = FOREIGN_TYPES.get(name.lower(), found)
        if found is not None:
            yield f"did you mean `{found}`?" + (f" ({_place(visible[found])})" if found in visible else "")
            return
        others = {
            symbol.name: symbol for symbols in self._elsewhere.values() for symbol in symbols if symbol.kind in wanted
        }
        found = closest(name, others) if local else None
        if found is not None:
            yield f"did you mean `{found}` of {others[found].unit.file.source.path}? import it from there"


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeio" else "a"


def _place(symbol: Symbol) -> str:
    span = symbol.node.name.span
    return f"{span.file}:{span.line}:{span.column}"
