"""Dependency providers: class attributes of a service that give each worker what it needs, typed."""

import logging
from collections.abc import Callable, Mapping, MutableMapping
from datetime import datetime
from typing import Any, Generic, Self, TypeVar, cast, overload

import msgspec

from svcrt.bases import Caller, Publisher
from svcrt.context import WorkerContext
from svcrt.errors import ConfigError
from svcrt.extensions import Extension
from svcrt.schedules import time_zone
from svcrt.types import Outcome

T = TypeVar("T")
ClientT = TypeVar("ClientT")
PublisherT = TypeVar("PublisherT", bound=Publisher)


class DependencyProvider(Extension, Generic[T]):
    """Gives every worker of a service a `T`, under the name of the class attribute that it is assigned to.

    A complete one:

        class Clock(DependencyProvider[datetime]):
            def get_dependency(self, context: WorkerContext) -> datetime:
                return datetime.now(UTC)

    Life cycle. `setup` of all providers in declaration order (inherited ones first), then `start`; for every request
    `get_dependency`, then `worker_setup`, the method, `worker_result`, all in declaration order, then `worker_teardown`
    in reverse; at the end `stop` (or `kill`) in reverse. One bound copy serves all workers of a container at once: what
    belongs to one request goes into `context.data`.
    """

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None) -> T: ...

    def __get__(self, instance: object | None, owner: type[Any] | None = None) -> Self | T:
        """Return the provider itself on the class; on a service object its dependency, which is injected over this."""
        if instance is None:
            return self
        raise AttributeError(
            f"`{type(instance).__name__}.{self.name}` is given to workers only; in a unit test give a value of your "
            f"own: svcrt.testing.build({type(instance).__name__}, {self.name}=...)"
        )

    def setup(self) -> None:
        """Prepare: connect, read settings. No entrypoint has started. An exception stops the start of the service."""

    def get_dependency(self, context: WorkerContext) -> T:
        """Return what this worker gets. An exception fails the request; later providers are then not asked."""
        raise NotImplementedError(f"{type(self).__name__} does not define get_dependency")

    def worker_setup(self, context: WorkerContext) -> None:
        """Prepare for this worker; all dependencies are injected. An exception fails the request."""

    def worker_result(self, context: WorkerContext, outcome: Outcome) -> None:
        """Take note of how it ended: commit, roll back. An exception makes a success a failure and is logged."""

    def worker_teardown(self, context: WorkerContext) -> None:
        """Give back what `get_dependency` took; runs whenever that succeeded. An exception fails the request."""


def read_settings(config: Mapping[str, Any], settings: Any, *, section: str | None) -> Any:
    """Return the application's own settings, or a section of them such as `orders.limits`, as a `settings`.

    Args:
        settings: what msgspec shall convert to.

    Raises:
        ConfigError: a value is missing, unknown or wrong.
    """
    table: object = config
    for key in section.split(".") if section else ():
        table = table.get(key, {}) if isinstance(table, Mapping) else table
    try:
        return msgspec.convert(table, settings)
    except msgspec.ValidationError as error:
        place = f"[config.{section}]" if section else "[config]"
        raise ConfigError(f"{place} of the application's settings: {error}") from error


class Config(DependencyProvider[T]):
    """The application's own settings: `Config()` gives the whole mapping, `Config(Settings)` a checked struct.

    Args:
        settings: a msgspec Struct, or any type that msgspec converts to. Unknown keys are errors if it says
            `forbid_unknown_fields`.
        section: the table to take, as `orders.limits`; the whole if left out.
    """

    @overload
    def __init__(self: "Config[Mapping[str, Any]]") -> None: ...

    @overload
    def __init__(self, settings: type[T], *, section: str | None = None) -> None: ...

    def __init__(self, settings: type[Any] = dict, *, section: str | None = None) -> None:
        self._settings = settings
        self._section = section

    def setup(self) -> None:
        """Check the settings.

        Raises:
            ConfigError: a value is missing, unknown or wrong.
        """
        self._value = read_settings(self.container.config, self._settings, section=self._section)

    def get_dependency(self, context: WorkerContext) -> T:
        """Return the settings; the same object for every worker."""
        return cast("T", self._value)


class ServiceLogger(logging.LoggerAdapter[logging.Logger]):
    """Adds `service`, `method` and `call_id` to every record; the formatters of `svcgen run` print the call id."""

    def process(self, msg: object, kwargs: MutableMapping[str, Any]) -> tuple[object, MutableMapping[str, Any]]:
        """Merge our fields under those of the caller."""
        return msg, {**kwargs, "extra": {**(self.extra or {}), **(kwargs.get("extra") or {})}}


class Logger(DependencyProvider[ServiceLogger]):
    """A logger of the service's full name whose records carry `service`, `method` and `call_id`."""

    def setup(self) -> None:
        """Look the logger up: logging takes a lock for that."""
        self._logger = logging.getLogger(self.container.contract.name)

    def get_dependency(self, context: WorkerContext) -> ServiceLogger:
        """Return a logger for this worker."""
        return ServiceLogger(
            self._logger,
            {"service": context.service, "method": context.method, "call_id": context.call.call_id},
        )


class DueTime(DependencyProvider[datetime | None]):
    """When the timer run that is worked on was due, on the clock of the timer's time zone; None for other requests."""

    def setup(self) -> None:
        """Look the time zones up. Raises ValueError for an unknown one."""
        self._zones = {timer.name: time_zone(timer.tz) for timer in self.container.contract.timers}

    def get_dependency(self, context: WorkerContext) -> datetime | None:
        """Return this run's due time."""
        due: float | None = context.data.get("due")
        return None if due is None else datetime.fromtimestamp(due, self._zones[context.method])


class Attempt(DependencyProvider[int]):
    """How often the job or the event that is worked on has been begun: 1 at first, more where it may have run."""

    def get_dependency(self, context: WorkerContext) -> int:
        """Return the number of this attempt."""
        return context.attempt


class ClientProvider(DependencyProvider[ClientT]):
    """A typed client of another service (`uses`); deadline, call id, trace and baggage of the worker go along.

    Args:
        client_class: the generated client.
    """

    def __init__(self, client_class: Callable[[Caller], ClientT]) -> None:
        self._client_class = client_class

    def get_dependency(self, context: WorkerContext) -> ClientT:
        """Return a client that calls on behalf of this worker."""
        return self._client_class(self.container.caller(context))


class PublisherProvider(DependencyProvider[PublisherT]):
    """The service's typed publisher (`publishes`).

    Args:
        publisher_class: the generated publisher.
    """

    def __init__(self, publisher_class: type[PublisherT]) -> None:
        self._publisher_class = publisher_class

    def get_dependency(self, context: WorkerContext) -> PublisherT:
        """Return a publisher that announces on behalf of this worker."""
        return self._publisher_class(self.container.caller(context))
