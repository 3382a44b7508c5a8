"""How errors travel: a name in the `svc-error` header and a small JSON body. Pure."""

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


def write_error(error: BaseException, *, declared: Iterable[type[DeclaredError]], call_id: str) -> tuple[str, bytes]:
    """Turn what a method raised into a wire name and a body.

    Declared errors of the method travel with their fields, faults of our own runtime as they are; of anything else
    only the type and the call id leave the service.

    Raises:
        InvalidValue: a declared error whose fields break the contract.
    """
    if isinstance(error, DeclaredError) and isinstance(error, tuple(declared)):
        return error.wire_name, codec(error.fields_type).encode(_fields(error))
    if isinstance(error, OutcomeUnknown) and type(error) is _Redelivered:
        return OUTCOME_UNKNOWN, msgspec.json.encode(_PlainBody(str(error)))
    if isinstance(error, InvalidRequest) and error.reported_by is None:
        faults = tuple(_FaultBody(fault.path, fault.message) for fault in error.faults)
        return error.wire_name, msgspec.json.encode(_InvalidBody(str(error), faults))
    if isinstance(error, SystemFault) and error.reported_by is None and error.wire_name in _PLAIN:
        return error.wire_name, msgspec.json.encode(_PlainBody(str(error)))
    return InternalError.wire_name, msgspec.json.encode(_InternalBody(type(error).__name__, call_id))


def read_error(name: str, body: bytes, method: Rpc[Any, Any] | StreamRpc[Any, Any]) -> CallError | DeclaredError:
    """Turn the error that a reply carries into the exception that the caller gets. Never raises."""
    try:
        for declared in method.errors:
            if declared.wire_name == name:
                fields = codec(declared.fields_type).decode(body)
                return declared(**{key: getattr(fields, key) for key in fields.__struct_fields__})
        return _read_fault(name, body, method.service)
    except (InvalidValue, msgspec.MsgspecError) as error:
        return RemoteError(name, {"unreadable": str(error)})


def _read_fault(name: str, body: bytes, service: str) -> CallError:
    fault: SystemFault
    if name == OUTCOME_UNKNOWN:
        return OutcomeUnknown(msgspec.json.decode(body, type=_PlainBody).message)
    if name == InvalidRequest.wire_name:
        invalid = msgspec.json.decode(body, type=_InvalidBody)
        fault = InvalidRequest(invalid.message, tuple(Fault(each.path, each.message) for each in invalid.faults))
    elif name == InternalError.wire_name:
        internal = msgspec.json.decode(body, type=_InternalBody)
        fault = InternalError(internal.type, internal.call_id)
    elif name in _PLAIN:
        fault = _PLAIN[name](msgspec.json.decode(body, type=_PlainBody).message)
    else:
        fields = msgspec.json.decode(body)
        return RemoteError(name, fields if isinstance(fields, dict) else {"value": fields})
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
