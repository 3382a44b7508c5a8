"""Annotations: known, where they have a meaning, with the right arguments, once each."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.diagnostics import Diagnostic
from svcidl.losses import ANY_VARIANT
from svcidl.resolve import walk
from svcidl.resolve.annotations import read_annotations
from svcidl.resolve.program import Program, Symbol, variants


def annotation_places(program: Program) -> Iterator[Diagnostic]:
    """Report what is wrong with annotations, also where only the surroundings tell."""
    tagged = variants(program)
    for unit in program.units:
        for node in unit.tree.declarations:
            yield from read_annotations(node).problems
            if isinstance(node, nodes.Struct):
                yield from _tag(node, unit.symbols[node.name.text], tagged)
            if isinstance(node, nodes.Enum):
                for value in node.values:
                    yield from read_annotations(value).problems
            elif isinstance(node, nodes.Struct | nodes.Error | nodes.Event):
                for field in node.fields:
                    yield from read_annotations(field).problems
            elif isinstance(node, nodes.Service):
                for member in node.members:
                    yield from read_annotations(member).problems
                    yield from _parameters(member)


def _tag(node: nodes.Struct, symbol: Symbol, tagged: frozenset[Symbol]) -> Iterator[Diagnostic]:
    for annotation in node.annotations:
        # A union that a syntax error swallowed may have named it.
        is_known = symbol in tagged or symbol.unit.file.swallowed(node.name.text)
        is_known = is_known or ANY_VARIANT in symbol.unit.file.lost
        if annotation.name.text == "tag" and not is_known:
            message = f"`@tag` has no meaning on `{node.name.text}`, which is a variant of no union"
            help_ = "name the struct in a union, or remove the annotation"
            yield Diagnostic(code="E0602", message=message, span=annotation.span, help=(help_,))


def _parameters(member: nodes.Member) -> Iterator[Diagnostic]:
    reached = isinstance(member, nodes.Route | nodes.Socket)
    reached = reached or (isinstance(member, nodes.Rpc | nodes.Oneway) and member.http is not None)
    for parameter in walk.parameters(member):
        yield from read_annotations(parameter, parameter=True).problems
        for annotation in parameter.annotations:
            if annotation.name.text in ("header", "query") and not reached:
                message = f"`@{annotation.name.text}` has no meaning here: HTTP does not reach this member"
                help_ = "add an `http` clause, or remove the annotation"
                yield Diagnostic(code="E0602", message=message, span=annotation.span, help=(help_,))
