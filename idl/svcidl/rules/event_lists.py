"""Lists of a service: an event is published once, an error thrown once, a service used once per name."""

from collections.abc import Iterable, Iterator

from svcidl import nodes
from svcidl.diagnostics import Diagnostic, Note
from svcidl.model import Delivery
from svcidl.resolve import walk
from svcidl.resolve.annotations import read_annotations
from svcidl.resolve.program import Program, Symbol


def event_lists(program: Program) -> Iterator[Diagnostic]:
    """Report what stands twice under publishes, throws and uses, and singleton handlers that share a queue."""
    for unit in program.units:
        for service in walk.services(unit.tree):
            published = [ref for node in service.members if isinstance(node, nodes.Publishes) for ref in node.events]
            yield from _twice(program, published, "E0505", "is published twice")
            used = [node.service for node in service.members if isinstance(node, nodes.Use)]
            yield from _twice(program, used, "E0506", "is used twice")
            for member in service.members:
                if isinstance(member, nodes.Rpc):
                    yield from _twice(program, member.throws, "E0506", "is thrown twice")
            yield from _singletons(program, service)


def _twice(program: Program, refs: Iterable[nodes.Ref], code: str, what: str) -> Iterator[Diagnostic]:
    seen: dict[Symbol, nodes.Ref] = {}
    for ref in refs:
        symbol = program.targets.get(ref)
        if symbol is not None and seen.setdefault(symbol, ref) is not ref:
            note = Note(message="first here", span=seen[symbol].span)
            help_ = ("remove one of the two",)
            yield Diagnostic(code=code, message=f"`{ref.text}` {what}", span=ref.span, help=help_, notes=(note,))


def _singletons(program: Program, service: nodes.Service) -> Iterator[Diagnostic]:
    seen: dict[Symbol, nodes.Subscription] = {}
    for member in service.members:
        if not isinstance(member, nodes.Subscription) or read_annotations(member).delivery is not Delivery.SINGLETON:
            continue
        event = program.targets.get(member.event)
        if event is not None and seen.setdefault(event, member) is not member:
            other = seen[event]
            message = (
                f"`{other.name.text}` and `{member.name.text}` are both singleton handlers of `{member.event.text}`"
            )
            help_ = ("each event would reach only one of the two: handle it in one",)
            note = Note(message="the other one", span=other.name.span)
            yield Diagnostic(code="E0508", message=message, span=member.name.span, help=help_, notes=(note,))
