"""Plans client.py: for each service a client, and its twin whose methods return futures."""

from collections.abc import Iterator

from svcgen.imports import Imports
from svcgen.layout import STEP, Doc, Row, call, lay_out, subscript
from svcgen.plan.contract_module import ContractNames, contract_names, services_of
from svcgen.plan.docs import described, method_sections
from svcgen.plan.modules import Block, ClassBlock, Method, Module, spaced
from svcgen.plan.names import Names
from svcgen.plan.references import ModuleReferences
from svcgen.plan.signatures import parameter, service_names, signature
from svcgen.source_text import docstring
from svcgen.types import TypeWriter
from svcidl.model import Oneway, Package, Rpc, Service


def plan_client(package: Package, names: Names, header: str) -> Module:
    """Return the plan of the package's client.py."""
    services = services_of(package)
    imports = Imports(name for service in services for name in service_names(service, names))
    writer = _ClientWriter(package, names, contract_names(package, names), imports)
    blocks: list[Block] = [block for service in services for block in writer.blocks(service)]
    title = f"Typed clients of the services of `{package.name}`."
    return Module(header=header, docstring=docstring(title, 0), imports=imports.lines(), blocks=spaced(blocks))


class _ClientWriter:
    def __init__(self, package: Package, names: Names, tables: ContractNames, imports: Imports) -> None:
        self._names = names
        self._tables = tables
        self._imports = imports
        self._contract = imports.name(names.packages[package.name], "contract", prefer="contract_module")
        self._references = ModuleReferences(names, imports)
        self._types = TypeWriter(imports, self._references)

    def blocks(self, service: Service) -> Iterator[ClassBlock]:
        """Yield the client, and the futures where there is something to wait for."""
        rpcs = [member for member in service.members if isinstance(member, Rpc)]
        yield self._client(service, has_futures=bool(rpcs))
        if rpcs:
            yield self._futures(service, rpcs)

    def _client(self, service: Service, *, has_futures: bool) -> ClassBlock:
        methods = [self._futures_property(service)] if has_futures else []
        for member in service.members:
            if isinstance(member, Rpc):
                methods.append(self._rpc(member, wait=True))
            elif isinstance(member, Oneway):
                methods.append(self._oneway(member))
        return ClassBlock(
            header=f"class {self._names.declarations[service]}Client({self._imports.runtime('ServiceClient')}):",
            docstring=docstring(f"Calls `{service.full_name}`.\n\n{service.doc}", STEP),
            attributes=(f"contract = {self._contract}.{self._tables.services[service]}",),
            methods=tuple(methods),
        )

    def _futures(self, service: Service, rpcs: list[Rpc]) -> ClassBlock:
        return ClassBlock(
            header=f"class {self._names.declarations[service]}Futures({self._imports.runtime('ServiceFutures')}):",
            docstring=docstring(f"Calls `{service.full_name}` without waiting for the answers.", STEP),
            methods=tuple(self._rpc(rpc, wait=False) for rpc in rpcs),
        )

    def _futures_property(self, service: Service) -> Method:
        twin = f"{self._names.declarations[service]}Futures"
        return Method(
            decorators=("property",),
            signature=f"def futures(self) -> {twin}:",
            docstring=docstring("The same calls, each returning a `concurrent.futures.Future`.", 2 * STEP),
            body=(f"return {twin}(self)",),
        )

    def _rpc(self, rpc: Rpc, *, wait: bool) -> Method:
        result: Doc = "None" if rpc.result is None else self._types.plain(rpc.result)
        if not wait:
            result = subscript(self._imports.name("concurrent.futures", "Future"), result)
        timeout = "timeout: float | None = None"
        passed = call("self._call" if wait else "self._submit", *self._call(rpc), "timeout")
        prefix = "" if wait and rpc.result is None else "return "
        return Method(
            signature=signature(self._names.members[rpc], ["self", "*", *self._parameters(rpc), timeout], result),
            docstring=self._docstring(rpc),
            body=(lay_out(Row((prefix, passed)), 2 * STEP),),
        )

    def _oneway(self, oneway: Oneway) -> Method:
        parameters = self._parameters(oneway)
        return Method(
            signature=signature(
                self._names.members[oneway], ["self", *(["*", *parameters] if parameters else [])], "None"
            ),
            docstring=self._docstring(oneway),
            body=(lay_out(call("self._send", *self._call(oneway)), 2 * STEP),),
        )

    def _docstring(self, member: Rpc | Oneway) -> str:
        job = isinstance(member, Oneway)
        fallback = f"Hand in the background job `{member.name}`." if job else f"Call `{member.name}`."
        more = method_sections(member, self._names)
        return described(
            member,
            fallback,
            indent=2 * STEP,
            more=["Returns as soon as the broker keeps the job.", *more] if job else more,
        )

    def _parameters(self, member: Rpc | Oneway) -> list[Doc]:
        return [parameter(self._names, self._types, each, default=True) for each in member.parameters]

    def _call(self, member: Rpc | Oneway) -> list[Doc]:
        """Return the table of the member and the struct of its arguments, as they are handed to the runtime."""
        given = (self._names.fields[each] for each in member.parameters)
        arguments = call(f"{self._contract}.{self._tables.arguments[member]}", *(f"{name}={name}" for name in given))
        return [f"{self._contract}.{self._tables.members[member]}", arguments]
