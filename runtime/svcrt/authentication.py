"""`@auth`: who may call a member is decided by an authenticator that the application puts on its service."""

import logging
from dataclasses import replace
from typing import Any, ClassVar, Generic, Literal, Self, TypeVar, cast, get_args, get_origin, overload

import msgspec

from svcrt.context import Identity, WorkerContext
from svcrt.contract import Oneway, Route, Rpc, Service, SocketRoute, StreamRpc
from svcrt.errors import StartError, Unauthenticated
from svcrt.extensions import Extension, find_extensions
from svcrt.middleware import Proceed
from svcrt.providers import DependencyProvider, T

log = logging.getLogger("svcrt.authentication")

P = TypeVar("P")
WhoT = TypeVar("WhoT")

OPEN = (None, "none")
"""What `auth` of a member says when anybody may call it."""

_CHECKED = "svcrt.authenticated"
_PRINCIPAL = "svcrt.principal"


class Authenticator(Extension, Generic[P]):
    """Base of authenticators: a class attribute of the service, asked before a member with `@auth` runs.

    `P` is what it makes of a credential, the principal: a msgspec Struct or a dataclass, `None` for nothing. It goes
    along, as JSON, with what the member calls, sends and announces, where the credential does not reach.

        class Tokens(Authenticator[User]):
            def authenticate(self, scheme: str, context: WorkerContext) -> User:
                user = KNOWN.get(context.call.authorization)
                if user is None:
                    raise Unauthenticated("a known bearer token is needed")
                return user

    Attributes:
        trusts_bus: whether a principal that comes over the bus is taken as it is. False asks for a credential again,
            which jobs and events do not carry.
    """

    trusts_bus: bool = True
    principal_type: ClassVar[Any] = type(None)
    """`P` at run time."""

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Learn what `P` is."""
        super().__init_subclass__(**keywords)
        for base in getattr(cls, "__orig_bases__", ()):
            if get_origin(base) is Authenticator and not isinstance(get_args(base)[0], TypeVar):
                cls.principal_type = get_args(base)[0] or type(None)

    def setup(self) -> None:
        """Prepare, before the providers. An exception stops the start of the service."""

    def authenticate(self, scheme: str, context: WorkerContext) -> P:
        """Say who calls, or raise.

        Args:
            scheme: what `@auth` says, `bearer` for instance.
            context: the call; `context.call.authorization` is the credential that came with it.

        Raises:
            Unauthenticated: the request does not say validly who calls. The message goes to the caller.
            PermissionDenied: the caller is known and may not do this. The message goes to the caller.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define authenticate")

    def authorize(self, principal: P, context: WorkerContext) -> None:
        """Let a known caller pass or raise; asked for principals that came over the bus too. Anybody known passes.

        Raises:
            PermissionDenied: this caller may not do this. The message goes to the caller.
        """


def identity_of(principal: object, scheme: str) -> Identity | None:
    """Return `principal` as it travels; None for None."""
    if principal is None:
        return None
    data = msgspec.json.encode(principal).decode()
    return Identity(scheme=scheme, kind=type(principal).__name__, claims=data)


def _principal_of(identity: Identity | None, kind: type[P]) -> P | None:
    """Return the principal that came along; None where there is none, or one of another kind."""
    if identity is None or identity.kind != kind.__name__:
        return None
    try:
        return msgspec.json.decode(identity.claims, type=kind)
    except (msgspec.MsgspecError, RecursionError) as error:
        # Its claims are not for the log.
        log.warning("a %s came along that cannot be read (%s)", identity.kind, type(error).__name__)
        return None


class Guard:
    """Middleware that asks the authenticator of a service before its protected members run."""

    def __init__(self, authenticator: Authenticator[Any] | None, schemes: dict[str, str]) -> None:
        self.authenticator = authenticator
        self._schemes = schemes

    @property
    def stands_aside(self) -> bool:
        """Whether it never has anything to check or to take away."""
        return not self._schemes and (self.authenticator is None or self.authenticator.trusts_bus)

    def __call__(self, context: WorkerContext, proceed: Proceed) -> object:
        """Check the caller, then go on."""
        scheme = self._schemes.get(context.method)
        if scheme is not None:
            self.check(scheme, context)
        elif self.authenticator is not None and not self.authenticator.trusts_bus:
            context.call = replace(context.call, identity=None)
        return proceed()

    def check(self, scheme: str, context: WorkerContext) -> None:
        """Ask the authenticator, once per call: the HTTP gateway asks before it reads the body."""
        authenticator = self.authenticator
        if authenticator is None or _CHECKED in context.data:
            return
        principal = None
        came = context.call.identity
        if came is not None and came.scheme == scheme and authenticator.trusts_bus:
            principal = _principal_of(came, authenticator.principal_type)
        if principal is None:
            principal = authenticator.authenticate(scheme, context)
        authenticator.authorize(principal, context)
        context.data[_CHECKED] = scheme
        context.data[_PRINCIPAL] = principal
        context.call = replace(context.call, identity=identity_of(principal, scheme))


