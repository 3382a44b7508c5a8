"""Plans client.py: for each service a client, its twin whose methods return futures, and its twin for asyncio."""

from collections.abc import Iterator

from svcgen.imports import Imports
from svcgen.layout import STEP, Doc, call, lay_out, subscript
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
        """Yield the client, the futures where there is something to wait for, and the client for asyncio."""
        rpcs = [member for member in service.members if isinstance(member, Rpc) and not member.stream]
        yield self._client(service, has_futures=bool(rpcs))
        if rpcs:
            yield self._futures(service, rpcs)
        yield self._async_client(service)

    def _client(self, service: Service, *, has_futures: bool) -> ClassBlock:
        methods = [self._futures_property(service)] if has_futures else []
        return ClassBlock(
            header=f"class {self._names.declarations[service]}Client({self._imports.runtime('ServiceClient')}):",
            docstring=docstring(f"Calls `{service.full_name}`.\n\n{service.doc}", STEP),
            attributes=(f"contract = {self._contract}.{self._tables.services[service]}",),
            methods=(*methods, *self._methods(service, awaited=False)),
        )

    def _async_client(self, service: Service) -> ClassBlock:
        base = self._imports.runtime("ServiceAsyncClient")
        return ClassBlock(
            header=f"class {self._names.declarations[service]}AsyncClient({base}):",
            docstring=docstring(f"Calls `{service.full_name}` from asyncio.\n\n{service.doc}", STEP),
            attributes=(f"contract = {self._contract}.{self._tables.services[service]}",),
            methods=tuple(self._methods(service, awaited=True)),
        )

    def _methods(self, service: Service, *, awaited: bool) -> Iterator[Method]:
        for member in service.members:
            if isinstance(member, Rpc):
                yield self._stream(member, awaited) if member.stream else self._rpc(member, awaited)
            elif isinstance(member, Oneway):
                yield self._oneway(member, awaited)

    def _futures(self, service: Service, rpcs: list[Rpc]) -> ClassBlock:
        return ClassBlock(
            header=f"class {self._names.declarations[service]}Futures({self._imports.runtime('ServiceFutures')}):",
            docstring=docstring(f"Calls `{service.full_name}` without waiting for the answers.", STEP),
            methods=tuple(map(self._future, rpcs)),
        )

    def _futures_property(self, service: Service) -> Method:
        twin = f"{self._names.declarations[service]}Futures"
        return Method(
            decorators=("property",),
            signature=f"def futures(self) -> {twin}:",
            docstring=docstring("The same calls, each returning a `concurrent.futures.Future`.", 2 * STEP),
            body=(f"return {twin}(self)",),
        )

    def _rpc(self, rpc: Rpc, awaited: bool) -> Method:
        waiting = "await " if awaited else ""
        returned = "" if rpc.result is None else "return "
        return self._called(rpc, self._item(rpc), f"{returned}{waiting}self._call", awaited=awaited)

    def _future(self, rpc: Rpc) -> Method:
        result = subscript(self._imports.name("concurrent.futures", "Future"), self._item(rpc))
        return self._called(rpc, result, "return self._submit")

    def _stream(self, rpc: Rpc, awaited: bool) -> Method:
        result = subscript(self._imports.runtime("AsyncStream" if awaited else "Stream"), self._item(rpc))
        # It returns at once with asyncio, too: what is awaited are the items.
        return self._called(rpc, result, "return self._stream")

    def _called(self, rpc: Rpc, result: Doc, statement: str, *, awaited: bool = False) -> Method:
        parameters = ["self", "*", *self._parameters(rpc), "timeout: float | None = None"]
        return Method(
            signature=signature(self._names.members[rpc], parameters, result, keyword=_keyword(awaited)),
            docstring=self._docstring(rpc),
            body=(lay_out(call(statement, *self._call(rpc), "timeout"), 2 * STEP),),
        )

    def _oneway(self, oneway: Oneway, awaited: bool) -> Method:
        parameters = self._parameters(oneway)
        listed = ["self", *(["*", *parameters] if parameters else [])]
        statement = "await self._send" if awaited else "self._send"
        return Method(
            signature=signature(self._names.members[oneway], listed, "None", keyword=_keyword(awaited)),
            docstring=self._docstring(oneway),
            body=(lay_out(call(statement, *self._call(oneway)), 2 * STEP),),
        )

    def _docstring(self, member: Rpc | Oneway) -> str:
        more = method_sections(member, self._names)
        if isinstance(member, Oneway):
            fallback = f"Hand in the background job `{member.name}`."
            more = ["Returns as soon as the broker keeps the job.", *more]
        elif member.stream:
            fallback = f"Ask for the stream `{member.name}`."
            more = ["Iterate over it, and close it when done early.", *more]
        else:
            fallback = f"Call `{member.name}`."
        return described(member, fallback, indent=2 * STEP, more=more)

    def _item(self, rpc: Rpc) -> Doc:
        return "None" if rpc.result is None else self._types.plain(rpc.result)

    def _parameters(self, member: Rpc | Oneway) -> list[Doc]:
        return [parameter(self._names, self._types, each, default=True) for each in member.parameters]

    def _call(self, member: Rpc | Oneway) -> list[Doc]:
        """Return the table of the member and the struct of its arguments, as they are handed to the runtime."""
        given = (self._names.fields[each] for each in member.parameters)
        arguments = call(f"{self._contract}.{self._tables.arguments[member]}", *(f"{name}={name}" for name in given))
        return [f"{self._contract}.{self._tables.members[member]}", arguments]


def _keyword(awaited: bool) -> str:
    return "async def" if awaited else "def"
