"""What is deprecated goes away only when nothing uses it any more."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.explanation import Explanation, example
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule
from svcidl.resolve import walk
from svcidl.resolve.program import Unit, shape


def deprecated_used(context: Context) -> Iterator[Problem]:
    """Find uses of what is deprecated by what is not."""
    for unit, node in context.declarations:
        if context.said(node).deprecated is not None:
            continue
        if isinstance(node, nodes.Alias):
            yield from _types(context, node, node.type)
        elif isinstance(node, nodes.Struct | nodes.Error | nodes.Event):
            yield from _fields(context, node, node.fields)
        elif isinstance(node, nodes.Service):
            for member in node.members:
                if context.said(member).deprecated is None:
                    yield from _member(context, unit, member)


def _member(context: Context, unit: Unit, member: nodes.Member) -> Iterator[Problem]:
    yield from _fields(context, None, walk.parameters(member))
    if isinstance(member, nodes.Rpc) and member.result is not None:
        yield from _types(context, None, member.result)
    if isinstance(member, nodes.Socket):
        yield from _types(context, None, member.receives)
        yield from _types(context, None, member.sends)
    for ref in walk.named(member):
        symbol = context.program.targets.get(ref)
        # Who deprecates an event of its own goes on publishing it until nobody listens.
        if symbol is not None and not (isinstance(member, nodes.Publishes) and symbol.unit is unit):
            yield from _ref(context, None, ref)


def _fields(context: Context, owner: nodes.Declaration | None, fields: tuple[nodes.Field, ...]) -> Iterator[Problem]:
    for field in fields:
        if context.said(field, parameter=owner is None).deprecated is None:
            yield from _types(context, owner, field.type)
            yield from _default(context, field)


def _types(context: Context, owner: nodes.Declaration | None, use: nodes.TypeUse) -> Iterator[Problem]:
    for inner in walk.nested(use):
        yield from _ref(context, owner, inner.ref)


def _ref(context: Context, owner: nodes.Declaration | None, ref: nodes.Ref) -> Iterator[Problem]:
    symbol = context.program.targets.get(ref)
    if symbol is not None and symbol.node is not owner:
        advice = context.said(symbol.node).deprecated
        if advice is not None:
            yield Problem(span=ref.span, message=f"{symbol.kind} `{symbol.name}` is deprecated", help=(advice,))


def _default(context: Context, field: nodes.Field) -> Iterator[Problem]:
    if not isinstance(field.default, nodes.Word):
        return
    symbol = shape(context.program, field.type).symbol
    for value in symbol.node.values if symbol is not None and isinstance(symbol.node, nodes.Enum) else ():
        advice = context.said(value).deprecated if value.name.text == field.default.text else None
        if advice is not None:
            message = f"the default `{value.name.text}` is deprecated"
            yield Problem(span=field.default.span, message=message, help=(advice,))


RULE = Rule(
    find=deprecated_used,
    page=Explanation(
        code="L0145",
        name="deprecated-used",
        title="Something deprecated is used.",
        meaning="Types, errors, events and services that are `@deprecated`, and values of enums as defaults. What is "
        "deprecated itself may use the others, a union keeps its deprecated variants, and a service goes on "
        "publishing its own deprecated event until nobody listens.",
        wrong=example(
            """
package shop.v1

@deprecated("use `Address`")
struct Place { town: str }
struct Address { town: str, street: str }

event OrderPlaced { ship_to: Place }
"""
        ),
        right=example(
            """
package shop.v1

@deprecated("use `Address`")
struct Place { town: str }
struct Address { town: str, street: str }

event OrderPlaced {
  @deprecated("use `address`") ship_to: Place?
  address: Address
}
"""
        ),
        remedy="Use what the deprecation names, or mark the user as deprecated, too.",
    ),
)
