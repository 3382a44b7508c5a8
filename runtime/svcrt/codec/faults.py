"""Collecting faults with their paths while a value is walked."""

import json
from typing import Final, TypeAlias

from svcrt.errors import Fault, InvalidValue

MAX_FAULTS = 100
"""A walk stops after this many faults, so that a small bad message cannot ask for a huge answer."""
MAX_DEPTH = 100
"""How deep arrays and objects may be nested in types that allow any depth."""
TOO_DEEP = f"must not be nested more than {MAX_DEPTH} levels deep"

_SHOWN = 60

Path: TypeAlias = "tuple[Path, str | int] | None"
"""Where we are: the path above and the last step, None at the value itself. Only a fault turns it into text."""


class Invalid:
    """Type of `INVALID`."""


INVALID: Final = Invalid()
"""What a reader or writer returns for a value whose fault it has noted."""


class EnoughFaults(Exception):
    """The walk has found `MAX_FAULTS` faults."""


class Walk:
    """One walk through one value.

    Attributes:
        strict: unknown fields are faults.
        faults: what was found so far.
    """

    __slots__ = ("faults", "strict")

    def __init__(self, *, strict: bool) -> None:
        self.strict = strict
        self.faults: list[Fault] = []

    def fault(self, path: Path, message: str) -> Invalid:
        """Note a fault; returns `INVALID`. Raises EnoughFaults when there are too many."""
        self.faults.append(Fault(render(path), message))
        if len(self.faults) >= MAX_FAULTS:
            raise EnoughFaults
        return INVALID


def render(path: Path) -> str:
    """Return `path` as text: `$.lines[3].quantity`, `$.labels["odd name"]`; long names are cut."""
    steps: list[str] = []
    while path is not None:
        path, step = path
        if isinstance(step, int):
            steps.append(f"[{step}]")
        elif step.isidentifier() and step.isascii() and len(step) <= _SHOWN:
            steps.append(f".{step}")
        else:
            shown = step if len(step) <= _SHOWN else f"{step[:_SHOWN]}…"
            steps.append(f"[{json.dumps(shown, ensure_ascii=not shown.isprintable())}]")
    return "$" + "".join(reversed(steps))


def invalid(message: str) -> InvalidValue:
    """Return the exception for one fault of the whole value."""
    return InvalidValue((Fault("$", message),))
