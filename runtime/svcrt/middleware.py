"""What stands around every worker: callables of one signature, composed by a list and a loop."""

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

from svcrt.context import WorkerContext
from svcrt.errors import DeadlineExceeded, DeclaredError, Interrupted, SocketClosed, SystemFault

Proceed: TypeAlias = Callable[[], object]
Middleware: TypeAlias = Callable[[WorkerContext, Proceed], object]
"""Gets the worker's context and the rest of the way; returns the method's result or raises."""

ANSWERS = "svcrt.answers"
"""Key in `WorkerContext.data`: classes of exceptions that answer the caller and are no failure: a raw route's 404."""

log = logging.getLogger("svcrt.worker")


def apply(layers: Sequence[Middleware], context: WorkerContext, proceed: Proceed) -> object:
    """Run `proceed` inside `layers`; the first layer is the outermost."""
    for layer in reversed(layers):
        proceed = partial(layer, context, proceed)
    return proceed()


def log_failure(context: WorkerContext, error: BaseException) -> None:
    """Log what the contract does not declare, once, with call id and traceback; neither leaves the service."""
    if isinstance(error, (DeclaredError, Interrupted, SocketClosed)):
        return
    answers: tuple[type[BaseException], ...] = context.data.get(ANSWERS, ())
    expected = (isinstance(error, SystemFault) and error.reported_by is None) or isinstance(error, answers)
    log.log(
        logging.INFO if expected else logging.ERROR,
        "%s.%s failed with %s (call %s)",
        context.service,
        context.method,
        error if expected else type(error).__name__,
        context.call.call_id,
        exc_info=None if expected else error,
    )


def refuse_expired(context: WorkerContext) -> None:
    """Do not begin what nobody waits for any more. Raises DeadlineExceeded."""
    deadline = context.call.deadline
    if deadline is not None and deadline <= time.monotonic():
        raise DeadlineExceeded("the deadline passed while the request waited for a free worker; it did not run")
