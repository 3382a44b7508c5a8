"""The kinds of link that the fault tests run on, and how a process, a client or a runner is told which."""

from typing import Any

KINDS = ("fast", "stock")
"""Parameters of a fixture `link`."""


def chosen(link: str) -> dict[str, Any]:
    """Return the arguments of `svcrt.connect` and `Runner` that choose a kind of link."""
    return {"link": link}


def variables(link: str) -> dict[str, str]:
    """Return the environment variables that choose it for `svcgen run`."""
    return {"SVCGEN_LINK": link}
