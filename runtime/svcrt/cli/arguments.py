"""Arguments of `call` and `emit`: from `name=value ...` or one JSON object to the struct of the contract."""

from collections.abc import Sequence
from typing import TypeVar

import click
import msgspec

from svcrt.codec import codec
from svcrt.errors import InvalidValue, StartError

StructT = TypeVar("StructT", bound=msgspec.Struct)


def parse(struct: type[StructT], target: str, pairs: Sequence[str], text: str | None) -> StructT:
    """Return the arguments.

    Args:
        struct: what to make.
        target: the method or event, for messages.
        pairs: each `name=value`; a name that comes several times makes a list.
        text: a JSON object instead.

    Raises:
        StartError: not `name=value`, or one that the contract refuses; tells of every fault with its path.
    """
    if text is not None and pairs:
        raise click.UsageError("give the arguments either as name=value or with --json")
    try:
        if text is not None:
            return codec(struct).decode_strict(text.encode())
        return codec(struct).convert(_collected(pairs), strict=True, text=True)
    except InvalidValue as invalid:
        faults = "\n".join(f"  {fault}" for fault in invalid.faults)
        raise StartError(f"`{target}` does not take these arguments:\n{faults}") from invalid


def _collected(pairs: Sequence[str]) -> dict[str, str | list[str]]:
    collected: dict[str, str | list[str]] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise StartError(f"`{pair}` is no argument; write name=value")
        before = collected.get(name)
        if before is None:
            collected[name] = value
        else:
            collected[name] = [*before, value] if isinstance(before, list) else [before, value]
    return collected
