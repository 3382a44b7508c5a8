"""Plans one package: its face and its modules."""

from pathlib import PurePosixPath

from svcgen.imports import Imports
from svcgen.marks import HEADER
from svcgen.plan.client_module import plan_client
from svcgen.plan.contract_module import plan_contract, services_of
from svcgen.plan.modules import Face, Module, PackagePlan
from svcgen.plan.names import Names
from svcgen.plan.service_module import plan_service
from svcgen.plan.types_module import plan_types
from svcgen.source_text import clean_lines, comment, docstring, string
from svcidl.model import Event, Package, Service


def plan_package(package: Package, names: Names) -> PackagePlan:
    """Return everything that is written for `package`. The same model always gives the same plan."""
    source = comment(PurePosixPath(package.path.replace("\\", "/")).name)
    header = f"{HEADER}{source}. Do not edit: `svcgen compile` writes it again."
    modules: dict[str, Module | Face] = {"__init__.py": plan_face(package, names, header)}
    if any(not isinstance(declaration, Service) for declaration in package.declarations):
        modules["types.py"] = plan_types(package, names, header)
    if any(isinstance(declaration, Service | Event) for declaration in package.declarations):
        modules["contract.py"] = plan_contract(package, names, header)
    if services_of(package):
        modules["service.py"] = plan_service(package, names, header)
        modules["client.py"] = plan_client(package, names, header)
    return PackagePlan(folder=names.packages[package.name].replace(".", "/"), modules=modules)


def plan_face(package: Package, names: Names, header: str) -> Face:
    """Return the plan of the package's `__init__.py`, which re-exports what users of the package need."""
    homes: dict[str, str] = {}
    for declaration in package.declarations:
        if not isinstance(declaration, Service):
            homes[names.declarations[declaration]] = "types"
    for service in services_of(package):
        homes[f"{names.declarations[service]}Base"] = "service"
        homes[f"{names.declarations[service]}Client"] = "client"
        homes[f"{names.declarations[service]}AsyncClient"] = "client"
    imports = Imports(())
    keys = [(names.module(package.name, module), name) for name, module in homes.items()]
    for module, name in keys:
        imports.name(module, name)
    text = package.doc if clean_lines(package.doc) else f"Package `{package.name}`."
    return Face(
        header=header,
        docstring=docstring(text, 0),
        imports=imports.section(keys, indent=4),
        exported=tuple(string(name) for name in homes),
        homes=tuple(f"{string(name)}: {string(module)}" for name, module in homes.items()),
    )
