"""The kinds of link that the fault tests run on, and how a process, a client or a runner is told which."""

import os
from typing import Any

KINDS = tuple(os.environ.get("SVCGEN_TEST_LINKS", "fast").split(","))
"""Parameters of a fixture `link`: `fast`, `stock`, or both. CI runs the faults on both, one after the other."""


def chosen(link: str) -> dict[str, Any]:
    """Return the arguments of `svcrt.connect` and `Runner` that choose a kind of link."""
    return {"link": link}


def variables(link: str) -> dict[str, str]:
    """Return the environment variables that choose it for `svcgen run`."""
    return {"SVCGEN_LINK": link}
