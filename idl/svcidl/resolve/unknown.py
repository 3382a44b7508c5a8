"""What is said of a name that nothing in sight declares: what may have been meant, or how to import it."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from svcidl import nodes
from svcidl.diagnostics import Diagnostic, Edit, Fix
from svcidl.nearby import Nearby
from svcidl.resolve.program import BUILTIN_TYPES, Kind, Symbol, Unit
from svcidl.suggest import FOREIGN_TYPES, Spellings, closest, replacement

_NO_RESULT = frozenset(("void", "none", "null", "unit"))


class Surroundings:
    """Where names can come from that a file does not see: the other files of the run, and files near by."""

    def __init__(self, symbols: Mapping[str, list[Symbol]], nearby: Nearby, include: tuple[str, ...]) -> None:
        self.symbols, self.nearby, self.include = symbols, nearby, include
        self._elsewhere: dict[frozenset[Kind], Spellings] = {}
        self._visible: dict[tuple[Unit, frozenset[Kind], bool], tuple[dict[str, Symbol], Spellings]] = {}

    def elsewhere(self, wanted: frozenset[Kind]) -> Spellings:
        """Return the names of all files, if they are of one of the kinds."""
        if wanted not in self._elsewhere:
            names = [name for name, found in self.symbols.items() if any(each.kind in wanted for each in found)]
            near = self.nearby.declared.items()
            names += [name for name, declared in near if any(each.kind in wanted for each in declared)]
            self._elsewhere[wanted] = Spellings(names)
        return self._elsewhere[wanted]

    def visible(self, where: Unit, wanted: frozenset[Kind], local: bool) -> tuple[dict[str, Symbol], Spellings]:
        """Return what `where` declares of the kinds, and the names that can be written for them.

        Args:
            local: seen from inside, where imports and, for types, the built-in ones count.
        """
        key = (where, wanted, local)
        if key not in self._visible:
            found = {symbol.name: symbol for symbol in where.symbols.values() if symbol.kind in wanted}
            if local:
                picked = where.picked.items()
                found.update((name, symbol) for name, symbol in picked if symbol and symbol.kind in wanted)
            builtin = BUILTIN_TYPES if local and Kind.ALIAS in wanted else frozenset[str]()
            self._visible[key] = found, Spellings([*found, *builtin])
        return self._visible[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Remedy:
    help: str
    fix: Fix | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A declaration in another file."""

    name: str
    path: str
    place: str


def unknown(
    ref: nodes.Ref, *, unit: Unit, where: Unit, wanted: frozenset[Kind], noun: str, around: Surroundings
) -> Diagnostic:
    """Report a name that `where`, the file itself or one that it imports, does not declare.

    Args:
        ref: what is written in `unit`.
        wanted: the kinds that may stand there; `noun` is their word.
        around: where else to look.
    """
    name = ref.parts[-1]
    local = where is unit and len(ref.parts) == 1
    label = f"no {noun} of this name in `{where.package}`" + (" or its imports" if local else "")
    finder = _Finder(unit, where, wanted, around, local)
    remedies = list(finder.remedies(ref))
    return Diagnostic(
        code="E0201",
        message=f"unknown {noun} `{name.text}`",
        span=name.span,
        label=label,
        help=tuple(remedy.help for remedy in remedies),
        fixes=tuple(remedy.fix for remedy in remedies if remedy.fix is not None),
    )


def unknown_module(name: nodes.Name, *, unit: Unit, around: Surroundings) -> Diagnostic:
    """Report a name before a dot that no import of `unit` has."""
    meant = closest(name.text, unit.modules)
    path = around.nearby.file_called(name.text)
    if meant is not None:
        help_, fix = f"did you mean `{meant}`?", replacement(name.span, meant)
    elif path is not None:
        line = f'import "{spelt(path, unit, around.include)}" as {name.text}'
        help_, fix = f"import its file: `{line}`", insertion(unit, line)
    else:
        help_, fix = f'import its file: `import "….idl" as {name.text}`', None
    return Diagnostic(
        code="E0201",
        message=f"no import is called `{name.text}`",
        span=name.span,
        help=(help_,),
        fixes=(fix,) if fix is not None else (),
    )


def insertion(unit: Unit, line: str) -> Fix:
    """Return the fix that adds an import to `unit`."""
    last = (unit.tree.imports or (unit.tree.package,))[-1]
    end = unit.file.source.span(last.span.end, last.span.end)
    gap = "\n" if unit.tree.imports else "\n\n"
    return Fix(message=f"write `{line}`", edits=(Edit(span=end, text=gap + line),))


