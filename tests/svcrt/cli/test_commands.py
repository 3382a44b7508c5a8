"""`call`, `emit` and `shell` against one running service."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import svcrt
from cli_process import SECONDS, Running, environment, run_command
from cli_project import write_project

UUID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = write_project(tmp_path_factory.mktemp("project"))
    with Running(folder, "greeter:Greeter", "--no-http") as run:
        run.wait_for(r"acme\.greeter\.v1\.Greeter is running")
        yield folder


def succeeds(folder: Path, *arguments: str, stdin: str = "") -> str:
    ended = run_command(folder, *arguments, stdin=stdin)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def fails(folder: Path, *arguments: str, stdin: str = "", code: int = 1) -> str:
    ended = run_command(folder, *arguments, stdin=stdin)
    assert ended.returncode == code, ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stderr


def content_of(path: Path) -> str:
    deadline = time.monotonic() + SECONDS
    while not path.exists() or not path.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return path.read_text()


# --- call and emit -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Greeter.hello", "acme.greeter.v1.Greeter.hello"])
def test_call_prints_the_result_as_json(project: Path, name: str) -> None:
    assert succeeds(project, "call", name, "name=Zoë = you") == '"Hello, Zoë = you!"\n'


def test_call_reads_values_as_text_and_repeated_names_as_a_list(project: Path) -> None:
    shown = succeeds(project, "call", "Greeter.repeat", f"id={UUID}", "times=2", "polite=true", "names=a", "names=b")
    assert json.loads(shown) == [{"name": f"{name} {UUID}", "times": 2} for name in "ab"]


def test_call_takes_json(project: Path) -> None:
    shown = succeeds(project, "call", "Greeter.repeat", "--json", f'{{"id": "{UUID}", "times": 3}}', "--timeout", "5")
    assert json.loads(shown) == [{"name": f"thou {UUID}", "times": 3}]


def test_call_hands_in_a_oneway(project: Path) -> None:
    assert succeeds(project, "call", "Greeter.note", "text=kept") == ""
    assert content_of(project / "noted.txt") == "kept"


def test_call_prints_a_stream_line_by_line(project: Path) -> None:
    assert succeeds(project, "call", "Greeter.count", "upto=3", "--timeout", "5") == (
        '{"name": "you", "times": 1}\n{"name": "you", "times": 2}\n{"name": "you", "times": 3}\n'
    )


def test_call_tells_what_a_stream_ends_in_after_its_items(project: Path) -> None:
    ended = run_command(project, "call", "Greeter.count", "upto=20")
    assert (ended.returncode, ended.stdout.count("\n")) == (1, 12)
    assert ended.stderr == ('Error: acme.greeter.v1.TooRude: nobody is greeted as thirteen\n{"word":"thirteen"}\n')


def test_interrupting_a_call_closes_its_stream(project: Path) -> None:
    (project / "counted.txt").unlink(missing_ok=True)
    with Running.call(project, "Greeter.count", "upto=0") as reading:
        content_of(project / "counting.txt")
        reading.signal(signal.SIGINT)
        assert reading.wait() == 130
        assert reading.said == ""
    assert content_of(project / "counted.txt") == "0"


def test_emit_reaches_a_subscriber(project: Path) -> None:
    assert succeeds(project, "emit", "Greeted", "name=Ada", "times=3") == ""
    assert content_of(project / "heard.txt") == "Ada 3"


def test_a_declared_error_is_told_with_its_fields(project: Path) -> None:
    assert fails(project, "call", "Greeter.hello", "name=Lump") == (
        'Error: acme.greeter.v1.TooRude: nobody is greeted as Lump\n{"word":"Lump"}\n'
    )


def test_every_wrong_argument_is_told_with_its_path(project: Path) -> None:
    assert fails(project, "call", "Greeter.repeat", "id=7c9e", "times=x", "tmes=1").splitlines() == [
        "Error: `acme.greeter.v1.Greeter.repeat` does not take these arguments:",
        "  must be a UUID (at `$.id`)",
        "  must be a whole number (at `$.times`)",
        "  is not a field of `RepeatArguments`; leave it out (at `$.tmes`)",
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("call", "Greeter.helo"), "`acme.greeter.v1.Greeter` has no method `helo`; did you mean `hello`?"),
        (("call", "Greter.hello"), "there is no service `Greter`; did you mean `Greeter`?"),
        (("emit", "Greted"), "there is no event `Greted`; did you mean `Greeted`?"),
        (("call", "Greeter.hello", "John"), "`John` is no argument; write name=value"),
        (
            ("call", "Greeter.hello", "--config", "absent.toml"),
            "absent.toml: cannot be read: No such file or directory",
        ),
    ],
)
def test_mistakes_are_one_sentence(project: Path, arguments: tuple[str, ...], sentence: str) -> None:
    assert fails(project, *arguments) == f"Error: {sentence}\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("call", "Greeter.hello", "name=x", "--json", "{}"), "either as name=value or with --json"),
        (("call", "Greeter.note", "text=x", "--timeout", "1"), "--timeout is for a method with a result"),
        (("call", "Greeter.hello", "name=x", "--timeout", "0"), "--timeout"),
    ],
)
def test_contradicting_usage(project: Path, arguments: tuple[str, ...], sentence: str) -> None:
    assert sentence in fails(project, *arguments, code=2)


@pytest.mark.parametrize(
    "arguments", [("call", "Greeter.hello", "name=x"), ("emit", "Greeted", "name=x"), ("shell", "-c", "n")]
)
def test_a_broker_that_is_down_refuses_or_is_missing(project: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    down = fails(project, *arguments, "--broker", "amqp://guest:hidden@127.0.0.1:1/")
    assert down.startswith("Error: no connection to the broker at amqp://guest:***@127.0.0.1:1/: ")
    assert down.count("\n") == 1
    url = json.loads((project / ".svcgen" / "broker.json").read_text())["url"]
    refused = fails(project, *arguments, "--broker", url.replace("svcgen:", "svcgen:wrong"))
    assert "refuses user `svcgen`" in refused
    assert refused.count("\n") == 1
    assert fails(write_project(tmp_path), *arguments) == (
        "Error: no broker here; start `svcgen run` in this folder, or name a broker with --broker\n"
    )


def test_a_service_that_nobody_runs(project: Path) -> None:
    contract = (project / "acme/greeter/v1/contract.py").read_text().replace("acme.greeter.v1.", "idle.v1.")
    (project / "idle" / "v1").mkdir(parents=True)
    (project / "idle" / "v1" / "contract.py").write_text(contract)
    try:
        said = fails(project, "call", "idle.v1.Greeter.hello", "name=x")
    finally:
        (project / "idle" / "v1" / "contract.py").unlink()
    assert said == (
        "Error: no running service answers to `idle.v1.Greeter`: start it, and see that it uses the same broker\n"
    )


# --- broker ------------------------------------------------------------------------------------------------------


def test_broker_prints_what_a_script_connects_to(project: Path, tmp_path: Path) -> None:
    url = succeeds(project, "broker").rstrip("\n")
    svcrt.connect(url).close()
    nodes = ["amqp://a:b@one/", "amqp://a:b@two/"]
    (tmp_path / "svcgen.toml").write_text(f"broker = {json.dumps(nodes)}\n")
    assert succeeds(tmp_path, "broker") == ";".join(nodes) + "\n"


def test_broker_tells_when_there_is_none(tmp_path: Path) -> None:
    assert fails(tmp_path, "broker").startswith("Error: no broker here; start `svcgen run` in this folder")


# --- shell -------------------------------------------------------------------------------------------------------


def test_shell_shows_what_a_piped_call_gives(project: Path) -> None:
    assert succeeds(project, "shell", stdin='n.rpc.Greeter.hello(name="John")\n') == "'Hello, John!'\n"


def test_shell_runs_blocks_and_keeps_names(project: Path) -> None:
    script = 'for name in ["a", "b"]:\n    said = n.rpc.acme.greeter.v1.Greeter.hello(name=name)\n\nsaid\n'
    assert succeeds(project, "shell", stdin=script) == "'Hello, b!'\n"


def test_shell_command_shows_each_expression(project: Path) -> None:
    code = 'x = n.rpc.Greeter.hello(name="John")\nx\nlen(x)'
    assert succeeds(project, "shell", "-c", code) == "'Hello, John!'\n12\n"


def test_shell_takes_plain_values_for_typed_ones(project: Path) -> None:
    code = f'n.rpc.Greeter.repeat(id="{UUID}", times=2, timeout=5)[0].times'
    assert succeeds(project, "shell", "-c", code) == "2\n"


def test_shell_reads_a_stream(project: Path) -> None:
    code = "[item.times for item in n.rpc.Greeter.count(upto=3)]"
    assert succeeds(project, "shell", "-c", code) == "[1, 2, 3]\n"


def test_shell_emits_and_hands_in(project: Path) -> None:
    for name in ("heard.txt", "noted.txt"):
        (project / name).unlink(missing_ok=True)
    succeeds(project, "shell", stdin='n.emit.Greeted(name="Eve")\nn.oneway.Greeter.note(text="later")\n')
    assert content_of(project / "heard.txt") == "Eve 1"
    assert content_of(project / "noted.txt") == "later"


def test_shell_shows_what_there_is(project: Path) -> None:
    shown = succeeds(project, "shell", stdin="n.rpc.Greeter.hello\nn.rpc.Greeter\ndir(n.emit)\nlist(n.services)\n")
    assert shown.splitlines() == [
        "hello(*, name: str) -> str",
        "acme.greeter.v1.Greeter:",
        "  hello(*, name: str) -> str",
        "  repeat(*, id: uuid.UUID, times: int, polite: bool = False, names: list[str] | None = None) -> "
        "list[acme.greeter.v1.contract.Greeted]",
        "  slow(*, marker: str, until: str) -> None",
        "  whoami(*, text: str) -> int",
        "  count(*, upto: int) -> collections.abc.Iterator[acme.greeter.v1.contract.Greeted]",
        "['Greeted', 'acme']",
        "['acme.greeter.v1.Greeter']",
    ]


def test_shell_tells_a_failed_call_in_one_line_and_goes_on(project: Path) -> None:
    ended = run_command(project, "shell", stdin='n.rpc.Greeter.hello(name="Lump")\nn.rpc.Greeter.hello(name="x")\n')
    assert ended.returncode == 1
    assert ended.stderr == "TooRude: nobody is greeted as Lump\n"
    assert ended.stdout == "'Hello, x!'\n"


def test_shell_command_stops_at_a_failure(project: Path) -> None:
    ended = run_command(project, "shell", "-c", 'n.rpc.Greeter.hello(name="")\nprint("not reached")')
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "InvalidValue: must be text of 1 to 20 characters (at `$.name`)\n"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("n.rpc.Greter", "UnknownName: `n.rpc` has no `Greter`; did you mean `Greeter`?"),
        ("n.calls", "UnknownName: `n` has no `calls`; there is: rpc, oneway, emit, event, services"),
        (
            'n.rpc.Greeter.hello("John")',
            "NotByName: arguments are given by name, as in `name=value`: hello(*, name: str) -> str",
        ),
    ],
)
def test_shell_tells_what_cannot_be_meant_in_one_line(project: Path, typed: str, said: str) -> None:
    ended = run_command(project, "shell", "-c", typed)
    assert (ended.returncode, ended.stderr) == (1, f"{said}\n")


def test_what_no_command_foresaw_is_one_sentence(tmp_path: Path) -> None:
    program = (
        "import os, svcrt.cli.run\n"
        "def fail(*a, **k): raise RuntimeError('odd')\n"
        "svcrt.cli.run.configuration = fail\n"
        "from svcrt.__main__ import main\n"
        "main(['run'])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment(TMPDIR=str(tmp_path)),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode == 1
    (report,) = tmp_path.glob("svcgen-error-*.txt")
    assert ended.stderr == f"Error: internal error (RuntimeError); please report it with the file {report}\n"
    assert "RuntimeError: odd" in report.read_text(encoding="utf-8")


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "svcrt", "run", "--show-config"],
            cwd=tmp_path,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    assert ended.returncode == 1
    assert ended.stderr == "Error: cannot write the output: [Errno 28] No space left on device\n"
