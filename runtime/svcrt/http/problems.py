"""What HTTP answers instead of a result: RFC 9457 problem details, as data, and the exception that carries them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import msgspec

from svcrt.errors import Fault, InvalidRequest, SvcError, SystemFault

__all__ = ["MEDIA_TYPE", "Problem", "Refusal", "invalid", "phrase", "reported", "unreadable"]

MEDIA_TYPE = "application/problem+json"
NO_TYPE = "about:blank"
TYPE_PREFIX = "urn:svc:"
"""Before the full name of a declared error, or of one of the runtime's own (`svc.InvalidRequest`)."""


def phrase(status: int) -> str:
    """Return the standard words of a status code; `Error` for one that has none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem document and how it is sent.

    Attributes:
        status: HTTP status.
        detail: one sentence for a person; never anything that the contract does not allow out.
        name: full name of the error; None where the status says it all (`about:blank`).
        members: extension members.
        headers: beside `Content-Type` and `Content-Length`.
        close: whether the connection can carry no further request.
    """

    status: int
    detail: str
    name: str | None = None
    members: Mapping[str, object] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()
    close: bool = False

    def body(self) -> bytes:
        """Return the document as JSON."""
        document: dict[str, object] = {
            "type": NO_TYPE if self.name is None else TYPE_PREFIX + self.name,
            "title": phrase(self.status) if self.name is None else self.name.rpartition(".")[2],
            "status": self.status,
            "detail": self.detail,
        }
        return msgspec.json.encode({**document, **self.members})


class Refusal(SvcError):
    """A request that is answered with a problem instead of being served."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.status} {problem.detail}")
        self.problem = problem


def reported(fault: type[SystemFault], status: int, detail: str, **members: object) -> Problem:
    """Return the problem of one of the runtime's own faults."""
    return Problem(status=status, detail=detail, name=fault.wire_name, members=members)


def invalid(faults: tuple[tuple[str, Fault], ...]) -> Problem:
    """Return the problem of a request that breaks its contract.

    Args:
        faults: every fault with the part of the request that it is in: `path`, `query`, `header` or `body`.
    """
    count = f"{len(faults)} places" if len(faults) > 1 else "one place"
    listed = [{"in": part, "at": fault.path, "message": fault.message} for part, fault in faults]
    return reported(InvalidRequest, 422, f"The request breaks the contract in {count}.", faults=listed)


def unreadable(detail: str, *, status: int = 400) -> Problem:
    """Return the problem of a request that cannot even be read."""
    return Problem(status=status, detail=detail)
