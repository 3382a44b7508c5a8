"""What extends a service beyond its methods: the life cycle of providers, shared parts and custom entrypoints."""

import copy
from collections.abc import Hashable
from typing import Any, Self, TypeVar

from svcrt.types import Container

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

    Call `container.spawn_worker` from `start` on; return from `stop` when nothing new can come.
    """

    def setup(self, container: Container) -> None:
        """Prepare; nothing may run yet. An exception stops the start of the service."""


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
