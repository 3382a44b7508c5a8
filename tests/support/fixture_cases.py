"""Fixtures of diagnostics: pairs of `case.idl`, or a folder `case`, and `case.expected`, the report that a user sees.

A folder is given to the command as a whole, unless it has a `main.idl`: then only this file, with the folder `include`
inside of it for `--include`. Write all expectations anew, and read what changed, with
`python tests/support/fixture_cases.py tests/svcidl/fixtures`.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from svcidl import report
from svcidl.pipeline import Checked

Check = Callable[..., Checked]


def case_names(folder: Path) -> list[str]:
    """Return the names of all cases of a folder: those of its `.expected` files and of its inputs."""
    return sorted({path.stem for path in folder.iterdir() if path.suffix in (".idl", ".expected")})


def lay_out(fixtures: Path, name: str, folder: Path) -> None:
    """Copy one case and the files that cases share into `folder`: neighbours are looked at for hints."""
    for source in (fixtures / "shared", fixtures / name, fixtures / f"{name}.idl"):
        if source.is_dir():
            shutil.copytree(source, folder / source.name)
        elif source.exists():
            shutil.copy(source, folder)


def check_case(check: Check, name: str) -> Checked:
    """Check one case, which lies in the current folder."""
    if not os.path.isdir(name):
        return check([f"{name}.idl"])
    main = os.path.join(name, "main.idl")
    include = [folder for folder in (os.path.join(name, "include"),) if os.path.isdir(folder)]
    return check([main], include=include) if os.path.exists(main) else check([name])


def report_of(checked: Checked) -> str:
    """Return the text of an `.expected` file."""
    text = report.full(checked.diagnostics, checked.sources)
    return f"{text}\n" if text else ""


def _write(fixtures: Path) -> None:
    from svcgen.pipeline import check_files

    for name in case_names(fixtures):
        with tempfile.TemporaryDirectory() as folder:
            lay_out(fixtures, name, Path(folder))
            os.chdir(folder)
            text = report_of(check_case(check_files, name))
        (fixtures / f"{name}.expected").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _write(Path(sys.argv[1]).resolve())
