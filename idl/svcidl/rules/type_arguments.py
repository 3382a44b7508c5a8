"""How many types stand in `<…>`, and what may stand in a set and as a key of a map."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.diagnostics import Diagnostic
from svcidl.resolve import walk
from svcidl.resolve.program import BUILTIN_SCALARS, Program, builtin, shape

_COUNTS = {"list": 1, "set": 1, "map": 2}
_HOW_MANY = {"list": "one type", "set": "one type", "map": "two types"}
_FORMS = {"list": "`list<T>`", "set": "`set<T>`", "map": "`map<K, V>`"}
_KEYS = ("str", "int", "uuid", "enum", "unknown")


def type_arguments(program: Program) -> Iterator[Diagnostic]:
    """Report wrong numbers of types in `<…>`, wrong items of sets and wrong keys of maps."""
    for unit in program.units:
        for use in walk.all_types(unit.tree):
            name = builtin(use)
            count = len(use.arguments or ())
            if count != _COUNTS.get(name or "", 0):
                yield _wrong_count(use, name)
            elif name == "set":
                yield from _set_item(program, (use.arguments or ())[0])
            elif name == "map":
                yield from _map_key(program, (use.arguments or ())[0])


def _wrong_count(use: nodes.TypeUse, name: str | None) -> Diagnostic:
    if name in _FORMS:
        message, help_ = (
            f"`{name}` lacks its types" if not use.arguments else f"`{name}` takes {_HOW_MANY[name]} in `<…>`",
            _FORMS[name],
        )
        return Diagnostic(code="E0306", message=message, span=use.span, help=(f"write {help_}",))
    message = f"`{use.ref.text}` takes no types in `<…>`"
    return Diagnostic(
        code="E0306", message=message, span=use.span, help=("remove `<…>`: only `list`, `set` and `map` take types",)
    )


def _set_item(program: Program, item: nodes.TypeUse) -> Iterator[Diagnostic]:
    kind = shape(program, item).kind
    if kind not in BUILTIN_SCALARS and kind not in ("enum", "unknown"):
        message = f"a set holds scalars and enums, not `{item.ref.text}`"
        yield Diagnostic(code="E0304", message=message, span=item.span, help=("use a list",))
    elif item.optional:
        message = "an item of a set cannot be optional"
        yield Diagnostic(code="E0304", message=message, span=item.optional[0], help=("remove the `?`",))


def _map_key(program: Program, key: nodes.TypeUse) -> Iterator[Diagnostic]:
    if shape(program, key).kind not in _KEYS:
        message = f"a map key is a str, int, uuid or enum, not `{key.ref.text}`"
        remedy = "use one of those, or a list of structs that hold key and value"
        yield Diagnostic(code="E0305", message=message, span=key.span, help=(remedy,))
    elif key.optional:
        message = "a map key cannot be optional"
        yield Diagnostic(code="E0305", message=message, span=key.optional[0], help=("remove the `?`",))
