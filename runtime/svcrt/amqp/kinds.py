"""Which of the two ways to talk to a broker a link takes: `fast`, on frames of our own, or `stock`, on py-amqp's."""

import importlib
import os
from typing import TYPE_CHECKING, cast

from svcrt.errors import ConfigError

if TYPE_CHECKING:
    from svcrt.amqp.connection import Connection

KINDS = ("fast", "stock")
VARIABLE = "SVCGEN_LINK"
_CLASSES = {"fast": ("connection", "Connection"), "stock": ("stock", "StockConnection")}


def connection_class(kind: str | None) -> "type[Connection]":
    """Return what talks to the broker; the stock one is imported when it is chosen.

    Args:
        kind: one of `KINDS`; None takes what the environment variable `SVCGEN_LINK` says, else `fast`.

    Raises:
        ConfigError: there is no such kind.
    """
    blame = "`link` must be"
    if kind is None:
        kind = os.environ.get(VARIABLE) or KINDS[0]
        blame = f"environment variable {VARIABLE} must be"
    found = _CLASSES.get(kind.lower())
    if found is None:
        raise ConfigError(f"{blame} one of {', '.join(KINDS)}, not `{kind}`")
    module, name = found
    # Both have the same face; `svcrt.amqp.connection` describes it.
    return cast("type[Connection]", getattr(importlib.import_module(f"svcrt.amqp.{module}"), name))
