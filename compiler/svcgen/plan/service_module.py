"""Plans service.py: for each service its publisher and the base that an implementation derives from."""

from collections.abc import Iterator

from svcgen.imports import Imports
from svcgen.layout import STEP, Doc, Row, call, lay_out, subscript
from svcgen.plan.contract_module import ContractNames, contract_names, services_of
from svcgen.plan.docs import described, method_sections
from svcgen.plan.modules import Block, ClassBlock, Method, Module, spaced
from svcgen.plan.names import Names
from svcgen.plan.references import ModuleReferences
from svcgen.plan.signatures import parameter, service_names, signature
from svcgen.source_text import docstring, summary
from svcgen.types import TypeWriter
from svcidl.model import (
    AnyMember,
    Oneway,
    Package,
    Publication,
    Route,
    Rpc,
    Service,
    Socket,
    Subscription,
    Timer,
    Use,
)


def plan_service(package: Package, names: Names, header: str) -> Module:
    """Return the plan of the package's service.py."""
    services = services_of(package)
    imports = Imports(name for service in services for name in service_names(service, names))
    writer = _ServiceWriter(package, names, contract_names(package, names), imports)
    blocks: list[Block] = [block for service in services for block in writer.blocks(service)]
    title = f"What an implementation of the services of `{package.name}` derives from."
    return Module(header=header, docstring=docstring(title, 0), imports=imports.lines(), blocks=spaced(blocks))


class _ServiceWriter:
    def __init__(self, package: Package, names: Names, tables: ContractNames, imports: Imports) -> None:
        self._names = names
        self._tables = tables
        self._imports = imports
        self._contract = imports.name(names.packages[package.name], "contract", prefer="contract_module")
        self._references = ModuleReferences(names, imports)
        self._types = TypeWriter(imports, self._references)

    def blocks(self, service: Service) -> Iterator[ClassBlock]:
        """Yield the publisher, if the service publishes, and the base."""
        if service.publishes:
            yield self._publisher(service)
        yield self._base(service)

    def _publisher(self, service: Service) -> ClassBlock:
        return ClassBlock(
            header=f"class {self._names.declarations[service]}Publisher({self._imports.runtime('Publisher')}):",
            docstring=docstring(f"Announces the events of `{service.name}`.", STEP),
            methods=tuple(self._announcement(publication) for publication in service.publishes),
        )

    def _announcement(self, publication: Publication) -> Method:
        event = publication.event
        doc = f"Announce `{event.name}`; returns when the broker has it."
        about = summary(publication.doc) or summary(event.doc)
        table = f"{self._contract}.{self._tables.events[event]}"
        return Method(
            signature=signature(
                self._names.publications[publication],
                ["self", f"event: {self._references.declaration(event)}"],
                "None",
            ),
            docstring=docstring(f"{doc}\n\n{about}", 2 * STEP),
            body=(lay_out(call("self._publish", table, "event"), 2 * STEP),),
        )

    def _base(self, service: Service) -> ClassBlock:
        attributes = [f"contract = {self._contract}.{self._tables.services[service]}"]
        for use in service.uses:
            attributes += self._use(use)
        if service.publishes:
            provider = self._imports.runtime("PublisherProvider")
            stem = self._names.declarations[service]
            attributes.append(lay_out(call(f"publish = {provider}", f"{stem}Publisher"), STEP))
        return ClassBlock(
            header=f"class {self._names.declarations[service]}Base({self._imports.runtime('ServiceBase')}):",
            docstring=described(service, f"Implement `{service.full_name}` by deriving from this.", indent=STEP),
            attributes=tuple(attributes),
            methods=tuple(self._stub(member) for member in service.members),
        )

    def _use(self, use: Use) -> Iterator[str]:
        client = self._imports.name(
            self._names.module(use.service.package, "client"), f"{self._names.declarations[use.service]}Client"
        )
        yield lay_out(call(f"{self._names.uses[use]} = {self._imports.runtime('ClientProvider')}", client), STEP)
        if summary(use.doc):
            yield docstring(use.doc, STEP)

    def _stub(self, member: AnyMember) -> Method:
        parameters: list[Doc] = ["self"]
        result: Doc = "None"
        more: list[str] = []
        match member:
            case Rpc():
                parameters += self._arguments(member)
                result = self._result(member)
                more = method_sections(member, self._names)
                fallback = f"Yield the items of `{member.name}`." if member.stream else f"Answer `{member.name}`."
            case Oneway():
                parameters += self._arguments(member)
                more = method_sections(member, self._names)
                fallback = f"Run the background job `{member.name}`."
            case Subscription():
                parameters.append(f"event: {self._references.declaration(member.event)}")
                fallback = f"Hear `{member.event.name}`."
            case Route():
                parameters += [f"request: {self._imports.runtime('Request')}", *self._arguments(member)]
                result = self._imports.runtime("Response")
                more = method_sections(member, self._names)
                fallback = f"Serve `{member.http.method} {member.http.path}`."
            case Socket():
                parameters += [Row(("socket: ", self._socket(member))), *self._arguments(member)]
                more = method_sections(member, self._names)
                fallback = f"Serve the web socket `{member.http.path}`."
            case Timer():
                fallback = "Run when the clock says so."
        return Method(
            decorators=(self._imports.name("abc", "abstractmethod"),),
            signature=signature(self._names.members[member], parameters, result),
            docstring=described(member, fallback, indent=2 * STEP, more=more),
        )

    def _result(self, rpc: Rpc) -> Doc:
        result: Doc = "None" if rpc.result is None else self._types.plain(rpc.result)
        return subscript(self._imports.name("collections.abc", "Iterator"), result) if rpc.stream else result

    def _socket(self, socket: Socket) -> Doc:
        carried = (self._types.plain(socket.receives), self._types.plain(socket.sends))
        return subscript(self._imports.runtime("Socket"), *carried)

    def _arguments(self, member: Rpc | Oneway | Route | Socket) -> list[Doc]:
        """Return the keyword parameters of a stub, without defaults: the runtime always gives them all.

        A default here would force every implementation to repeat it; without one an implementation may have its own.
        """
        listed = [parameter(self._names, self._types, each, default=False) for each in member.parameters]
        return ["*", *listed] if listed else []
