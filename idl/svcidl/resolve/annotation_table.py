"""Which annotations there are, where each may stand, and how it is written."""

from collections.abc import Mapping

from svcidl import nodes

DECLARED = (
    "alias",
    "enum",
    "struct",
    "union",
    "error",
    "event",
    "service",
    "rpc",
    "oneway",
    "subscribes",
    "route",
    "socket",
    "timer",
    "field",
    "parameter",
    "value",
)
"""What can be declared, by the words of `PLACES`."""

PLACES: Mapping[str, tuple[str, ...]] = {
    "timeout": ("rpc",),
    "idempotent": ("rpc",),
    "retry": ("subscribes", "oneway"),
    "concurrency": ("rpc", "oneway", "subscribes"),
    "delivery": ("subscribes",),
    "per_instance": ("timer",),
    "auth": ("service", "rpc", "oneway", "route", "socket"),
    "header": ("parameter",),
    "query": ("parameter",),
    "sensitive": ("field", "parameter"),
    "renamed": ("field", "parameter", "value"),
    "tag": ("struct",),
    "retryable": ("error",),
    "deprecated": DECLARED,
    "owner": ("service",),
}
"""Where each annotation may stand; what a place is called is the keyword of its node, or field, parameter, value."""

USAGE: Mapping[str, str] = {
    "timeout": "@timeout(5s)",
    "idempotent": "@idempotent",
    "retry": "@retry(5, backoff: 1s..5m)",
    "concurrency": "@concurrency(4)",
    "delivery": "@delivery(broadcast)",
    "per_instance": "@per_instance",
    "auth": '@auth("bearer")',
    "header": '@header("X-Name")',
    "query": '@query("name")',
    "sensitive": "@sensitive",
    "renamed": '@renamed("old")',
    "tag": '@tag("card")',
    "retryable": "@retryable",
    "deprecated": '@deprecated("use …")',
    "owner": '@owner("team")',
}

_PLACE_OF: Mapping[type[nodes.Node], str] = {
    nodes.Alias: "alias",
    nodes.Enum: "enum",
    nodes.Struct: "struct",
    nodes.Union: "union",
    nodes.Error: "error",
    nodes.Event: "event",
    nodes.Service: "service",
    nodes.Rpc: "rpc",
    nodes.Oneway: "oneway",
    nodes.Publishes: "publishes",
    nodes.Subscription: "subscribes",
    nodes.Use: "uses",
    nodes.Route: "route",
    nodes.Socket: "socket",
    nodes.Timer: "timer",
    nodes.EnumValue: "value",
}


def place_of(node: nodes.Documented, *, parameter: bool = False) -> str:
    """Return what the table `PLACES` calls a node."""
    if isinstance(node, nodes.Field):
        return "parameter" if parameter else "field"
    return _PLACE_OF[type(node)]
