"""Plans contract.py: argument structs, and the tables of what each service takes, gives, announces and hears."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from svcgen.imports import Imports
from svcgen.layout import STEP, Doc, Row, call, lay_out, subscript, tuple_of
from svcgen.naming import camel_case, constant, unused
from svcgen.plan.modules import Block, ClassBlock, Module, Statement, spaced
from svcgen.plan.names import Names
from svcgen.plan.references import ModuleReferences
from svcgen.plan.structs import StructWriter
from svcgen.source_text import docstring, number, string, summary
from svcgen.types import TypeWriter
from svcidl.model import (
    AnyMember,
    Delivery,
    Event,
    HttpBinding,
    Oneway,
    Package,
    Parameter,
    Retry,
    Route,
    Rpc,
    Service,
    Socket,
    Subscription,
    Timer,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractNames:
    """What contract.py calls its tables and argument structs, by the object of the model."""

    services: dict[Service, str] = field(default_factory=dict)
    events: dict[Event, str] = field(default_factory=dict)
    members: dict[AnyMember, str] = field(default_factory=dict)
    arguments: dict[AnyMember, str] = field(default_factory=dict)


def services_of(package: Package) -> list[Service]:
    """Return the services of a package, in written order."""
    return [each for each in package.declarations if isinstance(each, Service)]


def contract_names(package: Package, names: Names) -> ContractNames:
    """Choose the names in contract.py. Nobody writes them down elsewhere, so a later one gives way to an earlier."""
    chosen, taken = ContractNames(), set[str]()

    def take(name: str) -> str:
        name = unused(name, taken)
        taken.add(name)
        return name

    for event in _events(package):
        chosen.events[event] = take(constant(names.declarations[event]))
    for service in services_of(package):
        stem = names.declarations[service]
        chosen.services[service] = take(constant(stem))
        for member in service.members:
            chosen.members[member] = take(f"{constant(stem)}_{constant(member.name).strip('_')}")
            if isinstance(member, Rpc | Oneway | Route | Socket):
                chosen.arguments[member] = take(f"{camel_case(stem)}{camel_case(member.name)}Arguments")
    return chosen


def _events(package: Package) -> list[Event]:
    """Return the package's own events, then those of other packages that its services announce or hear.

    The tables of other packages' events are written again instead of imported: two packages may hear each other, and
    their contract modules would then import each other in a circle.
    """
    events = [each for each in package.declarations if isinstance(each, Event)]
    for service in services_of(package):
        events += [publication.event for publication in service.publishes]
        events += [member.event for member in service.members if isinstance(member, Subscription)]
    return list(dict.fromkeys(events))


def plan_contract(package: Package, names: Names, header: str) -> Module:
    """Return the plan of the package's contract.py."""
    chosen = contract_names(package, names)
    imports = Imports(_taken(package, names, chosen))
    writer = _ContractWriter(names, chosen, imports)
    blocks: list[Block] = list(writer.argument_structs(package))
    blocks += [writer.event(event) for event in chosen.events]
    for service in services_of(package):
        blocks += [writer.member(service, member) for member in service.members]
        blocks.append(writer.service(service))
    title = f"What `{package.name}` takes, gives, announces and hears. Tables only."
    return Module(header=header, docstring=docstring(title, 0), imports=imports.lines(), blocks=spaced(blocks))


def _taken(package: Package, names: Names, chosen: ContractNames) -> Iterator[str]:
    for group in (chosen.services, chosen.events, chosen.members, chosen.arguments):
        yield from group.values()
    for service in services_of(package):
        for member in service.members:
            yield from (names.fields[each] for each in getattr(member, "parameters", ()))


