"""A worker process whose application wants to leave: one sentence, no restart."""

from pathlib import Path

import pytest

from cli_process import run_command
from cli_project import write_project


@pytest.mark.parametrize(("step", "told"), [("setup", "be set up"), ("start", "start")])
def test_a_provider_that_exits_is_one_sentence(tmp_path: Path, step: str, told: str) -> None:
    (write_project(tmp_path) / "leaving.py").write_text(
        "import greeter\nfrom svcrt import DependencyProvider\n\n"
        "class Leaving(DependencyProvider):\n"
        f"    def {step}(self):\n        raise SystemExit(7)\n"
        "    def get_dependency(self, context):\n        return None\n\n"
        "class Greeter(greeter.Greeter):\n    leaving = Leaving()\n",
        encoding="utf-8",
    )
    ended = run_command(tmp_path, "run", "leaving:Greeter", "--no-http")
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert f"Error: `leaving: Leaving` of acme.greeter.v1.Greeter cannot {told}: SystemExit: 7" in ended.stderr
