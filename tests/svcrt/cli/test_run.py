"""`run` as a process: it starts, serves, stops and fails as told."""

import json
import os
import signal
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli_process import SECONDS, Running, run_command
from cli_project import write_project
from cli_waiting import is_running, serving, wait_for, whoami
from svcrt.embedded import EmbeddedBroker

NO_HTTP = "--no-http"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path)


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker() as running:
        yield running


def refused(folder: Path, *arguments: str, **variables: str) -> str:
    """The one sentence of a run that cannot start."""
    ended = run_command(folder, "run", *arguments, **variables)
    assert ended.returncode == 1, ended.stderr
    assert ended.stdout == ""
    assert ended.stderr.startswith("Error: ")
    assert ended.stderr.count("\n") == 1
    return ended.stderr.removeprefix("Error: ").rstrip()


# --- starting and stopping ---------------------------------------------------------------------------------------


def test_it_says_what_listens_where_serves_and_stops_in_good_order(project: Path) -> None:
    with Running(project, "greeter:Greeter", "--http", "127.0.0.1:0") as run:
        run.wait_for(r"(?m)^service  acme\.greeter\.v1\.Greeter \(greeter:Greeter\)$")
        run.wait_for(r"(?m)^broker   amqp://svcgen:\*\*\*@127\.0\.0\.1:\d+/ \(embedded, in memory\)$")
        run.wait_for(r"(?m)^http     http://127\.0\.0\.1:\d+$")
        serving(run)
        assert whoami(project) != run.pid
        assert run.stop() == 0
        assert "Traceback" not in run.said
    assert not (project / ".svcgen" / "broker.json").exists()


def test_services_come_from_the_configuration_file(project: Path) -> None:
    (project / "svcgen.toml").write_text('services = "greeter:Greeter"\nhttp = false\n', encoding="utf-8")
    with Running(project) as run:
        serving(run)
        assert "http " not in run.said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_service_stops_on_each_signal_without_waiting_for_drain(project: Path, number: signal.Signals) -> None:
    with Running(project, "greeter:Greeter", NO_HTTP, "--drain", "600") as run:
        serving(run)
        run.signal(number)
        assert run.wait() == 0


def test_running_work_ends_first(project: Path) -> None:
    with Running(project, "greeter:Greeter", NO_HTTP) as run:
        serving(run)
        with Running.call(project, "Greeter.slow", "marker=began", "until=go") as call:
            wait_for((project / "began").exists)
            run.signal(signal.SIGTERM)
            run.wait_for("SIGTERM: stopping")
            (project / "go").touch()
            assert call.wait() == 0
        assert run.wait() == 0


def test_a_second_signal_cuts_running_work(project: Path) -> None:
    with Running(project, "greeter:Greeter", NO_HTTP, "--drain", "600") as run:
        serving(run)
        with Running.call(project, "Greeter.slow", "marker=began", "until=go") as call:
            wait_for((project / "began").exists)
            run.signal(signal.SIGTERM)
            run.wait_for("SIGTERM: stopping")
            run.signal(signal.SIGTERM)
            assert run.wait() == 1
            assert "SIGTERM again: stopping now" in run.said
            assert call.wait() == 1


def test_a_signal_to_the_whole_process_group_is_one_signal(project: Path) -> None:
    with Running(project, "greeter:Greeter", NO_HTTP, own_group=True) as run:
        serving(run)
        with Running.call(project, "Greeter.slow", "marker=began", "until=go") as call:
            wait_for((project / "began").exists)
            os.killpg(run.pid, signal.SIGTERM)
            run.wait_for("SIGTERM: stopping")
            (project / "go").touch()
            assert call.wait() == 0
        assert run.wait() == 0


def test_a_closed_terminal_ends_the_run_in_good_order(project: Path) -> None:
    ours, its = os.openpty()
    try:
        with Running(project, "greeter:Greeter", NO_HTTP, terminal=os.ttyname(its)) as run:
            serving(run)
            os.close(ours)
            run.wait_for("SIGHUP: stopping")
            assert run.wait() == 0
    finally:
        os.close(its)


