"""Writes a folder with a contract, its implementation, a client, a test and settings, ready to run or to deploy."""

import re
from importlib.metadata import version
from pathlib import Path

from svcgen.naming import camel_case, python_package

_SCAFFOLD = Path(__file__).with_name("scaffold")
_DEPLOYMENT = Path(__file__).with_name("scaffold_deploy")
_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_SUFFIX = ".txt"
"""Scaffold files carry it so that no tool takes them for code of svcgen itself."""
_HIDDEN = ("gitignore", "dockerignore")
_README = "README.md"
_SETTINGS = "svcgen.toml"


class NewProjectError(Exception):
    """The files cannot be made. The message is one sentence for a person."""


def new_project(name: str, parent: Path, *, deploy: bool = False) -> Path:
    """Write the project `name` into a new folder of that name under `parent` and return the folder.

    Args:
        name: what the package is called.
        parent: where the folder is made.
        deploy: with what builds a container image and runs it on Kubernetes.

    Raises:
        NewProjectError: the name cannot be a Python package, the folder holds something, or cannot be written.
    """
    _check_name(name)
    folder = parent / name
    files = project_files(name)
    if deploy:
        added = deployment_files(name)
        files |= added | {_README: files[_README] + added[_README]}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise NewProjectError(f"the folder {folder} is not empty: choose another name, or empty it")
        _write(files, folder)
    except OSError as error:
        raise NewProjectError(f"cannot write {error.filename or folder}: {error.strerror or error}") from error
    return folder


def add_deployment(folder: Path) -> list[str]:
    """Write what deploys the project in `folder`, called as the folder is, and return the names of the files.

    Raises:
        NewProjectError: there is no project, one of the files exists already, or cannot be written.
    """
    if not (folder / _SETTINGS).is_file():
        raise NewProjectError(f"there is no {_SETTINGS} here that says what to run: write one, or name a new project")
    name = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-")
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,40}", name):
        raise NewProjectError(f"`{folder.resolve().name}` cannot name an image: rename the folder")
    files = {path: text for path, text in deployment_files(name).items() if path != _README}
    existing = [path for path in files if (folder / path).exists()]
    if existing:
        raise NewProjectError(f"{existing[0]} exists already: remove it to have it written anew")
    try:
        _write(files, folder)
    except OSError as error:
        raise NewProjectError(f"cannot write {error.filename or folder}: {error.strerror or error}") from error
    return sorted(files)


def project_files(name: str) -> dict[str, str]:
    """Return the files of a new project: text by name."""
    return _filled(_SCAFFOLD, name, camel_case(name))


def deployment_files(name: str) -> dict[str, str]:
    """Return what deploys the project `name`: text by name. That of the README belongs at its end."""
    # Images and what Kubernetes knows are called by host names, which have no `_`.
    return _filled(_DEPLOYMENT, name.replace("_", "-"), camel_case(name))


def _filled(scaffold: Path, name: str, title: str) -> dict[str, str]:
    files = {}
    for source in sorted(path for path in scaffold.rglob("*") if path.is_file()):
        path = source.relative_to(scaffold).as_posix().removesuffix(_SUFFIX).replace("greeter", name)
        text = source.read_text(encoding="utf-8").replace("greeter", name).replace("Greeter", title)
        files["." + path if path in _HIDDEN else path] = text.replace("@VERSION@", version("svcgen"))
    return files


def _write(files: dict[str, str], folder: Path) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        suggestion = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
        hint = f", such as `{suggestion}`" if _NAME.fullmatch(suggestion) else ""
        raise NewProjectError(f"`{name}` cannot name a package: use lower-case letters, figures and single `_`{hint}")
    if python_package(name) != name or name == "client":
        raise NewProjectError(f"`{name}` is taken by Python or by a file of the project: choose another name")
