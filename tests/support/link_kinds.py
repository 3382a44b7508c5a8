"""The kinds of link that the fault tests run on, and how a process, a client or a runner is told which."""

from typing import Any

import pytest

STOCK_IS_THERE = False
"""Whether the runtime has the link on stock py-amqp yet."""

KINDS = [
    "fast",
    pytest.param("stock", marks=[] if STOCK_IS_THERE else pytest.mark.skip(reason="there is no stock link yet")),
]
"""Parameters of a fixture `link`."""


def chosen(link: str) -> dict[str, Any]:
    """Return the arguments of `svcrt.connect` and `Runner` that choose a kind of link."""
    return {"link": link} if STOCK_IS_THERE else {}


def variables(link: str) -> dict[str, str]:
    """Return the environment variables that choose it for `svcgen run`."""
    return {"SVCGEN_LINK": link} if STOCK_IS_THERE else {}
