"""Message bodies and headers for a person to read: sensitive values masked, nothing that a terminal would obey."""

import json
import re
from typing import Any

import msgspec

from svcrt import wire
from svcrt.cli.contracts import Contracts
from svcrt.cli.masking import MASK, masked
from svcrt.codec.reflect import Reflector
from svcrt.codec.shapes import ListShape, MapShape, OptionalShape, SetShape, Shape, StructShape, UnionShape
from svcrt.structs import TAG_FIELD, sensitive_fields
from svcrt.types import Message

_CREDENTIAL = re.compile(r"(?:(?<=;)|^)auth=[^;]*")


class Bodies:
    """Reads bodies by what the contracts say of them.

    Args:
        contracts: the fields that they mark as sensitive are masked. A body that none of them knows is masked by the
            names of its keys: `password`, `token` and the like.
        reveal: mask nothing.
    """

    def __init__(self, contracts: Contracts, *, reveal: bool) -> None:
        self._contracts = contracts
        self._reveal = reveal
        self._reflector = Reflector()

    def of_call(self, service: str, message: Message) -> object:
        """Return the arguments of a request or a job to `service`, as JSON has them."""
        known = self._contracts.services.get(service)
        member = None if known is None else known.by_name.get(message.type or "")
        return self._read(message, None if member is None else member.arguments)

    def of_event(self, message: Message) -> object:
        """Return the fields of an event."""
        name = message.type or ""
        event = self._contracts.events.get(name)
        if event is None:
            heard = [each for service in self._contracts.services.values() for each in service.subscriptions]
            event = next((each.event for each in heard if each.event.name == name), None)
        return self._read(message, None if event is None else event.payload)

    def header(self, name: str, value: str) -> str:
        """Return the value of a header without the caller's credential."""
        return value if self._reveal or name != wire.CONTEXT_HEADER else _CREDENTIAL.sub(f"auth={MASK}", value)

    def _read(self, message: Message, struct: type[msgspec.Struct] | None) -> object:
        try:
            body = json.loads(message.body)
        except (ValueError, RecursionError):
            if self._reveal:
                return message.body.decode("utf-8", "backslashreplace")
            return f"({len(message.body)} bytes that are not JSON)"
        if self._reveal:
            return body
        return masked(body) if struct is None else _masked(body, self._reflector.shape(struct))


def _masked(value: object, shape: Shape) -> object:
    match value, shape:
        case dict(), StructShape():
            return _masked_fields(value, shape)
        case dict(), MapShape(value=item):
            return {key: _masked(each, item) for key, each in value.items()}
        case dict(), UnionShape(variants=variants) if value.get(TAG_FIELD) in variants:
            return _masked(value, variants[value[TAG_FIELD]])
        case list(), ListShape(item=item) | SetShape(item=item):
            return [_masked(each, item) for each in value]
        case _, OptionalShape(item=item):
            return _masked(value, item)
        case ((dict() | list()), _):
            # Not what the contract says: perhaps a newer one, whose marks we do not know.
            return masked(value)
    return value


def _masked_fields(fields: dict[str, Any], shape: StructShape) -> dict[str, object]:
    struct: type[msgspec.Struct] = shape.cls
    hidden = sensitive_fields(struct)
    known = {name: field for field in shape.fields for name in (field.wire, field.old) if name is not None}
    return {
        name: masked(value, name)
        if (field := known.get(name)) is None
        else MASK
        if field.name in hidden and value is not None
        else _masked(value, field.shape)
        for name, value in fields.items()
    }
