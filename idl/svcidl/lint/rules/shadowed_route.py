"""A literal segment beats a parameter: what it spells can never be the parameter's value."""

import re
from collections.abc import Iterator

from svcidl import nodes
from svcidl.diagnostics import Note
from svcidl.explanation import Explanation, example
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule
from svcidl.model import PathPart
from svcidl.resolve.constraints import read_constraints
from svcidl.resolve.http import Binding
from svcidl.resolve.program import Program, shape
from svcidl.rules.route_clashes import Step, insert, key_of, meeting

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


def shadowed_route(context: Context) -> Iterator[Problem]:
    """Find routes with a parameter that loses values to other routes."""
    roots: dict[str, Step] = {}
    served = [each for each in context.members if each.binding is not None and each.binding.parts is not None]
    for each in served:
        if (binding := each.binding) is not None:
            insert(roots.setdefault(binding.method, Step()), [key_of(part) for part in binding.parts or ()], binding)
    for each in served:
        binding = each.binding
        if binding is None or not each.unit.file.requested or not any(part.parameter for part in binding.parts or ()):
            continue
        keys = [key_of(part) for part in binding.parts or ()]
        takers = [other for other, newer, older in meeting(roots[binding.method], keys) if older and not newer]
        lost = [(other, value) for other in takers if (value := _lost(context.program, binding, other)) is not None]
        if lost:
            yield _problem(binding, sorted(lost, key=lambda item: item[0].path.value))


def _problem(binding: Binding, lost: list[tuple[Binding, str]]) -> Problem:
    shown = ", ".join(f"`{value}`" for _, value in lost[:3]) + (" and others" if len(lost) > 3 else "")
    return Problem(
        span=binding.path.span,
        message=f"`{binding.method} {binding.path.value}` is never reached with {shown}",
        help=("part the two by a literal segment, or give the parameter a type that excludes it",),
        notes=tuple(Note(message="this one takes it", span=other.path.span) for other, _ in lost[:3]),
    )


def _lost(program: Program, binding: Binding, taker: Binding) -> str | None:
    """Return the value that a parameter loses to a more specific route, None if its type excludes it anyway."""
    lost = None
    for part, other in zip(binding.parts or (), taker.parts or (), strict=True):
        if part.parameter is None or key_of(part) == key_of(other):
            continue
        value = _value(part, other)
        taken = binding.taken.get(part.parameter)
        if taken is None or not _holds(program, taken.node.type, value):
            return None
        lost = lost or value
    return lost


def _value(part: PathPart, other: PathPart) -> str:
    text = other.prefix + (f"{{{other.parameter}}}{other.suffix}" if other.parameter is not None else "")
    return text[len(part.prefix) : len(text) - len(part.suffix)]


def _holds(program: Program, use: nodes.TypeUse, value: str) -> bool:
    """Tell whether `value` is one of the type's; a `{parameter}` in it stands for any text."""
    found = shape(program, use)
    if "{" in value:
        return found.kind == "str" and not found.use.constraints
    if found.kind == "enum" and found.symbol is not None and isinstance(found.symbol.node, nodes.Enum):
        return any(value == (each.wire.value if each.wire else each.name.text) for each in found.symbol.node.values)
    if found.kind in ("int", "float", "decimal"):
        return _NUMBER.fullmatch(value) is not None
    if found.kind == "bool":
        return value in ("true", "false")
    return found.kind == "str" and _fits(found.use, value)


def _fits(use: nodes.TypeUse, value: str) -> bool:
    limits = read_constraints("str", use)
    low, high = (limits.length.low, limits.length.high) if limits.length else (None, None)
    if (
        limits.format == "email"
        or (isinstance(low, int) and len(value) < low)
        or (isinstance(high, int) and len(value) > high)
    ):
        return False
    return limits.pattern is None or re.search(limits.pattern, value) is not None


RULE = Rule(
    find=shadowed_route,
    page=Explanation(
        code="L0137",
        name="shadowed-route",
        title="A route loses values of its parameter to another route.",
        meaning="A literal segment beats a parameter. With `/users/me` beside `/users/{name}` the user called `me` can "
        "never be fetched: the request goes elsewhere. Where the parameter's type excludes the literal, as a "
        "`uuid` does, nothing is lost and nothing is found. All services of the run are compared.",
        wrong=example(
            """
package shop.v1

service Users {
  @idempotent
  rpc get(name: str(1..40)) -> int
    http GET "/users/{name}"

  @idempotent
  rpc me() -> int
    http GET "/users/me"
}
"""
        ),
        right=example(
            """
package shop.v1

service Users {
  @idempotent
  rpc get(name: str(1..40)) -> int
    http GET "/users/{name}"

  @idempotent
  rpc me() -> int
    http GET "/me"
}
"""
        ),
        remedy="Move one of the two, or narrow the parameter's type.",
    ),
)
