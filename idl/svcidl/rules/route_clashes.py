"""Two routes that can match the same request clash, unless one of them is more specific."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from svcidl import nodes
from svcidl.diagnostics import Diagnostic, Note
from svcidl.model import PathPart
from svcidl.resolve import walk
from svcidl.resolve.http import Binding, read_binding
from svcidl.resolve.program import Program

Key = tuple[str, str | None]
"""A segment without the name of its parameter: prefix and suffix; no suffix for a literal one."""


@dataclass(slots=True)
class Step:
    """A node of the tree of all routes of one method: what may follow, literal segments by their text."""

    literal: "dict[Key, Step]" = field(default_factory=dict)
    pattern: "dict[Key, Step]" = field(default_factory=dict)
    binding: Binding | None = None


def route_clashes(program: Program) -> Iterator[Diagnostic]:
    """Report every route of the run that clashes with an earlier one; sockets count as GET."""
    roots: dict[str, Step] = {}
    for unit in program.units:
        for service in walk.services(unit.tree):
            for member in service.members:
                binding = read_binding(program, member)
                if binding is None or binding.parts is None or not binding.method:
                    continue
                root = roots.setdefault(binding.method, Step())
                keys = [key_of(part) for part in binding.parts]
                other = next((other for other, newer, older in meeting(root, keys) if newer == older), None)
                if other is None:
                    insert(root, keys, binding)
                else:
                    yield _clash(member, binding, other)


def key_of(part: PathPart) -> Key:
    """Return a segment without the name of its parameter."""
    return part.prefix, None if part.parameter is None else part.suffix


def insert(step: Step, keys: list[Key], binding: Binding) -> None:
    """Enter a route in the tree."""
    for key in keys:
        branch = step.literal if key[1] is None else step.pattern
        step = branch.setdefault(key, Step())
    step.binding = binding


def meeting(root: Step, keys: list[Key]) -> Iterator[tuple[Binding, bool, bool]]:
    """Yield the routes that match a request that `keys` match too.

    With each comes whether `keys` are more specific at some segment, and whether the other one is; it clashes where the
    two are the same.
    """
    work: list[tuple[Step, int, bool, bool]] = [(root, 0, False, False)]
    while work:
        step, depth, newer, older = work.pop()
        if depth == len(keys):
            if step.binding is not None:
                yield step.binding, newer, older
            continue
        key = keys[depth]
        for other, following in _overlapping(step, key):
            more, less = _more_specific(key, other), _more_specific(other, key)
            if key != other and not more and not less:
                more = less = True
            work.append((following, depth + 1, newer or more, older or less))


def _overlapping(step: Step, key: Key) -> Iterator[tuple[Key, Step]]:
    if key[1] is None:
        if key in step.literal:
            yield key, step.literal[key]
    else:
        yield from ((other, following) for other, following in step.literal.items() if _overlap(key, other))
    yield from ((other, following) for other, following in step.pattern.items() if _overlap(key, other))


def _overlap(a: Key, b: Key) -> bool:
    (prefix_a, suffix_a), (prefix_b, suffix_b) = a, b
    if suffix_a is None and suffix_b is None:
        return a == b
    if suffix_a is None or suffix_b is None:
        text, prefix, suffix = (prefix_a, prefix_b, suffix_b) if suffix_a is None else (prefix_b, prefix_a, suffix_a)
        fits = text.startswith(prefix) and text.endswith(suffix or "")
        return fits and len(text) > len(prefix) + len(suffix or "")
    starts = prefix_a.startswith(prefix_b) or prefix_b.startswith(prefix_a)
    return starts and (suffix_a.endswith(suffix_b) or suffix_b.endswith(suffix_a))


def _more_specific(a: Key, b: Key) -> bool:
    """Tell whether `a` beats `b`: a literal beats a parameter, more literal text around a parameter beats less."""
    if a == b or a[1] is None or b[1] is None:
        return a != b and a[1] is None
    return a[0].startswith(b[0]) and a[1].endswith(b[1])


def _clash(member: nodes.Member, binding: Binding, other: Binding) -> Diagnostic:
    mine = f"{binding.method} {binding.path.value}"
    note = Note(message="the other one", span=other.path.span)
    if mine == f"{other.method} {other.path.value}":
        message = f"`{mine}` is served twice"
    else:
        message = f"`{mine}` and `{other.method} {other.path.value}` can match the same request"
    if isinstance(member, nodes.Socket):
        message += " (a socket is opened by GET)"
    help_ = "tell them apart by a literal segment or by the method"
    return Diagnostic(code="E0409", message=message, span=binding.path.span, help=(help_,), notes=(note,))
