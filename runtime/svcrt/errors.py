"""Every exception of the runtime, in one tree.

SvcError
├── DeclaredError            base of the exceptions that an IDL declares with `error`
├── CallError                how a call can end, other than with a result or a declared error
│   ├── NotSent              the request never left: safe to call again
│   │   └── UnknownService   nobody serves this name
│   ├── RpcTimeout           the deadline passed; the method may have run
│   ├── OutcomeUnknown       the link died under the call; the method may have run
│   ├── RemoteError          an error that this caller's contract does not know, by name and fields
│   └── SystemFault          a fault that the runtime on the other side reports under a `svc.` name
│       ├── UnknownMethod, InvalidRequest, DeadlineExceeded, Overloaded, StreamInterrupted
│       └── Unauthenticated, PermissionDenied, InternalError
├── InvalidValue             a value or a message that breaks its contract, with every fault and its path
├── BrokerError              what publishing or connecting can end in
│   ├── BrokerUnavailable    no connection (now, or within the time given)
│   ├── BrokerRefused        wrong password, no such virtual host, no permission: trying again will not help
│   ├── Unroutable           a mandatory message that no queue took
│   ├── Refused              the broker did not take the message (a full queue)
│   └── Unconfirmed          the connection died before the broker confirmed: it may or may not have the message
├── SocketClosed             a web socket that either side has closed, or whose connection is lost
├── Interrupted              thrown into a long-lived worker whose peer has gone, or whose instance stops
├── NotStarted               the container stopped before a request's turn; it did not run
└── StartError               a service or command that cannot start: one sentence for a person
    └── ConfigError          a setting that is unknown or wrong
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    import msgspec


class SvcError(Exception):
    """Root of every exception that the runtime raises on purpose."""


class DeclaredError(SvcError):
    """Base of the exceptions that an IDL declares; generated code derives from it.

    A generated class sets the class attributes, takes its fields as keyword arguments and keeps them as attributes.
    """

    wire_name: ClassVar[str]
    """Full IDL name, as it travels in the `svc-error` header."""
    status: ClassVar[int]
    """HTTP status, 400 to 599."""
    retryable: ClassVar[bool] = False
    """Whether the contract says that trying again may help."""
    fields_type: "ClassVar[type[msgspec.Struct]]"
    """Struct with one field per field of the error, of the same Python name: what travels as the body."""


class CallError(SvcError):
    """How a call can end, other than with a result or a declared error."""


class NotSent(CallError):
    """The request never left this process, or the broker handed it back: the method did not run."""


class UnknownService(NotSent):
    """Nobody serves the name that was called.

    Attributes:
        service: the full IDL name that was called.
    """

    def __init__(self, service: str) -> None:
        super().__init__(f"no running service answers to `{service}`: start it, and see that it uses the same broker")
        self.service = service


class RpcTimeout(CallError):
    """The deadline passed without an answer; the method may have run.

    Attributes:
        target: `Service.method` by full name.
        timeout: what was allowed, in seconds.
    """

    def __init__(self, target: str, timeout: float) -> None:
        super().__init__(f"no answer from `{target}` within {timeout:g} s; it may have run")
        self.target = target
        self.timeout = timeout


class OutcomeUnknown(CallError):
    """The link died under a call that may have run and is not idempotent."""


class RemoteError(CallError):
    """An error that this caller's contract does not declare for the method.

    Attributes:
        name: full name of the error on the wire.
        fields: its fields as decoded JSON.
    """

    def __init__(self, name: str, fields: Mapping[str, object]) -> None:
        super().__init__(f"the service answered with `{name}`, which this contract does not declare: {dict(fields)!r}")
        self.name = name
        self.fields = fields


class SystemFault(CallError):
    """A fault that the runtime of the other side reports. `wire_name` is its name on the wire.

    Attributes:
        reported_by: full name of the service that answered so; None for a fault of our own. A worker's own faults are
            answered as they are, those of the services that it called become `svc.Internal`.
    """

    wire_name: ClassVar[str]
    reported_by: str | None = None


class UnknownMethod(SystemFault):
    """The service has no such method: caller and service were built from different contracts."""

    wire_name = "svc.UnknownMethod"


class InvalidRequest(SystemFault):
    """The request breaks the contract.

    Attributes:
        faults: every fault found, with its path.
    """

    wire_name = "svc.InvalidRequest"

    def __init__(self, message: str, faults: "tuple[Fault, ...]" = ()) -> None:
        super().__init__(message)
        self.faults = faults


class DeadlineExceeded(SystemFault):
    """The request reached the service after its deadline; it did not run."""

    wire_name = "svc.DeadlineExceeded"


class Overloaded(SystemFault):
    """The service's queue is full; the request did not run."""

    wire_name = "svc.Overloaded"


class StreamInterrupted(SystemFault):
    """The instance that served the stream stops; open it again and another one serves it."""

    wire_name = "svc.StreamInterrupted"


class Unauthenticated(SystemFault):
    """The method wants to know who calls, and the request does not say it validly."""

    wire_name = "svc.Unauthenticated"


class PermissionDenied(SystemFault):
    """The caller is known and may not do this."""

    wire_name = "svc.PermissionDenied"


class InternalError(SystemFault):
    """The method failed with an error that its contract does not declare. Details are in the service's log.

    Attributes:
        error_type: name of the exception's class on the service, nothing else of it.
        call_id: what to look for in the service's log.
    """

    wire_name = "svc.Internal"

    def __init__(self, error_type: str, call_id: str) -> None:
        super().__init__(f"the service failed with {error_type} (call {call_id}; see the service's log)")
        self.error_type = error_type
        self.call_id = call_id


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a value.

    Attributes:
        path: where, as `$.lines[3].quantity`; `$` is the value itself. Wire names.
        message: what is wrong and what would be right, without the offending value (it may be sensitive).
    """

    path: str
    message: str

    def __str__(self) -> str:
        """The message with its place, on one line."""
        return f"{self.message} (at `{self.path}`)"


class InvalidValue(SvcError):
    """A value or a message that breaks its contract.

    Attributes:
        faults: one or more.
    """

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


class BrokerError(SvcError):
    """What publishing, consuming or connecting can end in."""


class BrokerUnavailable(BrokerError):
    """There is no connection, now or within the time given: nothing was sent."""


class BrokerRefused(BrokerError):
    """The broker refuses these credentials, this virtual host or this operation: trying again will not help."""


class Unroutable(BrokerError):
    """A mandatory message came back: no queue took it."""


class Refused(BrokerError):
    """The broker answered that it did not take the message (`basic.nack`): a queue at its limit."""


class Unconfirmed(BrokerError):
    """The connection died, or time ran out, before the broker confirmed: it may or may not have the message."""


class SocketClosed(SvcError):
    """A web socket that either side has closed, or whose connection is lost.

    Attributes:
        code: of RFC 6455 section 7.4; 1005 when the peer gave none, 1006 when the connection was lost.
        reason: what the closing side said.
    """

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"the web socket is closed ({code}{f': {reason}' if reason else ''})")
        self.code = code
        self.reason = reason


class Interrupted(SvcError):
    """Thrown into a long-lived worker (a stream, a socket) whose peer has gone, or whose instance stops.

    A method may catch it to clean up, better by `finally`; it is not reported as a failure.
    """


class NotStarted(SvcError):
    """The container stopped before this request's turn: it did not run and may be given to another instance."""


class StartError(SvcError):
    """A service or command that cannot start. The message is one sentence for a person, with the remedy."""


class ConfigError(StartError):
    """A setting that is unknown or wrong; the message says where it was set."""
