"""OpenAPI 3.1: everything that HTTP reaches, over all packages of the run that were asked for, in one document."""

from collections.abc import Iterable, Iterator

from svcgen.targets.documents import Components, info
from svcgen.targets.problems import PROBLEMS, problem_of
from svcgen.targets.schemas import Schema, about, dumps
from svcidl.model import (
    Error,
    HttpBinding,
    ListOf,
    Model,
    Oneway,
    OptionalOf,
    Parameter,
    ParameterSource,
    Route,
    Rpc,
    Service,
    SetOf,
    Socket,
    Type,
)

FILE = "openapi.json"
VERSION = "3.1.0"
Reached = Rpc | Oneway | Route | Socket


def generate(model: Model) -> dict[str, str]:
    """Return the document; none where HTTP reaches nothing."""
    services = [
        each
        for package in model.packages
        if package.requested
        for each in package.declarations
        if isinstance(each, Service) and any(_binding(member) for member in each.members)
    ]
    return {FILE: dumps(_Document(model, services).whole())} if services else {}


def _binding(member: object) -> HttpBinding | None:
    return member.http if isinstance(member, Reached) else None


class _Document:
    """Collects the schemas that operations refer to while they are written."""

    def __init__(self, model: Model, services: list[Service]) -> None:
        self._services = services
        self._packages = [model.package(each) for each in dict.fromkeys(service.package for service in services)]
        self._components = Components(model)
        self._schemas = self._components.schemas
        self._name = self._components.name

    def whole(self) -> Schema:
        paths: dict[str, Schema] = {}
        for service in self._services:
            for member in service.members:
                if isinstance(member, Reached) and member.http is not None:
                    operations = paths.setdefault(member.http.path, {})
                    operations[member.http.method.lower()] = self._operation(service, member, member.http)
        document: Schema = {
            "openapi": VERSION,
            "info": info(self._packages),
            "servers": [{"url": "/"}],
            "tags": [{"name": self._name(each), **about(each)} for each in self._services],
            "paths": paths,
        }
        for tag in document["tags"]:
            tag.pop("deprecated", None)
        components: Schema = {"schemas": self._components.written(), "responses": PROBLEMS}
        schemes = sorted({scheme for service in self._services for scheme in _schemes(service)})
        if schemes:
            components["securitySchemes"] = {each: {"type": "http", "scheme": each} for each in schemes}
        return document | {"components": components}

    # --- one operation -------------------------------------------------------------------------------------------

    def _operation(self, service: Service, member: Reached, http: HttpBinding) -> Schema:
        operation: Schema = {"operationId": f"{self._name(service)}.{member.name}", "tags": [self._name(service)]}
        described = about(member)
        text = described.pop("description", "")
        if text:
            operation["summary"] = text.partition("\n")[0]
        if "\n" in text:
            operation["description"] = text
        operation |= described
        parameters = [self._parameter(each) for each in member.parameters if each.source in _PLACES]
        if parameters:
            operation["parameters"] = parameters
        body = self._body(member.parameters)
        if body is not None:
            operation["requestBody"] = body
        operation["responses"] = self._responses(member, http, takes=bool(member.parameters))
        scheme = member.auth
        operation["security"] = [] if scheme in (None, "none") else [{scheme: []}]
        if isinstance(member, Socket):
            sides = {"receives": self._schemas.type(member.receives), "sends": self._schemas.type(member.sends)}
            operation["x-web-socket"] = sides
        return operation

    def _parameter(self, parameter: Parameter) -> Schema:
        assert parameter.source is not None
        field = self._schemas.field(parameter)
        described: Schema = {key: field.pop(key) for key in ("description", "deprecated") if key in field}
        if isinstance(parameter.type, OptionalOf):
            # It can be left out, and never be null.
            field = {
                **self._schemas.type(parameter.type.item),
                **({"x-sensitive": True} if parameter.sensitive else {}),
            }
        found: Schema = {"name": parameter.source_name, "in": _PLACES[parameter.source]}
        if parameter.required or parameter.source is ParameterSource.PATH:
            found["required"] = True
        if parameter.source is ParameterSource.QUERY and isinstance(_bare(parameter.type), ListOf | SetOf):
            found |= {"style": "form", "explode": True}
        return found | described | {"schema": field}

    def _body(self, parameters: Iterable[Parameter]) -> Schema | None:
        for each in parameters:
            if each.source is ParameterSource.BODY:
                return _json(self._schemas.type(each.type)) | {"required": each.required}
        fields = [each for each in parameters if each.source is ParameterSource.BODY_FIELD]
        if not fields:
            return None
        # Unknown members are refused.
        schema = self._schemas.object(fields) | {"additionalProperties": False}
        return _json(schema) | {"required": any(each.required for each in fields)}

    def _responses(self, member: Reached, http: HttpBinding, *, takes: bool) -> Schema:
        match member:
            case Route():
                return {"default": {"description": "Whatever the method answers."}}
            case Socket():
                responses: Schema = {"101": {"description": "The web socket is open."}}
                responses["426"] = {"$ref": "#/components/responses/Problem"}
            case Rpc(stream=True):
                responses = {str(http.status): self._stream(member.result)}
            case Rpc() if member.result is not None:
                described = {"description": "The result."}
                responses = {str(http.status): described | _json(self._schemas.type(member.result))}
            case _:
                text = "The job is kept, and runs in the background." if isinstance(member, Oneway) else "Done."
                responses = {str(http.status): {"description": text}}
        declared = member.throws if isinstance(member, Rpc) else ()
        responses |= self._declared(declared)
        refusals = {"422": takes, "401": _is_guarded(member), "403": _is_guarded(member)}
        for status, applies in refusals.items():
            name = "InvalidRequest" if status == "422" else "Problem"
            if applies and status not in responses:
                responses[status] = {"$ref": f"#/components/responses/{name}"}
        return responses | {"default": {"$ref": "#/components/responses/Problem"}}

    def _stream(self, item: Type | None) -> Schema:
        schema = {} if item is None else self._schemas.type(item)
        events = {
            "type": "string",
            "description": "Server-sent events; the data of each is one item.",
            "x-item": schema,
        }
        content = {"text/event-stream": {"schema": events}, "application/x-ndjson": {"schema": schema}}
        return {"description": "The items, as they come.", "content": content}

    def _declared(self, errors: Iterable[Error]) -> Schema:
        by_status: dict[int, list[Error]] = {}
        for error in errors:
            by_status.setdefault(error.status, []).append(error)
        return {str(status): self._problem(found) for status, found in sorted(by_status.items())}

    def _problem(self, errors: list[Error]) -> Schema:
        schemas = [problem_of(each, self._schemas.object(each.fields)) for each in errors]
        texts = [about(each).get("description", "").partition("\n")[0] or each.name for each in errors]
        schema = schemas[0] if len(schemas) == 1 else {"oneOf": schemas}
        return {"description": " Or: ".join(texts), "content": {"application/problem+json": {"schema": schema}}}


_PLACES = {
    ParameterSource.PATH: "path",
    ParameterSource.QUERY: "query",
    ParameterSource.HEADER: "header",
}


def _bare(kind: Type) -> Type:
    return kind.item if isinstance(kind, OptionalOf) else kind


def _json(schema: Schema) -> Schema:
    return {"content": {"application/json": {"schema": schema}}}


def _is_guarded(member: Reached) -> bool:
    return member.auth not in (None, "none")


def _schemes(service: Service) -> Iterator[str]:
    for member in service.members:
        if isinstance(member, Reached) and member.http is not None and member.auth not in (None, "none"):
            yield str(member.auth)
