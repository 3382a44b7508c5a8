"""Completion: what the place asks for, from this file, its imports, and files that could be imported."""

import os
import re
from collections.abc import Iterable, Iterator

from lsprotocol import types

from svcgen.lsp import texts
from svcgen.lsp.project import Analysis, key_of
from svcgen.lsp.view import View
from svcidl import nodes
from svcidl.cursor import Place, Want, place_at
from svcidl.diagnostics import Edit
from svcidl.resolve.annotation_table import PLACES, USAGE
from svcidl.resolve.program import BUILTIN_TYPES, TYPE_KINDS, Kind, Symbol, Unit, shape
from svcidl.resolve.unknown import insertion, spelt

TRIGGERS = ("@", ".", "{", '"', "<", "/")
_WANTED = {
    Want.TYPE: TYPE_KINDS,
    Want.VARIANT: frozenset((Kind.STRUCT,)),
    Want.ERROR: frozenset((Kind.ERROR,)),
    Want.EVENT: frozenset((Kind.EVENT,)),
    Want.SERVICE: frozenset((Kind.SERVICE,)),
}
_Kind = types.CompletionItemKind
_SYMBOL_KINDS = {
    Kind.ALIAS: _Kind.TypeParameter,
    Kind.ENUM: _Kind.Enum,
    Kind.STRUCT: _Kind.Struct,
    Kind.UNION: _Kind.Class,
    Kind.ERROR: _Kind.Value,
    Kind.EVENT: _Kind.Event,
    Kind.SERVICE: _Kind.Interface,
}


def completion(view: View, position: types.Position, *, snippets: bool) -> list[types.CompletionItem]:
    """Return what can be written at a position; the file may be broken."""
    offset = view.offset(position)
    place = place_at(view.source.text, offset)
    if place is None:
        return []
    return _Completer(view, place, offset, snippets=snippets).items()


