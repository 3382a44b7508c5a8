"""What a sound contract needs: one rule per file, run in this order."""

from collections.abc import Callable, Iterable, Iterator

from svcidl.diagnostics import Diagnostic
from svcidl.resolve.program import Program
from svcidl.rules.alias_cycles import alias_cycles
from svcidl.rules.annotation_places import annotation_places
from svcidl.rules.defaults import defaults
from svcidl.rules.distinct_names import distinct_names
from svcidl.rules.enum_values import enum_values
from svcidl.rules.errors import errors
from svcidl.rules.event_lists import event_lists
from svcidl.rules.http_bindings import http_bindings
from svcidl.rules.language_names import language_names
from svcidl.rules.namespace import namespace
from svcidl.rules.one_package import one_package
from svcidl.rules.optional_types import optional_types
from svcidl.rules.package_cycles import package_cycles
from svcidl.rules.queue_names import queue_names
from svcidl.rules.route_clashes import route_clashes
from svcidl.rules.socket_types import socket_types
from svcidl.rules.timers import timers
from svcidl.rules.type_arguments import type_arguments
from svcidl.rules.type_constraints import type_constraints
from svcidl.rules.type_cycles import type_cycles
from svcidl.rules.union_variants import union_variants
from svcidl.rules.wire_names import wire_names

Rule = Callable[[Program], Iterable[Diagnostic]]

# The order decides nothing but which of two findings at one place is told first: names, types, HTTP, events, policy.
RULES: tuple[Rule, ...] = (
    one_package,
    namespace,
    language_names,
    distinct_names,
    wire_names,
    package_cycles,
    alias_cycles,
    type_cycles,
    type_arguments,
    optional_types,
    type_constraints,
    union_variants,
    enum_values,
    defaults,
    errors,
    socket_types,
    http_bindings,
    route_clashes,
    event_lists,
    timers,
    queue_names,
    annotation_places,
)


def check_rules(program: Program) -> Iterator[Diagnostic]:
    """Yield what every rule finds."""
    for rule in RULES:
        yield from rule(program)
