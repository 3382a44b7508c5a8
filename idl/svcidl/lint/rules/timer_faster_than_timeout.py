"""A timer that fires while its handler may still wait for a call falls behind whenever that call is slow."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.diagnostics import Note
from svcidl.explanation import Explanation, example
from svcidl.lint.context import Context, Served
from svcidl.lint.rule import Problem, Rule
from svcidl.resolve.durations import read_duration
from svcidl.resolve.program import Symbol


def timer_faster_than_timeout(context: Context) -> Iterator[Problem]:
    """Find timers whose period is below the `@timeout` of a method that the service may call."""
    for served in context.own_members:
        member = served.member
        if isinstance(member, nodes.Timer) and isinstance(member.every, nodes.Duration):
            period = read_duration(member.every)[0]
            slowest = max(_calls(context, served), key=lambda call: call[0], default=None)
            if slowest is not None and slowest[0] > period:
                yield _problem(member, member.every, slowest[1], slowest[2])


def _calls(context: Context, served: Served) -> Iterator[tuple[int, Symbol, nodes.Rpc]]:
    """Yield every method with a `@timeout` of the services that this one uses, with it in milliseconds."""
    for member in served.service.members:
        symbol = context.program.targets.get(member.service) if isinstance(member, nodes.Use) else None
        if symbol is not None and isinstance(symbol.node, nodes.Service):
            for method in symbol.node.members:
                timeout = context.said(method).timeout_ms if isinstance(method, nodes.Rpc) else None
                if isinstance(method, nodes.Rpc) and timeout is not None:
                    yield timeout, symbol, method


def _problem(timer: nodes.Timer, every: nodes.Duration, service: Symbol, method: nodes.Rpc) -> Problem:
    annotation = next(each for each in method.annotations if each.name.text == "timeout")
    return Problem(
        span=every.span,
        message=f"timer `{timer.name.text}` fires every {every.text}, a call of `{service.name}.{method.name.text}` "
        f"may take longer",
        help=("fire less often, or shorten the `@timeout`",),
        notes=(Note(message="the timeout of the call", span=annotation.span),),
    )


RULE = Rule(
    find=timer_faster_than_timeout,
    page=Explanation(
        code="L0144",
        name="timer-faster-than-timeout",
        title="A timer fires faster than what its handler calls may take.",
        meaning="A handler that calls a service waits as long as the method's `@timeout` allows. A timer with a "
        "shorter period fires again in between: when the other service is slow, ticks fall behind just then. "
        "What counts is the longest `@timeout` among the methods of the services under `uses`; if the handler "
        "calls none of these, suppress the finding and say so.",
        wrong=example(
            """
package shop.v1

service Bank {
  @timeout(30s) @idempotent
  rpc balance() -> int
}

service Orders {
  uses Bank

  timer settle every 5s
}
"""
        ),
        right=example(
            """
package shop.v1

service Bank {
  @timeout(3s) @idempotent
  rpc balance() -> int
}

service Orders {
  uses Bank

  timer settle every 5s
}
"""
        ),
        remedy="Fire less often than the slowest call may take, or shorten its `@timeout`.",
    ),
)
