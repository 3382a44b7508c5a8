"""Writes a folder with a contract, its implementation, a client, a test and settings, ready to run."""

import re
from pathlib import Path

from svcgen.naming import camel_case, python_package

_SCAFFOLD = Path(__file__).with_name("scaffold")
_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_SUFFIX = ".txt"
"""Scaffold files carry it so that no tool takes them for code of svcgen itself."""


class NewProjectError(Exception):
    """The folder cannot be made. The message is one sentence for a person."""


def new_project(name: str, parent: Path) -> Path:
    """Write the project `name` into a new folder of that name under `parent` and return the folder.

    Raises:
        NewProjectError: the name cannot be a Python package, the folder holds something, or cannot be written.
    """
    _check_name(name)
    folder = parent / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise NewProjectError(f"the folder {folder} is not empty: choose another name, or empty it")
        for path, text in project_files(name).items():
            (folder / path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise NewProjectError(f"cannot write {error.filename or folder}: {error.strerror or error}") from error
    return folder


def project_files(name: str) -> dict[str, str]:
    """Return the files of a new project: text by name."""
    files = {}
    for source in sorted(_SCAFFOLD.iterdir()):
        path = source.name.removesuffix(_SUFFIX).replace("greeter", name)
        text = source.read_text(encoding="utf-8").replace("greeter", name).replace("Greeter", camel_case(name))
        files[".gitignore" if path == "gitignore" else path] = text
    return files


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        suggestion = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
        hint = f", such as `{suggestion}`" if _NAME.fullmatch(suggestion) else ""
        raise NewProjectError(f"`{name}` cannot name a package: use lower-case letters, figures and single `_`{hint}")
    if python_package(name) != name or name == "client":
        raise NewProjectError(f"`{name}` is taken by Python or by a file of the project: choose another name")