def spelt(path: str, unit: Unit, include: tuple[str, ...]) -> str:
    """Return how an import of `unit` names `path`: from its own folder or from one of `--include`."""
    own = os.path.relpath(path, os.path.dirname(unit.file.source.path) or ".")
    ways = [own, *(os.path.relpath(path, folder) for folder in include)]
    down = [way for way in ways if way.split(os.sep)[0] != os.pardir]
    return min(down or [own], key=len).replace(os.sep, "/")


class _Finder:
    def __init__(self, unit: Unit, where: Unit, wanted: frozenset[Kind], around: Surroundings, local: bool) -> None:
        self._unit = unit
        self._where = where
        self._wanted = wanted
        self._around = around
        self._local = local
        self._visible, self._spellings = around.visible(where, wanted, local)

    def remedies(self, ref: nodes.Ref) -> Iterator[_Remedy]:
        name = ref.parts[-1].text
        takes_types = self._local and Kind.ALIAS in self._wanted
        if takes_types and name.lower() in _NO_RESULT:
            yield _Remedy(help=f"a method without a result has no `-> {name}`")
            return
        own = None if self._local else self._unit.symbols.get(name)
        if own is not None and own.kind in self._wanted:
            help_ = f"it is declared in this file ({_place(own)}): write `{name}`"
            yield _Remedy(help=help_, fix=replacement(ref.span, name))
            return
        source = self._declared_as(name)
        if source is not None:
            yield self._import(source, ref)
            return
        meant = self._meant(name, takes_types)
        if meant is not None:
            place = f" ({_place(self._visible[meant])})" if meant in self._visible else ""
            yield _Remedy(help=f"did you mean `{meant}`?{place}", fix=replacement(ref.parts[-1].span, meant))
            return
        far = self._around.elsewhere(self._wanted).closest(name) if self._local else None
        source = self._declared_as(far) if far is not None else None
        if source is not None:
            remedy = self._import(source, ref)
            yield _Remedy(help=f"did you mean `{source.name}`? {remedy.help}")
            return
        yield _Remedy(help=self._last_resort(name))

    def _meant(self, name: str, takes_types: bool) -> str | None:
        found = self._spellings.closest(name)
        if takes_types and (found is None or found.lower() != name.lower()):
            return FOREIGN_TYPES.get(name.lower(), found)
        return found

    # --- other files ---------------------------------------------------------

    def _declared_as(self, name: str) -> _Source | None:
        """Return where another file declares `name` as one of the kinds: of the run first, then near by."""
        for symbol in self._around.symbols.get(name, ()):
            if symbol.kind in self._wanted and symbol.unit not in (self._where, self._unit):
                return _Source(name=name, path=symbol.unit.file.source.path, place=_place(symbol))
        for found in self._around.nearby.declared.get(name, ()):
            if found.kind in self._wanted:
                return _Source(name=name, path=found.path, place=f"{found.path}:{found.line}:{found.column}")
        return None

    def _import(self, source: _Source, ref: nodes.Ref) -> _Remedy:
        key = os.path.realpath(source.path)
        for statement, imported in self._unit.file.imports.items():
            if imported == key and (isinstance(statement, nodes.ImportAs) or statement.picks):
                return self._extend(statement, source, ref)
        line = f'import "{spelt(source.path, self._unit, self._around.include)}" {{ {source.name} }}'
        return _Remedy(
            help=f"it is declared at {source.place}; write `{line}`",
            fix=insertion(self._unit, line) if self._local else None,
        )

    def _extend(self, statement: nodes.Import, source: _Source, ref: nodes.Ref) -> _Remedy:
        """Return how to use a file that is imported already."""
        if isinstance(statement, nodes.ImportAs):
            text = f"{statement.name.text}.{source.name}"
            help_ = f"it is declared at {source.place}; write `{text}`"
            return _Remedy(help=help_, fix=replacement(ref.span, text))
        last = statement.picks[-1].name.span.end
        edit = Edit(span=self._unit.file.source.span(last, last), text=f", {source.name}")
        names = ", ".join(_pick(pick) for pick in statement.picks)
        line = f'import "{statement.path.value}" {{ {names}, {source.name} }}'
        help_ = f"it is declared at {source.place}; import it, too: `{line}`"
        return _Remedy(help=help_, fix=Fix(message=f"import `{source.name}`, too", edits=(edit,)))

    def _last_resort(self, name: str) -> str:
        if not self._local:
            names = [f"`{visible}`" for visible in list(self._visible)[:6]]
            path = self._where.file.source.path
            return f"{path} declares {', '.join(names)}" if names else f"declare it in {path}"
        return f'declare it here, or import the file that does: `import "….idl" {{ {name} }}`'


def _pick(pick: nodes.Pick) -> str:
    imported, name = pick.imported.text, pick.name.text
    return imported if imported == name else f"{imported} as {name}"


def _place(symbol: Symbol) -> str:
    span = symbol.node.name.span
    return f"{span.file}:{span.line}:{span.column}"