def test_a_terminal_that_closes_does_not_concern_what_nohup_started(project: Path) -> None:
    nohup = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)"
    with Running(project, "greeter:Greeter", NO_HTTP, before=nohup) as run:
        serving(run)
        run.signal(signal.SIGHUP)
        assert run.stop() == 0
        assert "SIGHUP" not in run.said


def test_workers_and_broker_end_with_a_killed_supervisor(project: Path) -> None:
    with Running(project, "greeter:Greeter", NO_HTTP) as run:
        serving(run)
        worker = whoami(project)
        broker = json.loads((project / ".svcgen" / "broker.json").read_text())["pid"]
        run.signal(signal.SIGKILL)
        assert run.wait() == -signal.SIGKILL
        wait_for(lambda: not is_running(worker) and not is_running(broker))


def test_a_broker_that_dies_ends_the_run_with_a_sentence(project: Path) -> None:
    with Running(project, "greeter:Greeter", NO_HTTP) as run:
        serving(run)
        os.kill(json.loads((project / ".svcgen" / "broker.json").read_text())["pid"], signal.SIGKILL)
        assert run.wait() == 1
        assert "the embedded broker was killed by SIGKILL; the run ends" in run.said


def test_logs_in_json(project: Path) -> None:
    with Running(project, "greeter:Greeter", "--http", "127.0.0.1:0", "--log-format", "json") as run:
        run.wait_for(r"Greeter is running")
        assert run.stop() == 0
        messages = [json.loads(line)["message"] for line in run.said.splitlines()]
    assert "service acme.greeter.v1.Greeter (greeter:Greeter)" in messages


def test_a_worker_with_http_and_a_timer_loads_nothing_of_the_compiler(project: Path) -> None:
    contract = project / "acme" / "greeter" / "v1" / "contract.py"
    text = (
        contract.read_text()
        .replace("import (\n", "import (Timer,\n")
        .replace("    publishes=", '    timers=(Timer(name="tick", stub="tick", every=0.05),),\n    publishes=')
    )
    contract.write_text(text, encoding="utf-8")
    service = project / "greeter.py"
    text = service.read_text().replace(
        'return f"Hello, {name}!"', 'return ",".join(sorted({each.partition(".")[0] for each in sys.modules}))'
    )
    tick = '\n    def tick(self):\n        Path("ticked").touch()\n'
    service.write_text(f"import sys\n{text}{tick}", encoding="utf-8")
    with Running(project, "greeter:Greeter", "--http", "127.0.0.1:0") as run:
        address = serving(run).wait_for(r"(?m)^http +(\S+)$").group(1)
        wait_for((project / "ticked").exists)
        with urllib.request.urlopen(f"{address}/hello/John", timeout=SECONDS) as answer:
            loaded = set(json.loads(answer.read()).split(","))
        assert run.stop() == 0
    assert {"svcrt", "eventlet", "amqp", "werkzeug"} <= loaded
    assert not loaded & {"svcgen", "svcidl", "lark", "jinja2", "pamqp", "watchfiles"}


def test_the_supervisor_loads_no_eventlet_and_no_broker_library(project: Path) -> None:
    tell = "import atexit, sys; atexit.register(lambda: print('loaded:', *sys.modules, file=sys.stderr))"
    with Running(project, "greeter:Greeter", "--http", "127.0.0.1:0", "--admin", "127.0.0.1:0", before=tell) as run:
        serving(run)
        assert run.stop() == 0
        loaded = {each.partition(".")[0] for each in run.wait_for("loaded: (.*)").group(1).split()}
    assert {"svcrt", "click", "http"} <= loaded
    assert not loaded & {"eventlet", "msgspec", "amqp", "werkzeug", "asyncio", "lark", "jinja2", "svcgen", "svcidl"}


# --- the broker --------------------------------------------------------------------------------------------------


def test_the_file_of_the_embedded_broker_is_private(project: Path) -> None:
    with Running(project, "greeter:Greeter", NO_HTTP) as run:
        serving(run)
        folder = project / ".svcgen"
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / "broker.json").stat().st_mode & 0o777 == 0o600
        assert (folder / ".gitignore").read_text() == "*\n"
        password = json.loads((folder / "broker.json").read_text())["url"].split(":")[2].split("@")[0]
        assert len(password) >= 24
        assert password not in run.said
        for pid in os.listdir("/proc"):
            try:
                assert password.encode() not in Path("/proc", pid, "cmdline").read_bytes()
            except (FileNotFoundError, NotADirectoryError, ProcessLookupError):
                continue


