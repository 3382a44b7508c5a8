"""AsyncAPI 3.0: what services take and send over the broker, with the names that docs/wire.md gives to all of it."""

from collections.abc import Iterable

from svcgen.targets.documents import Components, info
from svcgen.targets.schemas import Schema, about, dumps
from svcidl.model import (
    Delivery,
    Error,
    Event,
    Member,
    Model,
    Oneway,
    Package,
    Rpc,
    Service,
    Struct,
    Subscription,
    Type,
)

FILE = "asyncapi.json"
VERSION = "3.0.0"
_BINDING = "0.3.0"
_HEADERS: Schema = {
    "type": "object",
    "properties": {
        "svc": {"type": "string", "description": "Who called whom, until when: `key=value` parts separated by `;`."},
        "traceparent": {"type": "string", "description": "W3C trace context."},
    },
}
_ERROR_HEADERS: Schema = {
    "type": "object",
    "properties": {"svc-error": {"type": "string", "description": "The full name of the error."}},
    "required": ["svc-error"],
}
_REPLIES = "replies"
# No expression of AsyncAPI reaches a property of AMQP.
_ANSWERED = "The caller's queue, which the property `reply_to` of the request names, through the default exchange."


def generate(model: Model) -> dict[str, str]:
    """Return one document of all services and events of the packages that were asked for; none without any."""
    packages = [package for package in model.packages if package.requested]
    if not any(isinstance(each, Service | Event) for package in packages for each in package.declarations):
        return {}
    return {FILE: dumps(_Document(model, packages).whole())}


class _Document:
    """Collects channels, operations, messages and schemas, each under a name of its own."""

    def __init__(self, model: Model, packages: list[Package]) -> None:
        self._packages = packages
        self._components = Components(model)
        self._schemas = self._components.schemas
        self._channels: dict[str, Schema] = {}
        self._operations: dict[str, Schema] = {}
        self._messages: dict[str, Schema] = {}

    def whole(self) -> Schema:
        for package in self._packages:
            for each in package.declarations:
                if isinstance(each, Event):
                    self._event(each)
                elif isinstance(each, Service):
                    self._service(each)
        return {
            "asyncapi": VERSION,
            "info": info(self._packages),
            "defaultContentType": "application/json",
            "channels": self._channels,
            "operations": self._operations,
            "components": {"messages": self._messages, "schemas": self._components.written()},
        }

    # --- channels and messages -----------------------------------------------------------------------------------

    def _channel(self, name: str, address: str, exchange: str, kind: str) -> Schema:
        return self._channels.setdefault(
            name,
            {
                "address": address,
                "messages": {},
                "bindings": {
                    "amqp": {
                        "is": "routingKey",
                        "exchange": {"name": exchange, "type": kind, "durable": True, "autoDelete": False},
                        "bindingVersion": _BINDING,
                    }
                },
            },
        )

    def _message(self, channel: str, name: str, message: Schema) -> Schema:
        """Add a message to a channel; return the reference that operations have to it."""
        self._messages[name] = {"name": name} | message
        self._channels[channel]["messages"][name] = {"$ref": f"#/components/messages/{name}"}
        return {"$ref": f"#/channels/{channel}/messages/{name}"}

    def _event(self, event: Event) -> str:
        """Add the channel of an event, once; return its name."""
        name = f"event.{event.full_name}"
        if name not in self._channels:
            self._channel(name, event.full_name, "svc.event", "topic").update(_text(event))
            payload = self._schemas.object(event.fields)
            self._message(name, event.full_name, _text(event) | {"headers": _HEADERS, "payload": payload})
        return name

    # --- services ------------------------------------------------------------------------------------------------

    def _service(self, service: Service) -> None:
        for publication in service.publishes:
            channel = self._event(publication.event)
            self._operation(service, f"publish.{publication.event.full_name}", "send", channel, None)
        for member in service.members:
            match member:
                case Rpc():
                    self._rpc(service, member)
                case Oneway():
                    channel = f"job.{service.full_name}"
                    self._channel(channel, service.full_name, "svc.job", "direct")
                    message = self._request(channel, service, member.name, self._schemas.object(member.parameters))
                    self._operation(service, member.name, "receive", channel, member)["messages"] = [message]
                case Subscription():
                    channel = self._event(member.event)
                    self._operation(service, member.name, "receive", channel, member).update(_queue(service, member))

    def _operation(self, service: Service, name: str, action: str, channel: str, member: Member | None) -> Schema:
        operation: Schema = {"action": action, "channel": {"$ref": f"#/channels/{channel}"}}
        operation |= {"tags": [{"name": service.full_name}]} | ({} if member is None else _text(member))
        self._operations[f"{service.full_name}.{name}"] = operation
        return operation

    def _request(self, channel: str, service: Service, method: str, payload: Schema) -> Schema:
        text = f"`type` is `{method}`."
        request = {"headers": _HEADERS, "payload": payload, "summary": text}
        return self._message(channel, f"{service.full_name}.{method}", request)

    def _rpc(self, service: Service, member: Rpc) -> None:
        channel = f"rpc.{service.full_name}"
        self._channel(channel, service.full_name, "svc.rpc", "direct")
        self._channels.setdefault(_REPLIES, {"address": None, "messages": {}, "description": _ANSWERED})
        operation = self._operation(service, member.name, "receive", channel, member)
        operation["messages"] = [self._request(channel, service, member.name, self._schemas.object(member.parameters))]
        answers = [self._result(service, member), *self._errors(member.throws)]
        operation["reply"] = {
            "channel": {"$ref": f"#/channels/{_REPLIES}"},
            "messages": answers,
        }

    def _result(self, service: Service, member: Rpc) -> Schema:
        kind: Type | None = member.result
        payload: Schema = {"type": "null"} if kind is None else self._schemas.type(kind)
        text = "Each item of the stream." if member.stream else "The result."
        return self._message(
            _REPLIES, f"{service.full_name}.{member.name}.result", {"summary": text, "payload": payload}
        )

    def _errors(self, errors: Iterable[Error]) -> list[Schema]:
        return [
            self._message(
                _REPLIES,
                each.full_name,
                _text(each) | {"headers": _ERROR_HEADERS, "payload": self._schemas.object(each.fields)},
            )
            for each in errors
        ]


def _queue(service: Service, member: Subscription) -> Schema:
    """Return the name of a lasting queue; those of a broadcast are named by the broker, one of each instance."""
    match member.delivery:
        case Delivery.POOL:
            return {"x-queue": f"svc.event.{member.event.full_name}--{service.full_name}.{member.name}"}
        case Delivery.SINGLETON:
            return {"x-queue": f"svc.event.{member.event.full_name}"}
        case Delivery.BROADCAST:
            return {}


def _text(declared: Member | Event | Error | Struct) -> Schema:
    """Return what documentation says; AsyncAPI deprecates schemas only."""
    text = about(declared).get("description", "")
    return {"description": text} if text else {}
