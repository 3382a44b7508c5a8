"""Signatures and bodies that stubs and clients share, and what stands in the way of their imports."""

from collections.abc import Iterable, Iterator

from svcgen.layout import STEP, Doc, Row, call, lay_out
from svcgen.naming import STUB_SUFFIXES
from svcgen.plan.names import Names
from svcgen.types import TypeWriter
from svcidl.model import Oneway, Parameter, Route, Rpc, Service, Socket


def signature(name: str, parameters: Iterable[Doc], result: Doc, *, keyword: str = "def") -> str:
    """Return `def name(parameters) -> result:` laid out for a class; `keyword` may be `async def`."""
    return lay_out(Row((call(f"{keyword} {name}", *parameters), " -> ", result, ":")), STEP)


def parameter(names: Names, types: TypeWriter, declared: Parameter, *, default: bool) -> Doc:
    """Return one keyword parameter, with its default where that is wanted and there is one."""
    parts: list[Doc] = [f"{names.fields[declared]}: ", types.plain(declared.type)]
    value = types.parameter_default(declared) if default else None
    return Row(tuple(parts if value is None else [*parts, " = ", value]))


def service_names(service: Service, names: Names) -> Iterator[str]:
    """Yield every name that the stub, the publisher and the client of a service bind."""
    stem = names.declarations[service]
    yield from (f"{stem}{suffix}" for suffix in STUB_SUFFIXES)
    yield from ("self", "contract", "publish", "event", "request", "socket", "timeout", "futures")
    yield from (names.uses[use] for use in service.uses)
    yield from (names.publications[publication] for publication in service.publishes)
    for member in service.members:
        yield names.members[member]
        if isinstance(member, Rpc | Oneway | Route | Socket):
            yield from (names.fields[each] for each in member.parameters)