def test_a_second_run_shares_the_load(project: Path) -> None:
    with Running(project, "greeter:Greeter", NO_HTTP) as first, Running(project, "greeter:Greeter", NO_HTTP) as second:
        serving(first)
        serving(second)
        shared = [run for run in (first, second) if "(embedded, of another run in this folder)" in run.said]
        assert len(shared) == 1
        seen: set[int] = set()

        def both() -> bool:
            seen.add(whoami(project))
            return len(seen) == 2

        wait_for(both)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_another_run_takes_the_broker_over_on_the_same_port(project: Path, number: signal.Signals) -> None:
    with Running(project, "greeter:Greeter", NO_HTTP) as first:
        serving(first)
        url = json.loads((project / ".svcgen" / "broker.json").read_text())["url"]
        with Running(project, "greeter:Greeter", NO_HTTP) as second:
            serving(second)
            first.signal(number)
            first.wait()
            second.wait_for("this one has it now")
            assert json.loads((project / ".svcgen" / "broker.json").read_text())["url"] == url
            second.wait_for(r"(?s)this one has it now.*consumer: connected")
            wait_for(lambda: run_command(project, "call", "Greeter.hello", "name=John").stdout == '"Hello, John!"\n')
            assert second.stop() == 0


def test_the_file_of_a_crashed_run_is_no_hindrance(project: Path) -> None:
    folder = project / ".svcgen"
    folder.mkdir()
    # The process id of this machine's first program that is not a broker: gone, as far as can be.
    (folder / "broker.json").write_text('{"url": "amqp://svcgen:old@127.0.0.1:1/", "pid": 999999999}')
    answer = run_command(project, "call", "Greeter.hello", "name=John")
    assert answer.returncode == 1
    assert answer.stderr.startswith("Error: no broker here; start `svcgen run` in this folder")
    with Running(project, "greeter:Greeter", NO_HTTP) as run:
        serving(run)
        whoami(project)


def test_a_broker_of_ones_own(project: Path, broker: EmbeddedBroker) -> None:
    with Running(project, "greeter:Greeter", NO_HTTP, "--broker", broker.url) as run:
        run.wait_for(rf"(?m)^broker   amqp://guest:\*\*\*@127\.0\.0\.1:{broker.port}/$")
        serving(run)
        answer = run_command(project, "call", "Greeter.hello", "name=John", SVCGEN_BROKER=broker.url)
        assert answer.stdout == '"Hello, John!"\n'
        assert run.stop() == 0
    assert not (project / ".svcgen").exists()


def test_a_broker_that_is_down_is_told_once_and_waited_for(project: Path) -> None:
    broker = EmbeddedBroker()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        broker.port = taken.getsockname()[1]
    with Running(project, "greeter:Greeter", NO_HTTP, "--broker", broker.url) as run:
        run.wait_for("the services start without it and go on trying")
        with broker:
            run.wait_for("consumer: connected")
            assert run_command(project, "call", "--broker", broker.url, "Greeter.whoami", "text=").returncode == 0
            assert run.stop() == 0
        assert run.said.count("go on trying") == 1


def test_a_stop_before_the_broker_is_there(project: Path) -> None:
    with Running(project, "greeter:Greeter", NO_HTTP, "--broker", "amqp://127.0.0.1:1/") as run:
        run.wait_for("(?m)^broker ")
        assert run.stop() == 0


# --- what is refused ---------------------------------------------------------------------------------------------


def test_a_wrong_password(project: Path, broker: EmbeddedBroker) -> None:
    ended = run_command(
        project, "run", "greeter:Greeter", NO_HTTP, "--broker", broker.url.replace(":guest@", ":wrong@")
    )
    assert ended.returncode == 1
    # The worker says it, the supervisor's banner may come before or after.
    [said] = [line for line in ended.stderr.splitlines() if line.startswith("Error: ")]
    assert "refuses" in said
    assert "wrong@" not in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_chosen_port_that_is_taken(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert refused(project, "greeter:Greeter", "--http", address) == (
            f"HTTP cannot listen on {address}: the port is in use; stop what uses it, or choose another with --http"
        )


def test_the_default_port_gives_way(project: Path) -> None:
    # Whoever has port 8000, it is taken now.
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 8000))
            taken.listen()
        except OSError:
            pass
        with Running(project, "greeter:Greeter") as run:
            port = run.wait_for(r"(?m)^http     http://127\.0\.0\.1:(\d+) \(port 8000 is in use\)$").group(1)
            assert 8000 < int(port) < 8100


