"""Problem documents (RFC 9457) in OpenAPI: what every refusal looks like, as docs/http.md tells."""

from svcgen.targets.schemas import Schema
from svcidl.model import Error

_MEMBERS: Schema = {
    "type": {"type": "string", "format": "uri-reference", "description": "`urn:svc:` and the name of the error."},
    "title": {"type": "string", "description": "The last part of that name."},
    "status": {"type": "integer", "minimum": 400, "maximum": 599},
    "detail": {"type": "string", "description": "One sentence for a person."},
    "call_id": {"type": "string", "description": "What to look for in the service's log."},
}
_ALWAYS = ["type", "title", "status", "detail"]
_FAULT: Schema = {
    "type": "object",
    "properties": {
        "in": {"type": "string", "enum": ["path", "query", "header", "body"]},
        "at": {"type": "string", "description": "The key, or a path such as `$.lines[0].sku`."},
        "message": {"type": "string"},
    },
    "required": ["in", "at", "message"],
}


def _response(description: str, more: Schema) -> Schema:
    schema = {"type": "object", "properties": _MEMBERS | more, "required": [*_ALWAYS, *more]}
    return {"description": description, "content": {"application/problem+json": {"schema": schema}}}


PROBLEMS: Schema = {
    "Problem": _response("The request was refused, or failed.", {}),
    "InvalidRequest": _response(
        "The request breaks the contract: all faults at once.", {"faults": {"type": "array", "items": _FAULT}}
    ),
}
"""Responses that operations refer to."""


def problem_of(error: Error, fields: Schema) -> Schema:
    """Return the schema of the problem document of a declared error whose fields have the schema `fields`."""
    own: Schema = {
        "type": {"const": f"urn:svc:{error.full_name}"},
        "title": {"const": error.name},
        "status": {"const": error.status},
    }
    properties = _MEMBERS | own
    required = list(_ALWAYS)
    if error.fields:
        properties = properties | {"fields": fields}
        required.append("fields")
    if error.retryable:
        properties = properties | {"retryable": {"const": True}}
    return {"type": "object", "properties": properties, "required": required}
