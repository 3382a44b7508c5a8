"""An open call, from the request that is wanted to the one answer that ends it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from svcrt.context import CallContext
from svcrt.contract import Rpc, StreamRpc
from svcrt.errors import NotSent, OutcomeUnknown
from svcrt.types import Message

Answer: TypeAlias = Message | Exception
NextContext: TypeAlias = Callable[[float | None], CallContext]
"""Makes the context of the next call, event or job from the seconds that it may last; None for one that outlives us."""


@dataclass(slots=True, eq=False)
class Call:
    """An open call.

    Attributes:
        timeout: seconds that it may take, until `deadline` on the monotonic clock.
        posted: an attempt is on its way or was answered by the broker.
        may_have_run: an attempt left at some time.
    """

    method: Rpc[Any, Any] | StreamRpc[Any, Any]
    body: bytes
    next_context: NextContext
    timeout: float
    deadline: float
    on_answer: Callable[[Answer], None]
    posted: bool = False
    may_have_run: bool = False

    def stopped(self) -> Exception:
        """Return how it ends when this process stops."""
        target = f"{self.method.service}.{self.method.name}"
        if self.posted or self.may_have_run:
            return OutcomeUnknown(f"this process stopped while it called `{target}`; it may have run")
        return NotSent(f"this process stopped before it called `{target}`")
