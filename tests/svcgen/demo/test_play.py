import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from demo_copies import hand_written
from svcgen.demo import play
from svcgen.demo.files import COPIES, EXAMPLES
from svcgen.demo.processes import DemoError, Stage

DEMO = [sys.executable, "-m", "svcgen", "demo"]


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_demo_carries_the_examples_as_they_are(example: str) -> None:
    """If this fails: `python tests/support/demo_copies.py`."""
    assert {path.name: path.read_bytes() for path in (COPIES / example).iterdir()} == hand_written(example)


def left_behind(folder: Path) -> list[str]:
    """Return the command lines of processes that run in `folder` or name it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder) in os.readlink(process / "cwd"):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue  # it ended while we looked, or is somebody else's
    return found


def test_the_address_is_found_where_the_usual_port_is_in_use() -> None:
    """The run says why on the same line."""
    assert play._address("http     http://127.0.0.1:8000\n") == "http://127.0.0.1:8000"
    assert play._address("http     http://127.0.0.1:8001 (port 8000 is in use)\n") == "http://127.0.0.1:8001"


@pytest.mark.slow
def test_the_demo_shows_everything_and_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        DEMO, env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for shown in (
        '"24.90"',
        "refused, as the contract says: only 3 of KETTLE-2 left",
        "event: Billing heard OrderPlaced",
        "broadcast: every instance of Orders heard PriceChanged",
        "background job",
        "timer, on one instance",
        "all services stopped.",
    ):
        assert shown in done.stdout
    assert list(tmp_path.glob("svcgen-demo-*")) == []
    assert left_behind(tmp_path) == []


SIXTEEN = """
    HTTP request; nested call; database transaction; second instance; event to one; event to all; background job;
    custom provider; stream; async client; web socket push; browser; custom entrypoint; shell call; rolling restart;
    cron tick
"""


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.timeout(300)
# Each waits for a tick of cron, up to a minute.
@pytest.mark.parametrize("broker", ["embedded", pytest.param("rabbitmq", marks=pytest.mark.long)])
def test_the_tour_goes_through_all_sixteen(tmp_path: Path, broker: str, request: pytest.FixtureRequest) -> None:
    named = ["--broker", request.getfixturevalue("rabbitmq_vhost_url")] if broker == "rabbitmq" else []
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run([*DEMO, "--all", *named], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    titles = re.findall(r"^ ?(\d+)\. ([^:\n]+)", done.stdout, re.MULTILINE)
    assert titles == [(str(number), name.strip()) for number, name in enumerate(SIXTEEN.split(";"), start=1)]
    for shown in (
        '201 {"id":1,"to":"Ada","shelf":"shelf A"}',
        "the depot has no room for parcels to Nobody; still 2 parcels",
        "office-2: the bell rang at 12",
        "100 calls at once, answered by 2 instances",
        "a page shows parcel 4",
        "calls, all answered",
        "closed the books of ",
        "all services stopped.",
    ):
        assert shown in done.stdout
    assert list(tmp_path.glob("svcgen-demo-*")) == []
    assert left_behind(tmp_path) == []


@pytest.mark.slow
def test_the_demo_runs_on_rabbitmq(rabbitmq_vhost_url: str) -> None:
    done = subprocess.run([*DEMO, "--broker", rabbitmq_vhost_url], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "(embedded" not in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    with subprocess.Popen(
        DEMO,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        while not re.match(r"\$ svcgen call ", process.stdout.readline()):
            assert process.poll() is None
        process.send_signal(number)
        _, error = process.communicate(timeout=20)
    assert (process.returncode, error.strip()) == (130, "interrupted")
    assert left_behind(tmp_path) == []
    assert list(tmp_path.glob("svcgen-demo-*")) == []


def test_without_sqlalchemy_it_says_what_to_install_and_starts_nothing(tmp_path: Path) -> None:
    script = "import sys; sys.modules['sqlalchemy'] = None; from svcgen.cli import main; sys.exit(main(['demo']))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "Error: the demo's services keep their data with SQLAlchemy: pip install 'svcgen[demo]'\n"
    assert done.stdout == ""


def test_a_command_that_fails_is_one_sentence_with_what_it_said() -> None:
    with (
        tempfile.TemporaryDirectory() as name,
        Stage(Path(name), 20.0) as stage,
        pytest.raises(DemoError, match=r"`-m svcgen compile nowhere.idl` failed: error\[E0206\]"),
    ):
        stage.svcgen("compile", "nowhere.idl")


def test_services_that_end_early_are_noticed() -> None:
    with tempfile.TemporaryDirectory() as name, Stage(Path(name), 20.0) as stage:
        stage.start("run", "nowhere:Nobody")
        with pytest.raises(DemoError, match="`svcgen run` ended before the end"):
            stage.wait_for("the end", lambda log: None)