class _ContractWriter:
    def __init__(self, names: Names, chosen: ContractNames, imports: Imports) -> None:
        self._names = names
        self._chosen = chosen
        self._imports = imports
        self._references = ModuleReferences(names, imports)
        self._types = TypeWriter(imports, self._references)
        self._structs = StructWriter(names, imports, self._types)

    def argument_structs(self, package: Package) -> Iterator[ClassBlock]:
        """Yield the structs that hold the arguments of one call."""
        for service in services_of(package):
            for member in service.members:
                if isinstance(member, Rpc | Oneway | Route | Socket):
                    title = f"Arguments of `{service.name}.{member.name}`."
                    name = self._chosen.arguments[member]
                    yield self._structs.struct(name, member.parameters, docstring(title, STEP))

    def event(self, event: Event) -> Statement:
        """Return the table of an event."""
        items: list[Doc] = [
            f"name={string(event.full_name)}",
            f"payload={self._references.declaration(event)}",
            *_doc(event.doc),
        ]
        return self._table(self._chosen.events[event], call(self._imports.runtime("Event"), *items, exploded=True))

    def member(self, service: Service, member: AnyMember) -> Statement:
        """Return the table of a member."""
        name = self._chosen.members[member]
        match member:
            case Rpc():
                result = "None" if member.result is None else self._types.plain(member.result)
                items, runtime = self._rpc(service, member), "StreamRpc" if member.stream else "Rpc"
                typed: list[Doc] = [self._chosen.arguments[member], result]
            case Oneway():
                items, runtime, typed = self._oneway(service, member), "Oneway", []
            case Subscription():
                items, runtime, typed = self._subscription(member), "Subscription", []
            case Route():
                items, runtime, typed = self._route(member), "Route", []
            case Socket():
                items, runtime = self._socket(service, member), "SocketRoute"
                typed = [self._types.plain(member.receives), self._types.plain(member.sends)]
            case Timer():
                items, runtime, typed = self._timer(member), "Timer", []
        imported = self._imports.runtime(runtime)
        table = call(imported, *items, exploded=True)
        # The annotation, since a call of `Rpc[…]` would set an attribute, which a frozen dataclass refuses.
        return self._table(name, table, kind=subscript(imported, *typed) if typed else None)

    def service(self, service: Service) -> Statement:
        """Return the table of a service."""
        items: list[Doc] = [f"name={string(service.full_name)}"]
        members = service.members
        items += self._tables("rpcs", (each for each in members if isinstance(each, Rpc) and not each.stream))
        items += self._tables("streams", (each for each in members if isinstance(each, Rpc) and each.stream))
        items += self._tables("oneways", (each for each in members if isinstance(each, Oneway)))
        items += self._tables("subscriptions", (each for each in members if isinstance(each, Subscription)))
        items += _tuple("publishes", (self._chosen.events[each.event] for each in service.publishes))
        items += self._tables("timers", (each for each in members if isinstance(each, Timer)))
        items += self._tables("routes", (each for each in members if isinstance(each, Route)))
        items += self._tables("sockets", (each for each in members if isinstance(each, Socket)))
        items += _doc(service.doc)
        name = self._chosen.services[service]
        return self._table(name, call(self._imports.runtime("Service"), *items, exploded=True))

    def _tables(self, keyword: str, members: Iterable[AnyMember]) -> list[Doc]:
        return _tuple(keyword, (self._chosen.members[each] for each in members))

    def _table(self, name: str, value: Doc, *, kind: Doc | None = None) -> Statement:
        final = self._imports.name("typing", "Final")
        annotation: Doc = final if kind is None else subscript(final, kind)
        return Statement(text=lay_out(Row((f"{name}: ", annotation, " = ", value))))

    def _rpc(self, service: Service, rpc: Rpc) -> list[Doc]:
        result: Doc = "None" if rpc.result is None else self._types.checked(rpc.result)
        items = [*self._called(service, rpc), Row(("item=" if rpc.stream else "result=", result))]
        items += _tuple("errors", (self._references.declaration(error) for error in rpc.throws))
        if rpc.timeout_ms is not None:
            items.append(f"timeout={_seconds(rpc.timeout_ms)}")
        # A stream says nothing of repetition: whoever opens it again gets its items from the beginning.
        if rpc.idempotent and not rpc.stream:
            items.append("idempotent=True")
        return [*items, *_limits(rpc), *self._http(rpc.http, rpc.parameters), *_doc(rpc.doc)]

    def _oneway(self, service: Service, oneway: Oneway) -> list[Doc]:
        items = [*self._called(service, oneway), *self._retry(oneway.retry), *_limits(oneway)]
        return [*items, *self._http(oneway.http, oneway.parameters), *_doc(oneway.doc)]

    def _called(self, service: Service, member: Rpc | Oneway | Socket) -> list[Doc]:
        return [
            f"service={string(service.full_name)}",
            *self._named(member),
            f"arguments={self._chosen.arguments[member]}",
        ]

    def _subscription(self, subscription: Subscription) -> list[Doc]:
        items: list[Doc] = [f"event={self._chosen.events[subscription.event]}", *self._named(subscription)]
        if subscription.delivery is not Delivery.POOL:
            items.append(f"delivery={self._imports.runtime('Delivery')}.{subscription.delivery.name}")
        items += self._retry(subscription.retry)
        if subscription.concurrency is not None:
            items.append(f"concurrency={subscription.concurrency}")
        return [*items, *_doc(subscription.doc)]

    def _route(self, route: Route) -> list[Doc]:
        items: list[Doc] = [*self._named(route), f"arguments={self._chosen.arguments[route]}"]
        return [*items, *self._http(route.http, route.parameters), *_auth(route), *_doc(route.doc)]

    def _socket(self, service: Service, socket: Socket) -> list[Doc]:
        items = [
            *self._called(service, socket),
            Row(("receives=", self._types.checked(socket.receives))),
            Row(("sends=", self._types.checked(socket.sends))),
        ]
        return [*items, *self._http(socket.http, socket.parameters), *_auth(socket), *_doc(socket.doc)]

    def _timer(self, timer: Timer) -> list[Doc]:
        items = self._named(timer)
        if timer.every_ms is not None:
            items.append(f"every={_seconds(timer.every_ms)}")
        if timer.cron is not None:
            items += [f"cron={string(timer.cron)}", f"tz={string(timer.tz)}"]
        if timer.per_instance:
            items.append("per_instance=True")
        return [*items, *_doc(timer.doc)]

    def _named(self, member: AnyMember) -> list[Doc]:
        return [f"name={string(member.name)}", f"stub={string(self._names.members[member])}"]

    def _retry(self, retry: Retry | None) -> list[Doc]:
        if retry is None:
            return []
        items = [f"attempts={retry.attempts}"]
        if retry.backoff_from_ms is not None:
            items.append(f"backoff_from={_seconds(retry.backoff_from_ms)}")
        if retry.backoff_to_ms is not None:
            items.append(f"backoff_to={_seconds(retry.backoff_to_ms)}")
        return [Row(("retry=", call(self._imports.runtime("Retry"), *items)))]

    def _http(self, http: HttpBinding | None, parameters: Iterable[Parameter]) -> list[Doc]:
        if http is None:
            return []
        items: list[Doc] = [
            f"method={string(http.method)}",
            f"path={string(http.path)}",
            f"status={http.status}",
        ]
        items += _tuple("parameters", (self._http_parameter(each) for each in parameters))
        return [Row(("http=", call(self._imports.runtime("HttpBinding"), *items)))]

    def _http_parameter(self, parameter: Parameter) -> Doc:
        if parameter.source is None:
            raise ValueError(f"HTTP reaches `{parameter.name}`, but the model does not say from where")
        source = f"{self._imports.runtime('Source')}.{parameter.source.name}"
        key = parameter.source_name or parameter.name
        return call(self._imports.runtime("HttpParameter"), string(parameter.name), source, string(key))


def _tuple(keyword: str, items: Iterable[Doc]) -> list[Doc]:
    listed = tuple(items)
    return [Row((f"{keyword}=", tuple_of(listed)))] if listed else []


def _limits(member: Rpc | Oneway) -> list[Doc]:
    concurrency = [] if member.concurrency is None else [f"concurrency={member.concurrency}"]
    return [*concurrency, *_auth(member)]


def _auth(member: Rpc | Oneway | Route | Socket) -> list[Doc]:
    # The model hands down the service's scheme; "none" opens a member, which is what no scheme says.
    return [] if member.auth in (None, "none") else [f"auth={string(member.auth or '')}"]


def _doc(doc: str) -> list[Doc]:
    text = summary(doc)
    return [f"doc={string(text)}"] if text else []


def _seconds(milliseconds: int) -> str:
    return number(milliseconds / 1000)
