"""Twice the load that a service can bear: what it cannot take is refused, and the rest does not wait for ever."""

from typing import Any

from harness.environments import Environments
from harness.goals import Goal
from harness.processes import START_SECONDS, child

_SCRIPT = "svcgen_overload.py"


def overload(environments: Environments, node: Any, seconds: float) -> dict[str, Any]:
    """Measure, print and return what became of the calls.

    Args:
        node: a running RabbitMQ node.
        seconds: how long to measure what the service can bear; what follows takes a few times as long.
    """
    url, contract, python = node.fresh_vhost(), environments.contract(), environments.python("svcgen")
    with child(python, _SCRIPT, "serve", url, paths=[contract]) as service:
        service.line(START_SECONDS)
        arguments = [_SCRIPT, "call", url, "--seconds", str(seconds)]
        with child(python, *arguments, paths=[contract]) as client:
            found = client.line(START_SECONDS + 60 + 20 * seconds)
    counted = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(found["outcomes"].items()) if count)
    print(
        f"Overload: what bears {found['capacity']:,.0f} calls/s is offered {found['offered']:,.0f}/s: {counted}; "
        f"what was answered had waited {found['p50_ms']:,.0f} ms (p50), {found['p99_ms']:,.0f} ms (p99), "
        f"where a full queue is {found['fill_seconds'] * 1e3:,.0f} ms of work\n",
        flush=True,
    )
    return found


def goals(found: dict[str, Any]) -> list[Goal]:
    """Return what is wanted under overload."""
    outcomes = found["outcomes"]
    refused = outcomes.get("Overloaded", 0)
    unanswered = sum(outcomes.values()) - outcomes.get("answered", 0)
    full = found["fill_seconds"] * 1e3
    return [
        Goal("overload-p99-of-a-full-queue", found["p99_ms"] / full if refused else None, "<= 1.5"),
        Goal("overload-refused-of-unanswered", refused / unanswered if unanswered else None, ">= 1", ""),
    ]
