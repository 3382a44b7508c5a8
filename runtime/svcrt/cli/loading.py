"""From `module:Class` to service classes and middleware, every mistake told in one sentence with its place."""

import difflib
import importlib
import logging
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from svcrt.cli.plain import one_line
from svcrt.container import check_service
from svcrt.contract import Service
from svcrt.errors import StartError
from svcrt.middleware import Middleware

log = logging.getLogger("svcrt.run")


def add_to_path(folder: Path) -> None:
    """Let modules in `folder` be imported, before installed ones of the same name."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def load_services(names: Sequence[str]) -> list[type[Any]]:
    """Import and check what is to run.

    Args:
        names: each `module:Class`.

    Returns:
        The classes, in order.

    Raises:
        StartError: a name cannot be imported, is no service, lacks a method, or serves what another one serves.
    """
    classes: dict[str, type[Any]] = {}
    by_contract: dict[str, str] = {}
    for name in names:
        classes[name] = _checked(name)
        contract: Service = classes[name].contract
        other = by_contract.setdefault(contract.name, name)
        if other != name:
            raise StartError(f"`{other}` and `{name}` both serve `{contract.name}`; run one of them")
    return list(classes.values())


def load_middleware(names: Sequence[str]) -> list[Middleware]:
    """Import the application's middleware, each `module:name`. Raises StartError as `load_services`."""
    layers: list[Middleware] = []
    for name in names:
        layer = _found(name, f"cannot use the middleware `{name}`", kind="callable", is_wanted=callable)
        if not callable(layer):
            wanted = "it takes `(context, proceed)` and returns what `proceed()` returns"
            raise StartError(f"cannot use the middleware `{name}`: it is no callable; {wanted}")
        layers.append(layer)
    return layers


def import_module(module: str, blame: str) -> ModuleType:
    """Import `module`; raises StartError whose sentence begins with `blame` and ends with file and line."""
    importlib.invalidate_caches()
    try:
        return importlib.import_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if isinstance(error, ModuleNotFoundError) and error.name and f"{module}.".startswith(f"{error.name}."):
            raise StartError(
                f"{blame}: there is no module `{error.name}` in {Path.cwd()} or among what is installed"
            ) from error
        if isinstance(error, ModuleNotFoundError) and (error.name or "").startswith(f"{module}."):
            raise StartError(
                f"{blame}: the module `{module}` hides the package `{error.name}`, which it imports; call the module "
                f"otherwise, such as `{module}_service`"
            ) from error
        log.debug("importing %s failed", module, exc_info=True)
        raise StartError(
            f"{blame}: importing `{module}` failed at {_place(error)}: {_said(error)} "
            "(--log-level debug shows the traceback)"
        ) from error


def _checked(name: str) -> type[Any]:
    found = _found(name, f"cannot run `{name}`", kind="class", is_wanted=_is_service)
    try:
        check_service(found)
    except StartError as error:
        raise StartError(f"cannot run `{name}`: {error}") from error
    cls: type[Any] = found
    return cls


def _found(name: str, blame: str, *, kind: str, is_wanted: Callable[[object], bool]) -> Any:
    """Import what `module:name` names; if it is not there, suggest one of its kind in the module."""
    module_name, _, attribute = name.partition(":")
    module = import_module(module_name, blame)
    try:
        found = getattr(module, attribute, None)
    except Exception as error:  # of the module's own `__getattr__`
        raise StartError(f"{blame}: `{module_name}` fails at {_place(error)}: {_said(error)}") from error
    if found is None:
        near = difflib.get_close_matches(attribute, [key for key, value in vars(module).items() if is_wanted(value)], 1)
        hint = f"; did you mean `{near[0]}`?" if near else ""
        raise StartError(f"{blame}: `{module_name}` has no {kind} `{attribute}`{hint}")
    return found


def _is_service(value: object) -> bool:
    return isinstance(value, type) and isinstance(getattr(value, "contract", None), Service)


def _place(error: BaseException) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_relative(error.filename)}:{error.lineno}"
    # The first frame is ours.
    trace = traceback.extract_tb(error.__traceback__)[1:]
    frames = [frame for frame in trace if not frame.filename.startswith("<frozen")]
    # The application's own line says more than one deep inside a library that it called.
    own = [frame for frame in frames if not _relative(frame.filename).startswith(("/", ".."))]
    frame = (own or frames)[-1]
    return f"{_relative(frame.filename)}:{frame.lineno}"


def _relative(filename: str) -> str:
    relative = os.path.relpath(filename)
    return filename if relative.startswith("..") or "site-packages" in relative else relative


def _said(error: BaseException) -> str:
    try:
        text = error.msg if isinstance(error, SyntaxError) else str(error)
    except Exception as unsaid:
        text = f"its `__str__` raises {type(unsaid).__name__}"
    return one_line(f"{type(error).__name__}: {' '.join(text.split())}" if text else type(error).__name__)
