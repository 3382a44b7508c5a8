"""JSON Schema 2020-12: a file for each package, with one definition for each type, error and event."""

from svcgen.marks import MARK
from svcgen.targets.schemas import Schema, Schemas, about, dumps
from svcidl.model import Alias, Enum, Error, Event, Model, Package, Service, Struct, TopLevel, Union

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def generate(model: Model) -> dict[str, str]:
    """Return a file for each package of the run that declares any."""
    return {
        file_name(package.name): dumps(_document(package))
        for package in model.packages
        if any(not isinstance(each, Service) for each in package.declarations)
    }


def file_name(package: str) -> str:
    """Return the name of a package's file."""
    return f"{package}.schema.json"


def _document(package: Package) -> Schema:
    def reference(target: TopLevel) -> str:
        place = "" if target.package == package.name else file_name(target.package)
        return f"{place}#/$defs/{target.name}"

    schemas = Schemas(reference)
    document: Schema = {"$schema": DIALECT, "$comment": f"{MARK}. Do not edit.", "$id": file_name(package.name)}
    if package.doc.strip():
        document["description"] = package.doc.strip()
    definitions: Schema = {}
    for each in package.declarations:
        match each:
            case Alias() | Enum() | Struct() | Union():
                definitions[each.name] = {"title": each.full_name, **schemas.declared(each)}
            case Error() | Event():
                definitions[each.name] = {"title": each.full_name, **schemas.object(each.fields), **about(each)}
    return document | {"$defs": definitions}
