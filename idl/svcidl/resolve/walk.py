"""Walks over a file's nodes that several stages need."""

from collections.abc import Iterator

from svcidl import nodes


def own_types(node: nodes.Node) -> Iterator[nodes.TypeUse]:
    """Yield the types that stand directly in a declaration, field or member, without what they hold in `<…>`."""
    if isinstance(node, nodes.Alias | nodes.Field):
        yield node.type
    elif isinstance(node, nodes.Struct | nodes.Error | nodes.Event):
        for field in node.fields:
            yield field.type
    elif isinstance(node, nodes.Service):
        for member in node.members:
            yield from own_types(member)
    elif isinstance(node, nodes.Rpc | nodes.Oneway | nodes.Route | nodes.Socket):
        for parameter in node.parameters:
            yield parameter.type
        if isinstance(node, nodes.Rpc) and node.result is not None:
            yield node.result
        if isinstance(node, nodes.Socket):
            yield node.receives
            yield node.sends


def nested(use: nodes.TypeUse) -> Iterator[nodes.TypeUse]:
    """Yield a type and everything inside its `<…>`; the parser bounds the depth."""
    yield use
    for argument in use.arguments or ():
        yield from nested(argument)


def all_types(tree: nodes.File) -> Iterator[nodes.TypeUse]:
    """Yield every type of a file, outer before inner, in written order."""
    for declaration in tree.declarations:
        for use in own_types(declaration):
            yield from nested(use)


def parameters(member: nodes.Member) -> tuple[nodes.Field, ...]:
    """Return a member's parameters, none for those that have no list."""
    return member.parameters if isinstance(member, nodes.Rpc | nodes.Oneway | nodes.Route | nodes.Socket) else ()


def services(tree: nodes.File) -> Iterator[nodes.Service]:
    """Yield the services of a file."""
    for declaration in tree.declarations:
        if isinstance(declaration, nodes.Service):
            yield declaration


def named(member: nodes.Member) -> tuple[nodes.Ref, ...]:
    """Return what a member refers to besides types: errors, events, a service."""
    if isinstance(member, nodes.Rpc):
        return member.throws
    if isinstance(member, nodes.Publishes):
        return member.events
    if isinstance(member, nodes.Subscription):
        return (member.event,)
    if isinstance(member, nodes.Use):
        return (member.service,)
    return ()