def test_nothing_to_run(project: Path) -> None:
    assert refused(project).startswith("nothing to run; name a service, as in `svcgen run greeter:Greeter`")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("greeter", "MODULE:CLASS must be `module:Class`, as in `greeter:Greeter`, not `greeter`"),
        ("greter:Greeter", "cannot run `greter:Greeter`: there is no module `greter` in "),
        ("greeter:Greter", "cannot run `greeter:Greter`: `greeter` has no class `Greter`; did you mean `Greeter`?"),
        ("half:Half", "cannot run `half:Half`: `Half` does not define "),
        (
            "broken:Service",
            "cannot run `broken:Service`: importing `broken` failed at broken.py:2: ZeroDivisionError: ",
        ),
    ],
)
def test_names_that_cannot_run(project: Path, name: str, sentence: str) -> None:
    (project / "half.py").write_text(
        "from acme.greeter.v1.service import GreeterBase\n\nclass Half(GreeterBase): ...\n", encoding="utf-8"
    )
    (project / "broken.py").write_text("def f():\n    1 / 0\n\nf()\n", encoding="utf-8")
    assert refused(project, name, NO_HTTP).startswith(sentence)


def test_the_traceback_of_a_broken_module_at_debug(project: Path) -> None:
    (project / "broken.py").write_text("1 / 0\n", encoding="utf-8")
    ended = run_command(project, "run", "broken:Service", NO_HTTP, "--log-level", "debug")
    assert ended.returncode == 1
    assert "Traceback" in ended.stderr
    assert ended.stderr.splitlines()[-1].startswith("Error: cannot run `broken:Service`")


def test_settings_that_are_wrong(project: Path) -> None:
    assert refused(project, "greeter:Greeter", "--drain", "soon") == (
        "--drain must be a number of seconds from 0, not `soon`"
    )
    (project / "svcgen.toml").write_text("brokr = ''\n", encoding="utf-8")
    assert refused(project).endswith("svcgen.toml: unknown key `brokr`; did you mean `broker`?")


def test_contradicting_flags(project: Path) -> None:
    ended = run_command(project, "run", "greeter:Greeter", NO_HTTP, "--http", "8000")
    assert ended.returncode == 2
    assert "--http and --no-http contradict each other" in ended.stderr


def test_show_config_runs_nothing_and_masks_secrets(project: Path) -> None:
    (project / "svcgen.toml").write_text("drain = 5\n[config]\ndatabase_password = 'hidden'\n", encoding="utf-8")
    ended = run_command(
        project, "run", "--show-config", "--max-workers", "3", SVCGEN_BROKER="amqp://guest:hidden@rabbit/"
    )
    assert ended.returncode == 0
    rows = [line.split() for line in ended.stdout.splitlines()]
    assert ["broker", '["amqp://guest:***@rabbit/"]', "environment", "variable", "SVCGEN_BROKER"] in rows
    assert ["drain", "5.0", str(project / "svcgen.toml")] in rows
    assert ["max_workers", "3", "--max-workers"] in rows
    assert ["config.database_password", '"***"', str(project / "svcgen.toml")] in rows
    assert "hidden" not in ended.stdout


@pytest.mark.parametrize("command", ["run", "call", "emit", "shell"])
def test_every_help_shows_an_example_and_loads_no_broker_library(tmp_path: Path, command: str) -> None:
    ended = run_command(tmp_path, command, "--help", PYTHONPROFILEIMPORTTIME="1")
    assert ended.returncode == 0
    assert f"svcgen {command} " in ended.stdout.partition("Examples:")[2]
    loaded = {line.rpartition("|")[2].strip().split(".")[0] for line in ended.stderr.splitlines()}
    assert "click" in loaded
    assert not loaded & {"eventlet", "amqp", "werkzeug", "asyncio"}
