"""A package is one file: two files of a run with one package are an error, and so is a file that imports itself."""

from collections.abc import Iterator

from svcidl.diagnostics import Diagnostic, Note
from svcidl.resolve.program import Program, Unit


def one_package(program: Program) -> Iterator[Diagnostic]:
    """Report the second file of a package, and imports of the importing file."""
    first: dict[str, Unit] = {}
    for unit in program.units:
        other = first.setdefault(unit.package, unit)
        if other is not unit:
            yield Diagnostic(
                code="E0204",
                message=f"package `{unit.package}` is also the package of {other.file.source.path}",
                span=unit.tree.package.span,
                help=("a package is one file: give this one a name of its own, or move its declarations there",),
                notes=(Note(message="first here", span=other.tree.package.span),),
            )
        for statement, key in unit.file.imports.items():
            if key == unit.file.source.key:
                message = f"`{statement.path.value}` is this file itself"
                yield Diagnostic(code="E0215", message=message, span=statement.path.span, help=("remove the import",))