class _Completer:
    def __init__(self, view: View, place: Place, offset: int, *, snippets: bool) -> None:
        self._view = view
        self._place = place
        self._snippets = snippets
        self._range = view.range(view.source.span(place.start, offset))
        known = view.project.last_unit(view.path)
        self._analysis: Analysis = known[0] if known is not None else view.analysis
        self._unit: Unit | None = known[1] if known is not None else None

    def items(self) -> list[types.CompletionItem]:
        want = self._place.want
        words = [self._item(word, _Kind.Keyword) for word in self._place.words]
        if want in _WANTED:
            return [*self._names(_WANTED[want]), *words]
        if want is Want.ANNOTATION:
            return [self._annotation(name) for name in PLACES if set(PLACES[name]) & set(self._place.places)]
        if want in (Want.HOLE, Want.BODY):
            return [self._item(name, _Kind.Variable) for name in self._place.names]
        if want is Want.DEFAULT:
            return [self._item(word, _Kind.EnumMember) for word in self._defaults()]
        if want is Want.PICK:
            return [self._symbol(each) for each in self._imported_symbols()]
        if want is Want.PATH:
            return [self._item(path, _Kind.File) for path in self._files()]
        return words

    def _item(
        self, label: str, kind: types.CompletionItemKind, *, text: str | None = None, rank: int = 1
    ) -> types.CompletionItem:
        edit = types.TextEdit(range=self._range, new_text=text or label)
        return types.CompletionItem(label=label, kind=kind, text_edit=edit, sort_text=f"{rank}{label}")

    def _symbol(self, symbol: Symbol, name: str | None = None) -> types.CompletionItem:
        item = self._item(name or symbol.name, _SYMBOL_KINDS[symbol.kind], rank=0)
        item.detail = f"{symbol.kind} {symbol.full_name}"
        if symbol.node.doc:
            item.documentation = types.MarkupContent(kind=types.MarkupKind.Markdown, value=symbol.node.doc)
        return item

    def _annotation(self, name: str) -> types.CompletionItem:
        usage = USAGE[name][1:]
        text = re.sub(r"\((.*)\)$", r"(${1:\1})", usage) if self._snippets else usage
        item = self._item(name, _Kind.Property, text=text)
        item.insert_text_format = types.InsertTextFormat.Snippet if self._snippets else types.InsertTextFormat.PlainText
        item.detail = USAGE[name]
        item.documentation = texts.ANNOTATIONS[name]
        return item

    # --- names ---------------------------------------------------------------------

    def _names(self, wanted: frozenset[Kind]) -> Iterator[types.CompletionItem]:
        module, unit = self._place.module, self._unit
        if module:
            other = unit.modules.get(module) if unit is not None else None
            if other is not None:
                yield from (self._symbol(each) for each in other.symbols.values() if each.kind in wanted)
            return
        if self._place.want is Want.TYPE:
            for name in sorted(BUILTIN_TYPES):
                item = self._item(name, _Kind.Keyword)
                item.documentation = types.MarkupContent(kind=types.MarkupKind.Markdown, value=texts.of_type(name))
                yield item
        if unit is None:
            return
        yield from (self._symbol(each) for each in unit.symbols.values() if each.kind in wanted)
        if self._place.want is not Want.VARIANT:
            yield from self._from_imports(unit, wanted)
            yield from self._to_import(unit, wanted)

    def _from_imports(self, unit: Unit, wanted: frozenset[Kind]) -> Iterator[types.CompletionItem]:
        for name, symbol in unit.picked.items():
            if symbol is not None and symbol.kind in wanted:
                yield self._symbol(symbol, name)
        for name, module in unit.modules.items():
            if module is not None and any(each.kind in wanted for each in module.symbols.values()):
                item = self._item(name, _Kind.Module, rank=2)
                item.detail = f"package {module.package}"
                yield item

    def _to_import(self, unit: Unit, wanted: frozenset[Kind]) -> Iterator[types.CompletionItem]:
        """Yield what other files declare; choosing it writes the import."""
        taken = {*unit.symbols, *unit.picked, *unit.modules}
        for name, kind, path in self._elsewhere(unit):
            if kind not in wanted or name in taken:
                continue
            taken.add(name)
            text, edit = self._way_to(unit, name, path)
            item = self._item(name, _SYMBOL_KINDS[kind], text=text, rank=3)
            item.detail = f"{kind} of {spelt(path, unit, self._analysis.include)}"
            if edit is not None and not self._still_there(unit, edit):
                continue
            if edit is not None:
                item.additional_text_edits = [types.TextEdit(range=self._view.range(edit.span), new_text=edit.text)]
            yield item

    def _still_there(self, unit: Unit, edit: Edit) -> bool:
        """Tell whether the text before an edit is what it was when the file was analysed."""
        end = edit.span.end
        return unit.file.source.text[:end] == self._view.source.text[:end]

    def _elsewhere(self, unit: Unit) -> Iterator[tuple[str, Kind, str]]:
        for symbol in self._analysis.program.symbols():
            if symbol.unit is not unit:
                yield symbol.name, symbol.kind, symbol.unit.file.source.path
        for found in self._analysis.nearby.declared.values():
            for each in found:
                yield each.name, Kind(each.kind), each.path

    def _way_to(self, unit: Unit, name: str, path: str) -> tuple[str, Edit | None]:
        """Return what to write for a name of another file, and the edit that imports it."""
        key = key_of(path)
        for statement, imported in unit.file.imports.items():
            if imported == key and isinstance(statement, nodes.ImportAs):
                return f"{statement.name.text}.{name}", None
            if imported == key and isinstance(statement, nodes.ImportNames) and statement.picks:
                end = statement.picks[-1].span.end
                return name, Edit(span=unit.file.source.span(end, end), text=f", {name}")
        line = f'import "{spelt(path, unit, self._analysis.include)}" {{ {name} }}'
        return name, insertion(unit, line).edits[0]

    # --- other things ----------------------------------------------------------------

    def _defaults(self) -> Iterable[str]:
        names, unit = self._place.names, self._unit
        if names in (("list",), ("set",)):
            return ("[]",)
        if names[:1] == ("map",):
            return ("{}",)
        if names == ("bool",):
            return ("true", "false")
        symbol = _look_up(unit, names) if unit is not None else None
        if symbol is not None and isinstance(symbol.node, nodes.Alias):
            found = shape(self._analysis.program, symbol.node.type)
            if found.kind == "bool":
                return ("true", "false")
            symbol = found.symbol
        if symbol is not None and isinstance(symbol.node, nodes.Enum):
            return [value.name.text for value in symbol.node.values]
        return ()

    def _imported_symbols(self) -> Iterator[Symbol]:
        written = self._place.names[0]
        folders = (os.path.dirname(self._view.path), *self._analysis.include)
        for folder in folders:
            path = os.path.normpath(os.path.join(folder, written))
            if key_of(path) in self._view.project.paths or os.path.isfile(path):
                unit = self._view.project.last_unit(path)
                yield from unit[1].symbols.values() if unit is not None else ()
                return

    def _files(self) -> Iterator[str]:
        own = os.path.dirname(self._view.path)
        for key, path in self._view.project.paths.items():
            if key != self._view.source.key and os.path.isabs(path):
                yield os.path.relpath(path, own).replace(os.sep, "/")


def _look_up(unit: Unit, names: tuple[str, ...]) -> Symbol | None:
    if len(names) == 2:
        module = unit.modules.get(names[0])
        return module.symbols.get(names[1]) if module is not None else None
    return (unit.symbols.get(names[0]) or unit.picked.get(names[0])) if len(names) == 1 else None
