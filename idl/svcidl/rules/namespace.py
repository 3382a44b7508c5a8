"""One namespace per file for declarations and import names."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.diagnostics import Diagnostic, Note
from svcidl.resolve.program import Program


def namespace(program: Program) -> Iterator[Diagnostic]:
    """Report a name that is declared or imported twice."""
    for unit in program.units:
        seen: dict[str, nodes.Name] = {}
        for name in entered_names(unit.tree):
            other = seen.setdefault(name.text, name)
            if other is not name:
                by_import = _imported(unit.tree, other)
                remedy = "import one of them under another name with `as`" if by_import else "rename one of the two"
                yield Diagnostic(
                    code="E0203",
                    message=f"`{name.text}` is declared or imported twice",
                    span=name.span,
                    help=(remedy,),
                    notes=(Note(message="first here", span=other.span),),
                )


def entered_names(tree: nodes.File) -> Iterator[nodes.Name]:
    """Yield the names that imports and declarations bring into a file, in written order."""
    for statement in tree.imports:
        if isinstance(statement, nodes.ImportAs):
            yield statement.name
        else:
            yield from (pick.name for pick in statement.picks)
    for declaration in tree.declarations:
        yield declaration.name


def _imported(tree: nodes.File, name: nodes.Name) -> bool:
    return not any(declaration.name is name for declaration in tree.declarations)
