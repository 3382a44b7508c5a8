"""From the outcome of a worker to an HTTP response."""

import logging
from dataclasses import replace
from typing import Any

import msgspec
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from svcrt.codec import codec
from svcrt.context import WorkerContext
from svcrt.contract import Oneway, Route, Rpc, SocketRoute, StreamRpc
from svcrt.errors import (
    BrokerError,
    CallError,
    DeadlineExceeded,
    DeclaredError,
    InternalError,
    InvalidValue,
    NotSent,
    NotStarted,
    OutcomeUnknown,
    Overloaded,
    PermissionDenied,
    RpcTimeout,
    StreamInterrupted,
    SystemFault,
    Unauthenticated,
)
from svcrt.faults import write_error
from svcrt.http.problems import Problem, Refusal, phrase, reported
from svcrt.types import Outcome

__all__ = ["accepted", "answer", "busy", "failed", "options", "raw_answer", "stopping", "too_late", "unsent"]

log = logging.getLogger("svcrt.http")

RETRY_AFTER = (("Retry-After", "1"),)


def answer(member: Rpc[Any, Any], context: WorkerContext, outcome: Outcome) -> Response:
    """Turn the outcome of an rpc into its response. Raises Refusal with the problem where it failed."""
    assert member.http is not None
    if outcome.error is not None:
        raise Refusal(failed(outcome.error, member, context))
    try:
        body = codec(member.result).encode(outcome.result)
    except InvalidValue as error:
        _log_broken("the result of %s.%s breaks the contract: %s (call %s)", context, error)
        raise Refusal(_internal(context)) from error
    if member.result is None:
        return _response(member.http.status, b"", None)
    return _response(member.http.status, body, "application/json")


def raw_answer(member: Route[Any], context: WorkerContext, outcome: Outcome) -> Response:
    """Turn the outcome of a raw route into its response: what it returned, or what it raised. Raises Refusal."""
    error = outcome.error
    if isinstance(error, HTTPException):
        return _abortion(error)
    if isinstance(error, Refusal):
        raise error
    if error is not None:
        raise Refusal(failed(error, member, context))
    if not isinstance(outcome.result, Response):
        kind = type(outcome.result).__name__
        _log_broken("%s.%s must return a werkzeug Response, not %s (call %s)", context, kind)
        raise Refusal(_internal(context))
    return outcome.result


def accepted(member: Oneway[Any]) -> Response:
    """Say that the broker keeps the job."""
    assert member.http is not None
    return _response(member.http.status, b"", None)


def options(allowed: str) -> Response:
    """Answer OPTIONS."""
    response = _response(204, b"", None)
    response.headers["Allow"] = allowed
    return response


def _abortion(error: HTTPException) -> Response:
    """Answer what a raw route aborted with: its own response, a redirect as it is, else a problem of its status."""
    made = error.get_response()
    if (error.response is not None or made.status_code < 400) and isinstance(made, Response):
        return made
    headers = tuple((name, value) for name, value in error.get_headers() if name.lower() != "content-type")
    status = made.status_code
    raise Refusal(Problem(status=status, detail=error.description or phrase(status), headers=headers))


def failed(
    error: BaseException,
    member: Rpc[Any, Any] | StreamRpc[Any, Any] | Oneway[Any] | Route[Any] | SocketRoute[Any, Any],
    context: WorkerContext,
) -> Problem:
    """Turn what a method raised into a problem; of what its contract does not declare only the call id goes out."""
    declared = member.errors if isinstance(member, Rpc | StreamRpc) else ()
    if isinstance(error, DeclaredError) and isinstance(error, declared):
        try:
            name, fields = write_error(error, declared=declared, call_id=context.call.call_id)
        except InvalidValue as fault:
            _log_broken(f"{error.wire_name} of %s.%s breaks the contract: %s (call %s)", context, fault)
            return _internal(context)
        members = {"fields": msgspec.Raw(fields), **_call_id(context)}
        return Problem(status=error.status, detail=str(error), name=name, members=members)
    if isinstance(error, NotStarted):
        return stopping()
    if isinstance(error, SystemFault) and error.reported_by is None:
        return _own_fault(error, member.auth, context)
    if isinstance(error, RpcTimeout) and context.remaining() == 0.0:
        return too_late(context)
    return _internal(context)


def _own_fault(error: SystemFault, scheme: str | None, context: WorkerContext) -> Problem:
    match error:
        case DeadlineExceeded():
            return reported(DeadlineExceeded, 504, str(error), **_call_id(context))
        case Overloaded():
            return busy()
        case StreamInterrupted():
            problem = reported(StreamInterrupted, 503, "This instance is stopping; open the stream again.")
            return replace(problem, headers=RETRY_AFTER, close=True)
        case Unauthenticated():
            problem = reported(Unauthenticated, 401, str(error), **_call_id(context))
            return replace(problem, headers=(("WWW-Authenticate", (scheme or "bearer").capitalize()),))
        case PermissionDenied():
            return reported(PermissionDenied, 403, str(error), **_call_id(context))
        case _:
            return _internal(context)


def unsent(error: CallError | BrokerError, context: WorkerContext) -> Problem:
    """Say why a job was not taken."""
    log.warning(
        "%s.%s: the job was not taken: %s (call %s)", context.service, context.method, error, context.call.call_id
    )
    if isinstance(error, OutcomeUnknown):
        detail = "The broker did not confirm the job; it may have it all the same."
        return Problem(status=504, detail=detail, members=_call_id(context))
    if isinstance(error, NotSent | Overloaded):
        return Problem(
            status=503,
            detail="The job was not taken; it is safe to send it again.",
            members=_call_id(context),
            headers=RETRY_AFTER,
        )
    return _internal(context)


def too_late(context: WorkerContext) -> Problem:
    """Say that the deadline passed."""
    return reported(DeadlineExceeded, 504, "No answer came within the deadline; it may have run.", **_call_id(context))


def busy() -> Problem:
    """Say that too many requests wait already."""
    detail = "All workers are busy and too many requests wait; this one did not run."
    return Problem(status=503, detail=detail, name=Overloaded.wire_name, headers=RETRY_AFTER)


def stopping() -> Problem:
    """Say that this process takes nothing new."""
    detail = "This instance is stopping; the request did not run."
    return Problem(status=503, detail=detail, headers=RETRY_AFTER, close=True)


def _internal(context: WorkerContext) -> Problem:
    return Problem(
        status=500,
        detail=f"The service failed; its log says more under call {context.call.call_id}.",
        name=InternalError.wire_name,
        members=_call_id(context),
    )


def _log_broken(message: str, context: WorkerContext, what: object) -> None:
    log.error(message, context.service, context.method, what, context.call.call_id)


def _call_id(context: WorkerContext) -> dict[str, str]:
    return {"call_id": context.call.call_id}


def _response(status: int, body: bytes, content_type: str | None) -> Response:
    response = Response(body, status=f"{status} {phrase(status)}", content_type=content_type)
    if content_type is None:
        response.headers.remove("Content-Type")
    if status == 204:
        response.headers.remove("Content-Length")
    return response
