"""The runtime of svcgen: what generated services and clients run on.

Everything is loaded when it is first used: a program that only needs types loads neither py-amqp nor eventlet.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from svcrt.async_client import AsyncCluster as AsyncCluster
    from svcrt.async_client import connect_async as connect_async
    from svcrt.authentication import Authenticator as Authenticator
    from svcrt.authentication import Principal as Principal
    from svcrt.bases import AsyncStream as AsyncStream
    from svcrt.bases import Socket as Socket
    from svcrt.bases import Stream as Stream
    from svcrt.client import Cluster as Cluster
    from svcrt.client import connect as connect
    from svcrt.context import CallContext as CallContext
    from svcrt.context import WorkerContext as WorkerContext
    from svcrt.database import Session as Session
    from svcrt.errors import NotStarted as NotStarted
    from svcrt.extensions import CustomEntrypoint as CustomEntrypoint
    from svcrt.extensions import SharedExtension as SharedExtension
    from svcrt.generated import Request as Request
    from svcrt.generated import Response as Response
    from svcrt.hub import Hub as Hub
    from svcrt.hub import SocketHub as SocketHub
    from svcrt.managed import Managed as Managed
    from svcrt.middleware import Middleware as Middleware
    from svcrt.providers import Attempt as Attempt
    from svcrt.providers import Config as Config
    from svcrt.providers import DependencyProvider as DependencyProvider
    from svcrt.providers import DueTime as DueTime
    from svcrt.providers import Logger as Logger
    from svcrt.structs import UnknownVariant as UnknownVariant
    from svcrt.types import Outcome as Outcome
else:
    _HOMES = {
        "AsyncCluster": "svcrt.async_client",
        "Authenticator": "svcrt.authentication",
        "Principal": "svcrt.authentication",
        "AsyncStream": "svcrt.bases",
        "Socket": "svcrt.bases",
        "Stream": "svcrt.bases",
        "Cluster": "svcrt.client",
        "connect": "svcrt.client",
        "connect_async": "svcrt.async_client",
        "CallContext": "svcrt.context",
        "WorkerContext": "svcrt.context",
        "NotStarted": "svcrt.errors",
        "CustomEntrypoint": "svcrt.extensions",
        "SharedExtension": "svcrt.extensions",
        "Request": "svcrt.generated",
        "Response": "svcrt.generated",
        "Hub": "svcrt.hub",
        "SocketHub": "svcrt.hub",
        "Middleware": "svcrt.middleware",
        "Attempt": "svcrt.providers",
        "Config": "svcrt.providers",
        "DependencyProvider": "svcrt.providers",
        "DueTime": "svcrt.providers",
        "Logger": "svcrt.providers",
        "Managed": "svcrt.managed",
        "UnknownVariant": "svcrt.structs",
        "Outcome": "svcrt.types",
        "Session": "svcrt.database",
    }

    # Hidden from type checkers, which would take every misspelt name for an `object`.
    def __getattr__(name: str) -> object:
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module `svcrt` has no attribute `{name}`")
        return getattr(importlib.import_module(home), name)


__all__ = [
    "Authenticator",
    "Principal",
    "Cluster",
    "connect",
    "AsyncCluster",
    "connect_async",
    "Stream",
    "AsyncStream",
    "UnknownVariant",
    "CallContext",
    "WorkerContext",
    "CustomEntrypoint",
    "SharedExtension",
    "Request",
    "Response",
    "Socket",
    "Hub",
    "SocketHub",
    "Middleware",
    "NotStarted",
    "Attempt",
    "Config",
    "DependencyProvider",
    "DueTime",
    "Logger",
    "Managed",
    "Session",
    "Outcome",
]


def __dir__() -> list[str]:
    return sorted(__all__)
