"""What a plan consists of: modules of classes and statements, as text that needs no further decision."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement at the margin of a module, with the docstring that stands under it or ""."""

    text: str
    docstring: str = ""
    gap: int = 1
    """Empty lines before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A method; `decorators` without `@`, `body` statements laid out for their place."""

    signature: str
    docstring: str
    decorators: tuple[str, ...] = ()
    body: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassBlock:
    """A class at the margin of a module; `attributes` are statements laid out for their place."""

    header: str
    docstring: str
    attributes: tuple[str, ...] = ()
    methods: tuple[Method, ...] = ()
    gap: int = 2
    """Empty lines before it."""


Block = Statement | ClassBlock


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One module. `header` is the comment on its first line, `imports` its import statements."""

    header: str
    docstring: str
    imports: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """The `__init__` of a package.

    Attributes:
        imports: statements for type checkers, laid out for an indented block.
        exported: entries of `__all__`, as string literals.
        homes: items of the dictionary from a name to the module that defines it.
    """

    header: str
    docstring: str
    imports: str
    exported: tuple[str, ...]
    homes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagePlan:
    """A package to be written: its folder (posix, relative to the output folder) and its modules by file name."""

    folder: str
    modules: dict[str, Module | Face]


def spaced(blocks: list[Block]) -> tuple[Block, ...]:
    """Return the blocks with the empty lines that stand between them: two around classes, one between statements."""
    placed: list[Block] = []
    for block in blocks:
        after_class = bool(placed) and isinstance(placed[-1], ClassBlock)
        if isinstance(block, Statement) and after_class:
            block = Statement(text=block.text, docstring=block.docstring, gap=2)
        placed.append(block)
    return tuple(placed)
