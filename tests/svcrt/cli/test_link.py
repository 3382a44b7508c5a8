"""The link of a run: which it takes, and that it keeps its password to itself."""

import json
import urllib.request
from pathlib import Path

import pytest

from cli_process import SECONDS, Running, run_command
from cli_project import write_project
from cli_waiting import children, serving
from svcrt.embedded import EmbeddedBroker


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path)


@pytest.mark.parametrize("link", ["fast", "stock"])
def test_workers_take_the_link_that_is_set(project: Path, link: str) -> None:
    service = project / "greeter.py"
    text = service.read_text().replace('return f"Hello, {name}!"', 'return str("svcrt.amqp.stock" in sys.modules)')
    service.write_text(f"import sys\n{text}", encoding="utf-8")
    (project / "svcgen.toml").write_text(f'link = "{link}"\n', encoding="utf-8")
    # The file is overridden by the environment, where that says something.
    with Running(project, "greeter:Greeter", "--http", "127.0.0.1:0", variables={"SVCGEN_LINK": ""}) as run:
        address = serving(run).wait_for(r"(?m)^http +(\S+)$").group(1)
        with urllib.request.urlopen(f"{address}/hello/John", timeout=SECONDS) as answer:
            assert json.loads(answer.read()) == str(link == "stock")
        assert run.stop() == 0


def test_no_password_is_said_at_debug(project: Path) -> None:
    secret = "tell-nobody"
    with EmbeddedBroker(password=secret) as broker:
        variables = {"SVCGEN_BROKER": broker.url}
        with Running(project, "greeter:Greeter", "--no-http", "--log-level", "debug", variables=variables) as run:
            run.wait_for(r"Greeter is running")
            for pid in (run.pid, *children(run.pid)):
                assert secret.encode() not in Path("/proc", str(pid), "cmdline").read_bytes()
            run.stop()
            assert "amqp://guest:***@" in run.said
            assert secret not in run.said
        wrong = broker.url.replace(secret, "tell-no-one")
    assert "tell-no-one" not in what_a_call_says(project, wrong)


def what_a_call_says(project: Path, url: str) -> str:
    ended = run_command(project, "call", "Greeter.whoami", "text=", SVCGEN_BROKER=url)
    assert ended.returncode == 1
    return ended.stdout + ended.stderr
