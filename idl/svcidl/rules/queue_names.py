"""AMQP names are short strings of at most 255 bytes (AMQP 0-9-1, 4.2.5.3): every queue of a service must fit."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.diagnostics import Diagnostic
from svcidl.resolve import walk
from svcidl.resolve.program import Program, Unit

_LIMIT = 255
_LONGEST_PREFIX = len("svc.suspect.")
_LONGEST_SUFFIX = len(".quorum")
"""What the runtime may put around the name of a work queue."""


def queue_names(program: Program) -> Iterator[Diagnostic]:
    """Report names that are too long for the queue made of them."""
    for unit in program.units:
        for service in walk.services(unit.tree):
            for name, queue in _queues(program, unit, service):
                length = len(queue) + _LONGEST_PREFIX + _LONGEST_SUFFIX
                if length > _LIMIT:
                    shown = name.text[:48]
                    message = (
                        f"the queue of `{shown}` would need {length} bytes for its name, the broker takes {_LIMIT}"
                    )
                    help_ = ("shorten the package, the service, the event or this name",)
                    yield Diagnostic(code="E0507", message=message, span=name.span, help=help_)


def _queues(program: Program, unit: Unit, service: nodes.Service) -> Iterator[tuple[nodes.Name, str]]:
    full_name = f"{unit.package}.{service.name.text}"
    yield service.name, f"svc.rpc.{full_name}"
    for member in service.members:
        if isinstance(member, nodes.Subscription):
            event = program.targets.get(member.event)
            if event is not None:
                yield member.name, f"svc.event.{event.full_name}--{full_name}.{member.name.text}"
        elif isinstance(member, nodes.Timer):
            yield member.name, f"svc.timer.{full_name}.{member.name.text}"
