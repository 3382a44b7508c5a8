"""A provider of any context manager: entered and left per worker, or once per process."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Literal, TypeVar, cast, overload

from svcrt.context import WorkerContext
from svcrt.extensions import SharedExtension
from svcrt.providers import DependencyProvider, read_settings
from svcrt.types import Outcome

T = TypeVar("T")
SettingsT = TypeVar("SettingsT")


class Managed(DependencyProvider[T]):
    """Gives workers what a context manager yields.

        @contextmanager
        def open_store(settings: StoreSettings) -> Generator[Store, None, None]: ...

        store = Managed(open_store, StoreSettings, section="store", per="process")

    Per worker it is entered before the method and always left after it, in reverse order of declaration; `__exit__`
    gets the exception that the method, or a provider declared before, ended with. What `__exit__` returns changes
    nothing, what it raises fails the request. Per process it is entered at the start, once for all services that
    use the same callable with the same settings, and left after the last service has stopped.

    Args:
        open_thing: returns the context manager; called without arguments, or with the settings.
        settings: a msgspec Struct, or any type that msgspec converts to, for the settings; as for `Config`.
        section: the table below `[config]` that holds them; all of `[config]` if left out.
        per: `worker` or `process`. Per process, workers use the thing at the same time.
    """

    @overload
    def __init__(
        self, open_thing: Callable[[], AbstractContextManager[T]], *, per: Literal["worker", "process"] = "worker"
    ) -> None: ...

    @overload
    def __init__(
        self,
        open_thing: Callable[[SettingsT], AbstractContextManager[T]],
        settings: type[SettingsT],
        *,
        section: str | None = None,
        per: Literal["worker", "process"] = "worker",
    ) -> None: ...

    def __init__(
        self,
        open_thing: Callable[..., AbstractContextManager[T]],
        settings: type[Any] | None = None,
        *,
        section: str | None = None,
        per: Literal["worker", "process"] = "worker",
    ) -> None:
        if per not in ("worker", "process"):
            raise ValueError(f"`per` is `worker` or `process`, not {per!r}")
        self._open_thing = open_thing
        self._settings = settings
        self._section = section
        self._per = per

    def setup(self) -> None:
        """Check the settings; enter what is per process.

        Raises:
            ConfigError: a setting is missing, unknown or wrong.
        """
        arguments: tuple[object, ...] = ()
        if self._settings is not None:
            arguments = (read_settings(self.container.config, self._settings, section=self._section),)
        self._opener = _Opener(self._open_thing, arguments, (self._open_thing, self._settings, self._section))
        if self._per == "process":
            self._opened = self.container.share(_Opened, self._opener)

    def get_dependency(self, context: WorkerContext) -> T:
        """Enter, or return what the process shares."""
        if self._per == "process":
            return cast("T", self._opened.thing)
        manager = self._opener.open()
        thing = manager.__enter__()
        context.data[self._key] = (manager, None)
        return cast("T", thing)

    def worker_result(self, context: WorkerContext, outcome: Outcome) -> None:
        """Keep the outcome for `__exit__`: providers that were declared later may still need the thing."""
        if self._per == "worker":
            manager, _ = context.data[self._key]
            context.data[self._key] = (manager, outcome.error)

    def worker_teardown(self, context: WorkerContext) -> None:
        """Leave."""
        if self._per == "worker":
            manager, error = context.data.pop(self._key)
            _leave(manager, error)

    @property
    def _key(self) -> str:
        return f"svcrt.Managed {self.name}"


class _Opener:
    """A call of the user's callable; equal to one of the same callable and the same place for its settings."""

    def __init__(
        self,
        open_thing: Callable[..., AbstractContextManager[Any]],
        arguments: tuple[object, ...],
        identity: tuple[object, ...],
    ) -> None:
        self._open_thing = open_thing
        self._arguments = arguments
        self._identity = identity

    def open(self) -> AbstractContextManager[Any]:
        return self._open_thing(*self._arguments)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Opener) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)


class _Opened(SharedExtension):
    """What the process shares, entered."""

    def __init__(self, opener: _Opener) -> None:
        self._opener = opener

    def setup(self) -> None:
        self._manager = self._opener.open()
        self.thing: Any = self._manager.__enter__()

    def stop(self) -> None:
        _leave(self._manager, None)

    kill = stop


def _leave(manager: AbstractContextManager[Any], error: BaseException | None) -> None:
    manager.__exit__(type(error) if error else None, error, error.__traceback__ if error else None)
