"""What `tail` shows of one message: a line for a person, an object for a program, and whether anybody wants it."""

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click

from svcrt import topology, wire
from svcrt.cli.bodies import Bodies
from svcrt.cli.dead_letters import DeadLetter
from svcrt.cli.plain import json_text, one_line
from svcrt.cli.tapping import Caught
from svcrt.errors import InvalidValue

_KINDS = {
    topology.RPC_EXCHANGE: "rpc",
    topology.JOB_EXCHANGE: "job",
    topology.EVENT_EXCHANGE: "event",
    topology.DEAD_EXCHANGE: "dead",
}
_COLOURS = {"rpc": "cyan", "job": "magenta", "event": "green", "dead": "red"}
BODY_WIDTH = 200
"""Characters of a body on a line, unless all of it is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One message as it was seen.

    Attributes:
        at: when it arrived here, seconds since 1970.
        kind: `rpc`, `job`, `event` or `dead` (parked).
        name: full name of what is called or announced.
        call: its call id, and `parents` those of its callers, nearest first.
        caller: who sent it, "" when that is not said.
        remaining: seconds that the call had left when it arrived here; None without a deadline.
        error: why it was parked, else "".
        body: plain data, masked.
    """

    at: float
    kind: str
    name: str
    call: str
    parents: tuple[str, ...]
    caller: str
    remaining: float | None
    error: str
    reason: str
    body: object


def name_of(caught: Caught) -> str:
    """Return the full name of what was called or announced."""
    message, key = caught.delivery.message, caught.delivery.routing_key
    if caught.delivery.exchange == topology.EVENT_EXCHANGE:
        return message.type or key
    if caught.delivery.exchange == topology.DEAD_EXCHANGE and DeadLetter(key, message).is_event:
        return message.type or key
    return f"{key}.{message.type or '?'}"


def see(caught: Caught, bodies: Bodies) -> Sighting:
    """Read what was caught."""
    delivery = caught.delivery
    message = delivery.message
    kind = _KINDS.get(delivery.exchange, delivery.exchange)
    letter = DeadLetter(delivery.routing_key, message)
    try:
        context = wire.read_context(message, arrival=caught.monotonic, epoch_ms=round(caught.at * 1000))
        call, parents = context.call_id, context.parents
        remaining = None if context.deadline is None else context.deadline - caught.monotonic
    except InvalidValue:
        # A sender that does not speak our wire is worth seeing all the more.
        call, parents, remaining = message.message_id or "?", (), None
    is_event = letter.is_event if kind == "dead" else kind == "event"
    return Sighting(
        at=caught.at,
        kind=kind,
        name=name_of(caught),
        call=call,
        parents=parents,
        caller=message.app_id or "",
        remaining=remaining,
        error=letter.error if kind == "dead" else "",
        reason=letter.reason if kind == "dead" else "",
        body=bodies.of_event(message) if is_event else bodies.of_call(delivery.routing_key, message),
    )


def is_wanted(name: str, filters: Sequence[str]) -> bool:
    """Tell whether one of `filters` means `name`: a full name, the end of one or the end of its service's, `*` in them.

    `Orders`, `Orders.get`, `get`, `acme.orders.*` and `Order*` all mean `acme.orders.v1.Orders.get`.
    """
    if not filters:
        return True
    parts = name.split(".")
    owner = parts[:-1]
    ends = {".".join(path[start:]) for path in (parts, owner) for start in range(len(path))}
    return any(fnmatch.fnmatchcase(end, pattern) for end in ends for pattern in filters)


def is_of_call(sighting: Sighting, call: str | None) -> bool:
    """Tell whether it is the call `call` or follows from it; None is any."""
    return call is None or call == sighting.call or call in sighting.parents


def line(sighting: Sighting, *, full: bool) -> str:
    """Return one line, with colours; `full` shows long bodies whole."""
    at = datetime.fromtimestamp(sighting.at).strftime("%H:%M:%S.%f")[:-3]
    body = json_text(sighting.body)
    if not full and len(body) > BODY_WIDTH:
        body = f"{body[:BODY_WIDTH]}…"
    parts = [
        click.style(at, dim=True),
        click.style(f"{sighting.kind:<5}", fg=_COLOURS.get(sighting.kind)),
        click.style(one_line(sighting.name), bold=True),
        f"id={one_line(sighting.call)}",
    ]
    if sighting.caller:
        parts.append(f"from={one_line(sighting.caller)}")
    if sighting.remaining is not None:
        parts.append(f"left={max(0.0, sighting.remaining):.1f}s")
    if sighting.error:
        parts.append(click.style(f"error={one_line(sighting.error)}", fg="red"))
    parts.append(body)
    if sighting.reason:
        parts.append(click.style(f"({one_line(sighting.reason)})", fg="red"))
    return "  ".join(parts)


def fields(sighting: Sighting) -> dict[str, Any]:
    """Return what `--json` prints: every key always, null for what there is not."""
    return {
        "time": datetime.fromtimestamp(sighting.at, UTC).isoformat(timespec="milliseconds"),
        "kind": sighting.kind,
        "name": sighting.name,
        "id": sighting.call,
        "parents": list(sighting.parents),
        "caller": sighting.caller or None,
        "remaining": None if sighting.remaining is None else round(sighting.remaining, 3),
        "error": sighting.error or None,
        "reason": sighting.reason or None,
        "body": sighting.body,
    }
