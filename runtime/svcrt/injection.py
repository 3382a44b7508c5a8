"""Injection compiled per service class: from a fresh object to the last teardown in one plain function."""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

from svcrt.context import WorkerContext
from svcrt.providers import DependencyProvider
from svcrt.types import Outcome

log = logging.getLogger("svcrt.worker")

Around: TypeAlias = Callable[[Callable[[], object]], object]
Serve: TypeAlias = Callable[[str, tuple[object, ...], WorkerContext, Around | None], object]
"""Serves one request: stub, positional arguments, context, what calls the method instead of us."""

_PLAIN = """\
def serve(stub, positional, context, around):
    service = new()
    fields = service.__dict__
    {injections}
    if around is None:
        return getattr(service, stub)(*positional, **context.arguments)
    return around(partial(getattr(service, stub), *positional, **context.arguments))
"""
_HOOKED = """\
def serve(stub, positional, context, around):
    service = new()
    fields = service.__dict__
    ready = 0
    try:
        {injections}
        {setups}
        if around is None:
            outcome = Outcome(result=getattr(service, stub)(*positional, **context.arguments))
        else:
            outcome = Outcome(result=around(partial(getattr(service, stub), *positional, **context.arguments)))
    except BaseException as error:
        outcome = Outcome(error=error)
    {results}
    {teardowns}
    if outcome.error is not None:
        raise outcome.error
    return outcome.result
"""


def compile_injection(service_class: type[Any], providers: Sequence[DependencyProvider[Any]]) -> Serve:
    """Return the function that serves requests of `service_class` with `providers`, which are bound, in their order.

    It gets every dependency, calls every `worker_setup`, the method, every `worker_result` in this order, and
    `worker_teardown` in reverse, the last two for those whose `get_dependency` succeeded. Hooks that a provider does
    not define cost nothing. It raises what the method, or a hook where that succeeded, has raised.
    """
    names: dict[str, Any] = {"new": service_class, "partial": partial, "Outcome": Outcome, "after": _after}
    injections: list[str] = []
    setups: list[str] = []
    results: list[str] = []
    teardowns: list[str] = []
    for number, provider in enumerate(providers):
        names[f"get_{number}"] = provider.get_dependency
        injections.append(f"fields[{provider.name!r}] = get_{number}(context)")
        if _defines(provider, "worker_setup"):
            names[f"setup_{number}"] = provider.worker_setup
            setups.append(f"setup_{number}(context)")
        if _defines(provider, "worker_result"):
            names[f"result_{number}"] = provider.worker_result
            call = f"outcome = after(result_{number}, (context, outcome), outcome)"
            results.append(f"if ready > {number}: {call}")
        if _defines(provider, "worker_teardown"):
            names[f"teardown_{number}"] = provider.worker_teardown
            call = f"outcome = after(teardown_{number}, (context,), outcome)"
            teardowns.insert(0, f"if ready > {number}: {call}")
    if setups or results or teardowns:
        injections = [f"{line}; ready = {number}" for number, line in enumerate(injections, 1)]
        source = _HOOKED.format(
            injections=_block(injections, 8),
            setups=_block(setups, 8),
            results=_block(results, 4),
            teardowns=_block(teardowns, 4),
        )
    else:
        source = _PLAIN.format(injections=_block(injections, 4))
    exec(compile(source, f"<injection of {service_class.__qualname__}>", "exec"), names)
    serve: Serve = names["serve"]
    return serve


def _block(lines: Sequence[str], indent: int) -> str:
    return f"\n{' ' * indent}".join(lines) or "pass"


def _defines(provider: DependencyProvider[Any], hook: str) -> bool:
    return getattr(type(provider), hook) is not getattr(DependencyProvider, hook) or hook in vars(provider)


def _after(hook: Callable[..., None], arguments: tuple[Any, ...], outcome: Outcome) -> Outcome:
    """Run a hook that follows the method: its exception fails a success, and is logged beside an earlier failure."""
    try:
        hook(*arguments)
    except BaseException as error:
        if outcome.error is None:
            return Outcome(error=error)
        log.exception("%s failed after a failure", getattr(hook, "__qualname__", hook))
    return outcome
