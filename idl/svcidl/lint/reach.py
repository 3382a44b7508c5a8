"""What types lead to, through fields, aliases, variants and what stands in `<…>`."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from svcidl import nodes
from svcidl.resolve import walk
from svcidl.resolve.program import Program, Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What some types lead to.

    Attributes:
        uses: every type on the way, with the origin that first led to it; outer before inner.
        symbols: every declaration on the way, with the same.
    """

    uses: Mapping[nodes.TypeUse, str]
    symbols: Mapping[Symbol, str]


def reach(program: Program, roots: Iterable[tuple[nodes.TypeUse, str]]) -> Reached:
    """Follow types, breadth first, so that the first origin is a near one.

    Args:
        program: what names mean.
        roots: types to begin with, and what to call where they stand.
    """
    uses: dict[nodes.TypeUse, str] = {}
    symbols: dict[Symbol, str] = {}
    queue = deque(roots)
    while queue:
        root, origin = queue.popleft()
        for use in walk.nested(root):
            uses.setdefault(use, origin)
            symbol = program.targets.get(use.ref)
            if symbol is not None and symbol not in symbols:
                symbols[symbol] = origin
                queue.extend((inner, origin) for inner in _inside(program, symbol, symbols, origin))
    return Reached(uses=uses, symbols=symbols)


def _inside(program: Program, symbol: Symbol, symbols: dict[Symbol, str], origin: str) -> Iterator[nodes.TypeUse]:
    """Yield the types that a declaration holds; the variants of a union are entered in `symbols` here."""
    yield from walk.own_types(symbol.node)
    if isinstance(symbol.node, nodes.Union):
        for ref in symbol.node.variants:
            variant = program.targets.get(ref)
            if variant is not None and variant not in symbols:
                symbols[variant] = origin
                yield from walk.own_types(variant.node)
