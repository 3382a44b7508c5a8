"""SQLAlchemy is for those who ask for it."""

import subprocess
import sys
from pathlib import Path

import pytest

from cli_process import run_command


def test_the_runtime_loads_it_only_for_sessions() -> None:
    script = "import sys, svcrt.runner, svcrt.generated; from svcrt import Managed; print('sqlalchemy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("import_line", ["from svcrt import Session", "import svcrt; svcrt.Session"])
def test_without_it_a_service_that_needs_it_says_what_to_install(tmp_path: Path, import_line: str) -> None:
    (tmp_path / "sqlalchemy.py").write_text("raise ModuleNotFoundError('not there', name='sqlalchemy')\n")
    (tmp_path / "shelf.py").write_text(f"{import_line}\n")
    ended = run_command(tmp_path, "run", "shelf:Shelf")
    assert ended.returncode == 1
    (said,) = [line for line in ended.stderr.splitlines() if line.startswith("Error")]
    assert "shelf.py:1: ImportError: svcrt.Session needs SQLAlchemy: pip install 'svcgen[sqlalchemy]'" in said
    assert "Traceback" not in ended.stderr
