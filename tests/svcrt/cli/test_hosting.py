"""What a worker process makes of its settings and of an application that wants to leave."""

from pathlib import Path

import pytest

from cli_process import Running, run_command
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


def test_middleware_of_the_settings_stands_around_every_request(tmp_path: Path) -> None:
    (write_project(tmp_path) / "layers.py").write_text(
        "def loud(context, proceed):\n    return proceed().upper()\n\n"
        "def twice(context, proceed):\n    return f'{proceed()} {proceed()}'\n",
        encoding="utf-8",
    )
    (tmp_path / "svcgen.toml").write_text(
        'services = "greeter:Greeter"\nmiddleware = ["layers:twice", "layers:loud"]\nwait_for_service = true\n',
        encoding="utf-8",
    )
    with Running(tmp_path, "--no-http") as run:
        run.wait_for("is running")
        said = run_command(tmp_path, "call", "Greeter.hello", "name=Ada")
    assert said.stdout == '"HELLO, ADA! HELLO, ADA!"\n'
