"""`run --reload` in a project that changes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli_process import SECONDS, Running, environment, run_command
from cli_project import write_project
from cli_waiting import children, page, serving, wait_for, whoami

ARGUMENTS = ("--reload", "--http", "127.0.0.1:0")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = write_project(tmp_path)
    (folder / "svcgen.toml").write_text('services = "greeter:Greeter"\n', encoding="utf-8")
    return folder


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def hello(project: Path) -> str:
    return run_command(project, "call", "Greeter.hello", "name=John").stdout


def test_a_change_takes_effect_while_broker_and_port_live_on(project: Path) -> None:
    with Running(project, *ARGUMENTS) as run:
        serving(run)
        run.wait_for("watching")
        broker = (project / ".svcgen" / "broker.json").read_text()
        assert hello(project) == '"Hello, John!"\n'
        # As long as before, and in the same second: bytecode would be taken for fresh.
        replace(project / "greeter.py", "Hello", "Howdy")
        run.wait_for(r"greeter\.py changed: restarting")
        serving(run, 2)
        wait_for(lambda: hello(project) == '"Howdy, John!"\n')
        wait_for(lambda: len(children(run.pid)) == 1)
        assert (project / ".svcgen" / "broker.json").read_text() == broker
        assert run.stop() == 0


def test_a_syntax_error_is_shown_and_the_next_change_tries_again(project: Path) -> None:
    replace(project / "greeter.py", "class Greeter", "klass Greeter")
    with Running(project, *ARGUMENTS, "--admin", "127.0.0.1:0") as run:
        run.wait_for(r"Error: cannot run `greeter:Greeter`: .*greeter\.py:\d+: SyntaxError")
        run.wait_for("waiting for a change")
        run.wait_for("watching")
        replace(project / "greeter.py", "klass Greeter", "class Greeter")
        serving(run)
        assert page(run, "/live") == (200, {"live": True})
        assert run.stop() == 0


def test_settings_are_read_again(project: Path) -> None:
    with Running(project, *ARGUMENTS) as run:
        serving(run)
        run.wait_for("watching")
        (project / "other.py").write_text("from greeter import Greeter as Other\n", encoding="utf-8")
        serving(run, 2)
        (project / "svcgen.toml").write_text('services = "other:Other"\nworkers = 3\n', encoding="utf-8")
        run.wait_for("the new `workers` takes effect with the next run")
        serving(run, 3)
        (project / "svcgen.toml").write_text("servces = 1\n", encoding="utf-8")
        run.wait_for(r"svcgen\.toml: unknown key `servces`; .*the former settings still hold")
        serving(run, 4)
        assert run.stop() == 0


def test_a_changed_contract_is_told_of_and_what_is_foreign_does_not_count(project: Path) -> None:
    with Running(project, *ARGUMENTS) as run:
        serving(run)
        run.wait_for("watching")
        worker = whoami(project)
        for foreign in ("notes.txt", ".hidden.py", "node_modules/x.py", "__pycache__/x.py"):
            (project / foreign).parent.mkdir(exist_ok=True)
            (project / foreign).write_text("changed")
        (project / "greeter.idl").write_text("package acme.greeter.v1\n", encoding="utf-8")
        run.wait_for(r"greeter\.idl has changed; `svcgen compile` makes the new contract take effect")
        assert whoami(project) == worker
        assert "restarting" not in run.said
        assert run.stop() == 0


def test_without_watchfiles_one_sentence_says_how_to_get_it(project: Path) -> None:
    blocked = project / "blocked"
    blocked.mkdir()
    (blocked / "sitecustomize.py").write_text("import sys\nsys.modules['watchfiles'] = None\n", encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", "svcrt", "run", "--reload", "--no-http"],
        cwd=project,
        env=environment(PYTHONPATH=os.fspath(blocked)),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr == "Error: --reload needs watchfiles; install it with `pip install 'svcgen[reload]'`\n"