class _Nobody:
    """Stands in a service object where nobody is named."""


_NOBODY = _Nobody()


class Principal(DependencyProvider[T]):
    """The caller: what the service's authenticator made of the credential, or what came along over the bus.

        who = Principal(User)  # self.who is a User
        who = Principal(User, optional=True)  # self.who is a User or None

    Members without `@auth`, event handlers and timers may have no caller: using `self.who` then raises Unauthenticated,
    or gives None if `optional`.

    Args:
        kind: the authenticator's principal type.
        optional: give None where nobody is named.
    """

    @overload
    def __init__(self: "Principal[WhoT]", kind: type[WhoT], *, optional: Literal[False] = False) -> None: ...

    @overload
    def __init__(self: "Principal[WhoT | None]", kind: type[WhoT], *, optional: Literal[True]) -> None: ...

    def __init__(self, kind: type[Any], *, optional: bool = False) -> None:
        self._kind = kind
        self._optional = optional

    def setup(self) -> None:
        """Check that the service's authenticator gives what is asked for. Raises StartError."""
        for authenticator in find_extensions(self.container.service_class, Authenticator):
            if authenticator.principal_type is not self._kind:
                raise StartError(
                    f"it asks for a `{self._kind.__name__}`, and `{type(authenticator).__name__}` gives "
                    f"`{authenticator.principal_type.__name__}`: let both name the same type"
                )

    def get_dependency(self, context: WorkerContext) -> T:
        """Return the caller, or what stands for nobody."""
        found = context.data.get(_PRINCIPAL)
        if not isinstance(found, self._kind):
            found = _principal_of(context.call.identity, self._kind)
        return cast("T", found if found is not None or self._optional else _NOBODY)

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None) -> T: ...

    def __get__(self, instance: object | None, owner: type[Any] | None = None) -> Self | T:
        """Return the caller. Raises Unauthenticated where nobody is named."""
        if instance is None or self.name not in vars(instance):
            return super().__get__(instance, owner)
        found = vars(instance)[self.name]
        if found is _NOBODY:
            log.warning(
                "`%s.%s` was used where nobody is named: protect the member with @auth, or say "
                "`Principal(%s, optional=True)`",
                type(instance).__name__,
                self.name,
                self._kind.__name__,
            )
            raise Unauthenticated("the request does not say on whose behalf it is made")
        return cast("T", found)

    def __set__(self, instance: object, value: T) -> None:
        """Make the attribute ask `__get__` although the object has a value of its own."""
        vars(instance)[self.name] = value


def guard_of(service_class: type[Any], contract: Service) -> Guard:
    """Return the guard of a service; its authenticator is not bound yet.

    Raises:
        StartError: a member wants an authentication, and the class has no authenticator, or several; or a protected
            oneway could never run, as the authenticator does not trust the bus.
    """
    members: tuple[Rpc[Any, Any] | StreamRpc[Any, Any] | Oneway[Any] | Route[Any] | SocketRoute[Any, Any], ...] = (
        *contract.rpcs,
        *contract.streams,
        *contract.oneways,
        *contract.routes,
        *contract.sockets,
    )
    schemes = {member.name: member.auth for member in members if member.auth not in OPEN}
    found = find_extensions(service_class, Authenticator)
    if schemes and len(found) != 1:
        member, scheme = next(iter(schemes.items()))
        raise StartError(
            f'`{contract.name}.{member}` asks for @auth("{scheme}"), and `{service_class.__qualname__}` has '
            f"{len(found) or 'no'} authenticators: give it one, or open the member with @auth(none)"
        )
    kept = next((member.name for member in contract.oneways if member.name in schemes), None)
    if kept is not None and not found[0].trusts_bus:
        raise StartError(
            f"`{contract.name}.{kept}` is a protected oneway, and `{type(found[0]).__name__}` does not trust the bus: "
            "jobs carry no credential, so none would ever run; trust the bus, or make it an rpc"
        )
    return Guard(found[0] if found else None, {name: str(scheme) for name, scheme in schemes.items()})
