"""`@auth`: who may call a member is decided by an authenticator that the application puts on its service."""

from typing import Any

from svcrt.context import WorkerContext
from svcrt.contract import Oneway, Route, Rpc, Service, SocketRoute, StreamRpc
from svcrt.errors import StartError
from svcrt.extensions import Extension, find_extensions
from svcrt.middleware import Proceed

OPEN = (None, "none")
"""What `auth` of a member says when anybody may call it."""


class Authenticator(Extension):
    """Base of authenticators: a class attribute of the service, asked before a member with `@auth` runs.

    class Tokens(Authenticator):
        def authenticate(self, scheme: str, context: WorkerContext) -> None:
            if context.call.authorization not in KNOWN:
                raise Unauthenticated("a known bearer token is needed")
    """

    def setup(self) -> None:
        """Prepare, before the providers. An exception stops the start of the service."""

    def authenticate(self, scheme: str, context: WorkerContext) -> None:
        """Let the call pass or raise.

        Args:
            scheme: what `@auth` says, `bearer` for instance.
            context: the call; `context.call.authorization` is the credential that came with it.

        Raises:
            Unauthenticated: the request does not say validly who calls.
            PermissionDenied: the caller is known and may not do this.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define authenticate")


class Guard:
    """Middleware that asks the authenticator of a service before its protected members run."""

    def __init__(self, authenticator: Authenticator | None, schemes: dict[str, str]) -> None:
        self.authenticator = authenticator
        self._schemes = schemes

    def __call__(self, context: WorkerContext, proceed: Proceed) -> object:
        """Check the caller, then go on."""
        scheme = self._schemes.get(context.method)
        if scheme is not None:
            self.check(scheme, context)
        return proceed()

    def check(self, scheme: str, context: WorkerContext) -> None:
        """Ask the authenticator, once per call: the HTTP gateway asks before it reads the body."""
        if self.authenticator is not None and "authenticated" not in context.data:
            self.authenticator.authenticate(scheme, context)
            context.data["authenticated"] = scheme


def guard_of(service_class: type[Any], contract: Service) -> Guard:
    """Return the guard of a service; its authenticator is not bound yet.

    Raises:
        StartError: a member wants an authentication, and the class has no authenticator, or several.
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
    return Guard(found[0] if found else None, {name: str(scheme) for name, scheme in schemes.items()})
