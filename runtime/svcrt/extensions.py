"""What extends a service beyond its methods: the life cycle of providers, shared parts and custom entrypoints."""

import copy
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Self, TypeVar

from svcrt import identities
from svcrt.context import WorkerContext
from svcrt.types import Container, Outcome

SharedT = TypeVar("SharedT", bound="SharedExtension")
ExtensionT = TypeVar("ExtensionT", bound="Extension")


class Extension:
    """A class attribute of a service that lives as long as the container.

    The constructor runs once, when the class is defined, and only keeps its arguments. Each container binds a copy of
    its own and calls `setup`, `start`, then `stop` or `kill` on that.
    """

    name: str = ""
    """Name of the class attribute."""
    container: Container
    """The container that it is bound to; from `setup` on."""

    def __set_name__(self, owner: type[Any], name: str) -> None:
        """Learn the attribute's name."""
        self.name = name

    def bind(self, container: Container) -> Self:
        """Return a copy for `container`."""
        bound = copy.copy(self)
        bound.container = container
        return bound

    def start(self) -> None:
        """Begin; everything is set up. An exception stops the start of the service."""

    def stop(self) -> None:
        """End in good order; no worker runs any more. An exception is logged."""

    def kill(self) -> None:
        """Let go of everything now; workers may still be running. An exception is logged."""


class CustomEntrypoint(Extension):
    """Base of entrypoints that an application brings: a folder, a socket, another message system.

    Call `spawn` from `start` on.
    """

    def setup(self, container: Container) -> None:
        """Prepare; nothing may run yet. An exception stops the start of the service."""

    def stop(self) -> None:
        """Take nothing new, and return when nothing new can come. What runs goes on."""

    def kill(self) -> None:
        """Let go of everything: at the end of every stop, when no worker runs any more, or when there is no time."""

    def spawn(
        self,
        method: Callable[..., object],
        arguments: Mapping[str, object],
        on_outcome: Callable[[Outcome], None],
        *,
        timeout: float | None = None,
        traceparent: str | None = None,
        authorization: str | None = None,
        baggage: Mapping[str, str] | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Run a method of the service in a worker of its own, as the root of a new call, and tell how it ended.

        Never blocks: the run waits in line when all workers are busy. Everything a request goes through holds for it:
        providers, middleware, `@concurrency`, and for a member with `@auth` the authenticator.

        Args:
            method: the method as the class defines it; it need not be a member of the contract. What a subclass
                overrides is run as overridden.
            arguments: what it is called with, by name.
            on_outcome: called at most once, in a task where it may block: with `NotStarted` as the error when the
                service stops before the run's turn, not at all when it is killed.
            timeout: seconds that the run and all calls made from it may take; None for no limit.
            traceparent: W3C trace context of the sender, which this run continues; None begins a trace.
            authorization: the sender's credential, for the authenticator.
            baggage: goes along with every call made from the run.
            data: for providers and middleware, as `context.data`.
        """
        call = identities.root_call(
            timeout=timeout, above=traceparent, authorization=authorization, baggage=baggage or {}
        )
        contract, stub = self.container.contract, method.__name__
        members: tuple[Any, ...] = (
            *contract.rpcs,
            *contract.oneways,
            *contract.subscriptions,
            *contract.timers,
            *contract.routes,
        )
        name = next((member.name for member in members if member.stub == stub), stub)
        context = WorkerContext(service=contract.name, method=name, call=call, data=dict(data or {}))
        self.container.spawn_worker(stub, arguments, context, on_outcome)


class SharedExtension:
    """Something that all services of a process use together: a connection pool, a hub.

    `container.share(Kind, *arguments)` makes and sets it up once per process and arguments. Stopped after all services.
    """

    def setup(self) -> None:
        """Prepare. An exception stops the start of the service that asked first."""

    def start(self) -> None:
        """Begin; every service is set up, none has started."""

    def stop(self) -> None:
        """End in good order; every service has stopped."""

    def kill(self) -> None:
        """Let go of everything now."""


class SharedExtensions:
    """The shared extensions of one process, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._made: dict[tuple[type[SharedExtension], tuple[Hashable, ...]], SharedExtension] = {}

    def share(self, kind: type[SharedT], *arguments: Hashable) -> SharedT:
        """Return the one `kind(*arguments)`, made and set up by the first who asks."""
        found = self._made.get((kind, arguments))
        if found is None:
            found = kind(*arguments)
            found.setup()
            self._made[kind, arguments] = found
        assert isinstance(found, kind)
        return found

    def in_order(self) -> tuple[SharedExtension, ...]:
        """All of them, in the order of their setup."""
        return tuple(self._made.values())


def find_extensions(service_class: type[Any], kind: type[ExtensionT]) -> list[ExtensionT]:
    """List a class's extensions of one kind in declaration order, inherited ones first, overridden ones left out."""
    found: dict[str, ExtensionT] = {}
    for owner in reversed(service_class.__mro__):
        for name, value in vars(owner).items():
            if isinstance(value, kind):
                found[name] = value
            else:
                found.pop(name, None)
    return list(found.values())
