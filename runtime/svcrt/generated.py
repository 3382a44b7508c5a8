"""The one module that generated code imports: everything it may use, and nothing else."""

import importlib
from typing import TYPE_CHECKING

from msgspec import Meta, field

from svcrt.bases import (
    AsyncStream,
    Publisher,
    ServiceAsyncClient,
    ServiceBase,
    ServiceClient,
    ServiceFutures,
    Socket,
    Stream,
)
from svcrt.contract import (
    DEFAULT_TIMEOUT,
    Delivery,
    Event,
    HttpBinding,
    HttpParameter,
    Oneway,
    Retry,
    Route,
    Rpc,
    Service,
    SocketRoute,
    Source,
    StreamRpc,
    Subscription,
    Timer,
)
from svcrt.errors import DeclaredError
from svcrt.providers import ClientProvider, PublisherProvider
from svcrt.structs import (
    INT64_MAX,
    INT64_MIN,
    AnyValue,
    ClosedEnum,
    Digits,
    Format,
    Int64,
    LocalTime,
    OpenEnum,
    Pattern,
    Renamed,
    Sensitive,
    Struct,
    Timestamp,
    UnknownVariant,
)

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

__all__ = [
    # types.py: structs, enums, unions
    "Struct",
    "field",
    "OpenEnum",
    "ClosedEnum",
    "UnknownVariant",
    "DeclaredError",
    # types.py: scalars and what narrows them
    "AnyValue",
    "Int64",
    "INT64_MIN",
    "INT64_MAX",
    "LocalTime",
    "Timestamp",
    "Meta",
    "Digits",
    "Format",
    "Pattern",
    "Renamed",
    "Sensitive",
    # contract.py
    "DEFAULT_TIMEOUT",
    "Delivery",
    "Event",
    "HttpBinding",
    "HttpParameter",
    "Oneway",
    "Retry",
    "Route",
    "Rpc",
    "Service",
    "SocketRoute",
    "Source",
    "StreamRpc",
    "Subscription",
    "Timer",
    # service.py
    "ServiceBase",
    "Publisher",
    "ClientProvider",
    "PublisherProvider",
    "Request",
    "Response",
    "Socket",
    # client.py
    "ServiceClient",
    "ServiceFutures",
    "ServiceAsyncClient",
    "Stream",
    "AsyncStream",
]


def __getattr__(name: str) -> object:
    # Loaded on demand: a client imports this module too and needs no werkzeug.
    if name in ("Request", "Response"):
        return getattr(importlib.import_module("werkzeug.wrappers"), name)
    raise AttributeError(f"module `svcrt.generated` has no attribute `{name}`")
