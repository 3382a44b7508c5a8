"""What a contract can be turned into beside Python: documents for other tools, each from the model alone.

A target is a function `generate(model) -> files`: text by posix path relative to the output folder, deterministic.
Other distributions add targets through the entry-point group `svcgen.targets`.
"""

import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from svcgen.marks import MARK

if TYPE_CHECKING:
    from svcidl.model import Model

Generate: TypeAlias = "Callable[[Model], Mapping[str, str]]"

GROUP = "svcgen.targets"
"""Entry-point group of targets that other distributions add."""

PYTHON = "python"
BUILT_IN: dict[str, str] = {
    "openapi": "svcgen.targets.openapi:generate",
    "asyncapi": "svcgen.targets.asyncapi:generate",
    "jsonschema": "svcgen.targets.jsonschema:generate",
}


class TargetError(Exception):
    """A target cannot be had, or has failed. The message is one sentence for a person."""


def find_target(name: str) -> Generate:
    """Return the target called `name`, which is not `python`. Only a name that is not ours costs a look at plug-ins.

    Raises:
        TargetError: there is none, or it cannot be imported.
    """
    place = BUILT_IN.get(name)
    if place is not None:
        module, _, attribute = place.partition(":")
        found: Generate = getattr(importlib.import_module(module), attribute)
        return found
    from importlib.metadata import entry_points

    for plugin in entry_points(group=GROUP, name=name):
        try:
            return _guarded(name, plugin.load())
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            raise TargetError(f"the target `{name}` ({plugin.value}) cannot be loaded: {what}") from error
    others = sorted(each.name for each in entry_points(group=GROUP))
    known = ", ".join([PYTHON, *BUILT_IN, *others])
    raise TargetError(f"there is no target `{name}`; there are {known}")


def _guarded(name: str, generate: Generate) -> Generate:
    """Return a target of others whose mistakes are told as such."""

    def checked(model: "Model") -> Mapping[str, str]:
        try:
            files = dict(generate(model))
        except Exception as error:
            raise TargetError(f"the target `{name}` has failed: {type(error).__name__}: {error}") from error
        if not all(isinstance(each, str) for item in files.items() for each in item):
            raise TargetError(f"the target `{name}` has failed: it must return text by path, both `str`")
        for path, text in files.items():
            if path.startswith("/") or ".." in path.split("/"):
                raise TargetError(f"the target `{name}` has failed: `{path}` leaves the output folder")
            if MARK not in text[:400]:
                raise TargetError(f"the target `{name}` has failed: `{path}` does not begin with `{MARK}`")
        return files

    return checked
