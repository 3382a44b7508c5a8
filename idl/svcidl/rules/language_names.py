"""Names that belong to the language: built-in types, `stream`, `true`, `false`, and names that begin with `__`."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.diagnostics import Diagnostic
from svcidl.resolve import walk
from svcidl.resolve.program import BUILTIN_TYPES, Program
from svcidl.rules.namespace import entered_names

_TAKEN = BUILTIN_TYPES | {"stream", "true", "false"}


def language_names(program: Program) -> Iterator[Diagnostic]:
    """Report declarations and imports under a name of the language, and anything that starts with `__`."""
    for unit in program.units:
        for name in entered_names(unit.tree):
            if name.text in _TAKEN:
                message = f"`{name.text}` belongs to the language and cannot be declared or imported"
                yield Diagnostic(code="E0208", message=message, span=name.span, help=("choose another name",))
        for name in _all_names(unit.tree):
            if name.text.startswith("__"):
                message = f"`{name.text}` starts with two underscores"
                remedy = f"write `{name.text.lstrip('_') or 'another name'}`: such names belong to Python"
                yield Diagnostic(code="E0209", message=message, span=name.span, help=(remedy,))


def _all_names(tree: nodes.File) -> Iterator[nodes.Name]:
    yield from tree.package.parts
    yield from entered_names(tree)
    for declaration in tree.declarations:
        if isinstance(declaration, nodes.Enum):
            yield from (value.name for value in declaration.values)
        elif isinstance(declaration, nodes.Struct | nodes.Error | nodes.Event):
            yield from (field.name for field in declaration.fields)
        elif isinstance(declaration, nodes.Service):
            for member in declaration.members:
                if isinstance(member, nodes.Use) and not member.renamed:
                    continue
                if isinstance(member, nodes.Declared):
                    yield member.name
                yield from (parameter.name for parameter in walk.parameters(member))
