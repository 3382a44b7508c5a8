"""Types of probe.v1."""

from __future__ import annotations

from svcrt.generated import DeclaredError, Struct


class RefusalFields(Struct, kw_only=True):
    """Fields of `Refusal`."""

    reason: str
    code: int = 0


class Refusal(DeclaredError):
    """Refused: {reason}. HTTP 409."""

    wire_name = "probe.v1.Refusal"
    status = 409
    fields_type = RefusalFields

    def __init__(self, *, reason: str, code: int = 0) -> None:
        super().__init__(f"refused: {reason}")
        self.reason = reason
        self.code = code


class Note(Struct, kw_only=True):
    """A question with its answer."""

    question: str
    answer: str


class Happened(Struct, kw_only=True):
    """Something happened."""

    what: str
    count: int = 1
