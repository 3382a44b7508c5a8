"""An open call, from the request that is wanted to the one answer that ends it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, cast

from svcrt import topology, wire
from svcrt.amqp import heads
from svcrt.amqp.origins import Origin
from svcrt.amqp.posts import Post
from svcrt.codec import codec
from svcrt.contract import ArgumentsT, ResultT, Rpc, StreamRpc
from svcrt.errors import BrokerError, InvalidValue, NotSent, OutcomeUnknown, RemoteError
from svcrt.faults import read_error
from svcrt.identities import CALL_IDS
from svcrt.types import Message

if TYPE_CHECKING:
    from svcrt.amqp.requests import Requests


@dataclass(slots=True, eq=False)
class Reply:
    """What a call was answered with, where that is not plain JSON.

    Attributes:
        packed: the body is MessagePack.
        message: all of it; None for a reply of the usual shape with a result.
    """

    body: bytes
    packed: bool
    message: Message | None = None


Answer: TypeAlias = bytes | Reply | Exception
"""Bytes are the JSON of a result that came in a reply of the usual shape, as nearly all do."""


class MethodPlan(Generic[ArgumentsT, ResultT]):
    """What all calls of one method need, looked up once.

    Args:
        method: its contract.
        app_id: identity of this process, shown in the messages.
    """

    def __init__(self, method: Rpc[ArgumentsT, ResultT] | StreamRpc[ArgumentsT, Any], app_id: str) -> None:
        self.method = method
        self.service = method.service
        self.target = f"{method.service}.{method.name}"
        self.idempotent = isinstance(method, Rpc) and method.idempotent
        self.tail = heads.tail(method.name, app_id)
        self.encode = codec(method.arguments).encode
        self._decode = codec(method.result).decode if isinstance(method, Rpc) else None

    def result(self, answer: Answer) -> ResultT:
        """Return the result that an answer carries; raises how the call ended otherwise."""
        assert self._decode is not None
        try:
            if type(answer) is bytes:
                return cast("ResultT", self._decode(answer))
            if isinstance(answer, Exception):
                raise answer
            assert isinstance(answer, Reply)
            message = answer.message
            if message is not None:
                name = wire.error_name(message)
                if name is not None:
                    raise read_error(name, message, cast("Rpc[Any, Any]", self.method))
                wire.check_content(message)
            result: ResultT = self._decode(answer.body, packed=answer.packed)
        except InvalidValue as error:
            if error is answer:
                raise
            raise RemoteError("svc.InvalidReply", {"faults": [str(fault) for fault in error.faults]}) from error
        return result


class Call(Post):
    """An open call; as a post it is the attempt that is under way.

    Attributes:
        number: its correlation id.
        timeout: seconds that it may take, until `deadline` on the monotonic clock.
        attempted: an attempt is on its way or was answered by the broker.
        may_have_run: an attempt left at some time.
    """

    __slots__ = (
        "attempted",
        "call_id",
        "deadline",
        "may_have_run",
        "number",
        "on_answer",
        "origin",
        "plan",
        "reply_to",
        "requests",
        "timeout",
    )

    def __init__(
        self,
        requests: "Requests",
        number: int,
        plan: MethodPlan[Any, Any],
        body: bytes,
        origin: Origin,
        timeout: float,
        on_answer: Callable[[Answer], None],
    ) -> None:
        # What `Post` sets, without the detour; the rest is set by `attempt`.
        self.body = body
        self.exchange = topology.RPC_EXCHANGE
        self.routing_key = plan.service
        self.mandatory = True
        self.on_done = None
        self.posted = time.monotonic()
        self.requests = requests
        self.number = number
        self.plan = plan
        self.origin = origin
        self.timeout = timeout
        self.deadline = self.posted + timeout
        self.on_answer = on_answer
        self.attempted = False
        self.may_have_run = False
        self.call_id = CALL_IDS.next()
        self.reply_to = b""

    def attempt(self, reply_to: bytes, now: float) -> None:
        """Get ready to be posted; the message id stays the same."""
        self.reply_to = reply_to
        self.attempted = True
        self.returned = ""
        self.posted = now
        self.lifetime = self.deadline - now
        self.on_done = _confirmed

    def properties(self, now: float) -> bytes:
        """Write the request with the time that is left."""
        left = self.deadline - now
        left_ms = int(left * 1000) if left > 0.0 else 0
        context = self.origin.stamp(self.call_id, left_ms)
        wire.check_context(len(context))
        return heads.pack_request(
            packed=self.requests.packed,
            context=context,
            trace=self.origin.trace(),
            correlation=b"%d" % self.number,
            reply_to=self.reply_to,
            left_ms=left_ms or 1,
            message_id=self.call_id.encode(),
            tail=self.plan.tail,
        )

    def is_of(self, returned: Message) -> bool:
        """See `Post`."""
        return returned.correlation_id == str(self.number)

    def finish(self, error: BrokerError | None) -> None:
        """Take note of what the broker said of this attempt."""
        if self.on_done is not None:
            self.on_done = None
            if error is None:
                self.may_have_run = True
            else:
                self.requests.on_refused(self, error)

    def stopped(self) -> Exception:
        """Return how it ends when this process stops."""
        if self.attempted or self.may_have_run:
            return OutcomeUnknown(f"this process stopped while it called `{self.plan.target}`; it may have run")
        return NotSent(f"this process stopped before it called `{self.plan.target}`")


def _confirmed(_error: BrokerError | None) -> None:
    """Stand for `Call.finish`: a post without a callback would want no confirm."""
