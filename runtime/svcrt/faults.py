"""How errors travel: a name in the `svc-error` header and a small body. Pure."""

from collections.abc import Iterable
from typing import Any

import msgspec

from svcrt.codec import codec
from svcrt.contract import Rpc, StreamRpc
from svcrt.errors import (
    CallError,
    DeadlineExceeded,
    DeclaredError,
    Fault,
    InternalError,
    InvalidRequest,
    InvalidValue,
    OutcomeUnknown,
    Overloaded,
    PermissionDenied,
    RemoteError,
    StreamInterrupted,
    SystemFault,
    Unauthenticated,
    UnknownMethod,
)
from svcrt.types import Message
from svcrt.wire import is_packed

OUTCOME_UNKNOWN = "svc.OutcomeUnknown"
"""Wire name of the answer to a redelivered request that may have run and must not run twice."""

_PLAIN: dict[str, type[SystemFault]] = {
    each.wire_name: each
    for each in (UnknownMethod, DeadlineExceeded, Overloaded, StreamInterrupted, Unauthenticated, PermissionDenied)
}


class _PlainBody(msgspec.Struct):
    message: str = ""


class _FaultBody(msgspec.Struct):
    path: str = "$"
    message: str = ""


class _InvalidBody(msgspec.Struct):
    message: str = ""
    faults: tuple[_FaultBody, ...] = ()


class _InternalBody(msgspec.Struct):
    type: str = "an unknown error"
    call_id: str = "unknown"


def write_error(
    error: BaseException, *, declared: Iterable[type[DeclaredError]], call_id: str, packed: bool = False
) -> tuple[str, bytes]:
    """Turn what a method raised into a wire name and a body, in JSON or (`packed`) MessagePack.

    Declared errors of the method travel with their fields, faults of our own runtime as they are; of anything else
    only the type and the call id leave the service.

    Raises:
        InvalidValue: a declared error whose fields break the contract, or are not there.
    """
    encode = msgspec.msgpack.encode if packed else msgspec.json.encode
    if isinstance(error, DeclaredError) and isinstance(error, tuple(declared)):
        return error.wire_name, _declared_body(error, packed)
    if isinstance(error, OutcomeUnknown) and type(error) is _Redelivered:
        return OUTCOME_UNKNOWN, encode(_PlainBody(_said(error)))
    if isinstance(error, InvalidRequest) and error.reported_by is None:
        faults = tuple(_FaultBody(fault.path, fault.message) for fault in error.faults)
        return error.wire_name, encode(_InvalidBody(_said(error), faults))
    if isinstance(error, SystemFault) and error.reported_by is None and error.wire_name in _PLAIN:
        return error.wire_name, encode(_PlainBody(_said(error)))
    return InternalError.wire_name, encode(_InternalBody(_sendable(type(error).__name__), call_id))


def _declared_body(error: DeclaredError, packed: bool) -> bytes:
    try:
        return codec(error.fields_type).encode(_fields(error), packed=packed)
    except InvalidValue:
        raise
    except Exception as broken:
        # A class derived from it that does not call its `__init__`, say. Whoever waits must get an answer all the same.
        raise InvalidValue((Fault("$", f"its fields cannot be read: {type(broken).__name__}: {broken}"),)) from broken


def _said(error: BaseException) -> str:
    try:
        return _sendable(str(error))
    except Exception:  # a `__str__` of the application's
        return type(error).__name__


def _sendable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def read_error(name: str, reply: Message, method: Rpc[Any, Any] | StreamRpc[Any, Any]) -> CallError | DeclaredError:
    """Turn the error that a reply carries into the exception that the caller gets. Never raises."""
    packed = is_packed(reply)
    try:
        for declared in method.errors:
            if declared.wire_name == name:
                fields = codec(declared.fields_type).decode(reply.body, packed=packed)
                return declared(**{key: getattr(fields, key) for key in fields.__struct_fields__})
        return _read_fault(name, codec(Any).decode(reply.body, packed=packed), method.service)
    except (InvalidValue, msgspec.MsgspecError) as error:
        return RemoteError(name, {"unreadable": str(error)})


def _read_fault(name: str, body: Any, service: str) -> CallError:
    fault: SystemFault
    if name == OUTCOME_UNKNOWN:
        return OutcomeUnknown(msgspec.convert(body, _PlainBody).message)
    if name == InvalidRequest.wire_name:
        invalid = msgspec.convert(body, _InvalidBody)
        fault = InvalidRequest(invalid.message, tuple(Fault(each.path, each.message) for each in invalid.faults))
    elif name == InternalError.wire_name:
        internal = msgspec.convert(body, _InternalBody)
        fault = InternalError(internal.type, internal.call_id)
    elif name in _PLAIN:
        fault = _PLAIN[name](msgspec.convert(body, _PlainBody).message)
    else:
        return RemoteError(name, body if isinstance(body, dict) else {"value": body})
    fault.reported_by = service
    return fault


def invalid_request(error: InvalidValue) -> InvalidRequest:
    """The answer to a request that breaks its contract."""
    return InvalidRequest(f"the request breaks the contract: {error}", error.faults)


class _Redelivered(OutcomeUnknown):
    """Made by `redelivered` only: an OutcomeUnknown that a nested call ended in is this service's internal error."""


def redelivered(method: str) -> OutcomeUnknown:
    """The answer to a redelivered request of a method that is not idempotent."""
    return _Redelivered(f"an earlier delivery of this request to `{method}` may have run, and it is not idempotent")


def _fields(error: DeclaredError) -> msgspec.Struct:
    names = error.fields_type.__struct_fields__
    return error.fields_type(**{name: getattr(error, name) for name in names})
