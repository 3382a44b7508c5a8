"""Prints plans. Nothing is decided here: what a plan says is set down line by line.

In plain Python: an engine for templates took longer to import than a small contract takes to compile.
"""

from collections.abc import Iterator

from svcgen.plan import ClassBlock, Face, Method, Module, PackagePlan, Statement

_FACE = '''\

    def __getattr__(name: str) -> object:
        """Load a module when its first name is used: packages may use each other, and a client needs no service."""
        from importlib import import_module

        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

    def __dir__() -> list[str]:
        return __all__'''


def render(package: PackagePlan) -> dict[str, str]:
    """Return the files of a package: posix path relative to the output folder, and text."""
    files = {f"{package.folder}/py.typed": ""}
    for name, module in package.modules.items():
        lines = _face(module) if isinstance(module, Face) else _module(module)
        files[f"{package.folder}/{name}"] = "\n".join(lines) + "\n"
    return files


def _module(module: Module) -> Iterator[str]:
    yield from (module.header, module.docstring, "", module.imports)
    for block in module.blocks:
        yield from [""] * block.gap
        yield from _statement(block) if isinstance(block, Statement) else _class(block)


def _statement(statement: Statement) -> Iterator[str]:
    yield statement.text
    if statement.docstring:
        yield statement.docstring


def _class(block: ClassBlock) -> Iterator[str]:
    yield from (block.header, f"    {block.docstring}")
    if block.attributes:
        yield ""
        yield from (f"    {attribute}" for attribute in block.attributes)
    for method in block.methods:
        yield ""
        yield from _method(method)


def _method(method: Method) -> Iterator[str]:
    yield from (f"    @{decorator}" for decorator in method.decorators)
    yield f"    {method.signature}"
    if method.docstring:
        yield f"        {method.docstring}"
    yield from (f"        {statement}" for statement in method.body)


def _face(face: Face) -> Iterator[str]:
    yield from (face.header, face.docstring)
    if not face.homes:
        return
    yield from ("", "from typing import TYPE_CHECKING", "", "__all__ = [")
    yield from (f"    {name}," for name in face.exported)
    yield from ("]", "", "if TYPE_CHECKING:", f"    {face.imports}", "else:", "    _HOMES = {")
    yield from (f"        {home}," for home in face.homes)
    yield from ("    }", _FACE)
