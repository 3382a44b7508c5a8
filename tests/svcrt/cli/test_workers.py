"""Worker processes under the supervisor: restarted, replaced and stopped as told."""

import os
import re
import signal
from pathlib import Path

import pytest

from cli_process import Running, run_command
from cli_project import write_project
from cli_waiting import children, is_running, serving, wait_for, whoami
from svcrt.cli import workers

NO_HTTP = "--no-http"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path)


def add(project: Path, line: str) -> None:
    """Have the service's module execute one more line at its import."""
    module = project / "greeter.py"
    module.write_text(f"{module.read_text()}\n{line}\n", encoding="utf-8")


def test_each_of_n_workers_answers_and_all_stop_together(project: Path) -> None:
    with Running(project, "greeter:Greeter", NO_HTTP, "--workers", "3") as run:
        serving(run, 3)
        pids = children(run.pid)
        assert len(pids) == 3
        seen: set[int] = set()

        def all_answered() -> bool:
            seen.add(whoami(project))
            return seen == pids

        wait_for(all_answered)
        assert run.stop() == 0
        assert not any(map(is_running, pids))
        assert len(re.findall(r"(?m)^service ", run.said)) == 1


def test_a_second_signal_cuts_the_work_of_all(project: Path) -> None:
    with Running(project, "greeter:Greeter", NO_HTTP, "--workers", "2", "--drain", "600") as run:
        serving(run, 2)
        with Running.call(project, "Greeter.slow", "marker=began", "until=go") as call:
            wait_for((project / "began").exists)
            run.signal(signal.SIGTERM)
            run.wait_for("SIGTERM: stopping")
            run.signal(signal.SIGTERM)
            assert run.wait() == 1
            assert call.wait() == 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_that_dies_is_restarted_and_told_of_once(project: Path, number: signal.Signals) -> None:
    with Running(project, "greeter:Greeter", NO_HTTP) as run:
        serving(run)
        worker = whoami(project)
        os.kill(worker, number)
        how = "was killed by SIGKILL" if number == signal.SIGKILL else "ended with exit code 0"
        run.wait_for(rf"the worker process {worker} {how}; another starts in 0\.\d s")
        serving(run, 2)
        (successor,) = children(run.pid)
        assert whoami(project) == successor != worker
        assert run.stop() == 0
        assert run.said.count(f"process {worker} ") == 1
        assert run.said.count(f"the worker process {successor} takes the place") == 1


@pytest.mark.slow
def test_workers_that_never_come_up_end_the_run(project: Path) -> None:
    add(project, "os.kill(os.getpid(), 9)")
    ended = run_command(project, "run", "greeter:Greeter", NO_HTTP)
    assert ended.returncode == 1
    *deaths, last = [line for line in ended.stderr.splitlines() if "killed" in line]
    assert len(deaths) == workers.FIRST_CRASHES - 1
    assert last.endswith("was killed by SIGKILL, the 5th in a row to end before one was ready; the run ends")
    pauses = [float(pause) for line in deaths for pause in re.findall(r"in (\d+\.\d) s$", line)]
    assert [least <= pause <= 1.5 * least for pause, least in zip(pauses, [0.5, 1.0, 2.0, 4.0], strict=True)] == [
        True
    ] * 4


def test_a_worker_that_says_why_it_cannot_start_ends_the_run_at_once(project: Path) -> None:
    ended = run_command(project, "run", "greeter:Nobody", NO_HTTP, "--workers", "2")
    assert ended.returncode == 1
    assert "another starts" not in ended.stderr
    assert set(ended.stderr.splitlines()) == {"Error: cannot run `greeter:Nobody`: `greeter` has no class `Nobody`"}


def test_a_successor_that_cannot_start_is_tried_again(project: Path) -> None:
    with Running(project, "greeter:Greeter", NO_HTTP) as run:
        serving(run)
        former = (project / "greeter.py").read_text()
        (project / "greeter.py").write_text("this is no Python\n", encoding="utf-8")
        os.kill(whoami(project), signal.SIGKILL)
        run.wait_for(r"Error: cannot run `greeter:Greeter`: .*SyntaxError")
        (project / "greeter.py").write_text(former, encoding="utf-8")
        serving(run, 2)
        assert run.stop() == 0


def test_a_rolling_restart_leaves_no_call_unanswered(project: Path) -> None:
    with Running(project, "greeter:Greeter", NO_HTTP, "--workers", "2", own_session=True) as run:
        serving(run, 2)
        former = children(run.pid)
        with Running.call(project, "Greeter.slow", "marker=began", "until=go") as call:
            wait_for((project / "began").exists)
            run.signal(signal.SIGHUP)
            serving(run, 3)
            (project / "go").touch()
            run.wait_for("every worker process has been replaced")
            assert call.wait() == 0
        assert len(children(run.pid)) == 2
        assert not children(run.pid) & former
        assert run.stop() == 0
        assert len(re.findall(r"(?m)^service ", run.said)) == 1


def test_a_rolling_restart_with_broken_code_keeps_the_former_workers(project: Path) -> None:
    with Running(project, "greeter:Greeter", NO_HTTP, own_session=True) as run:
        serving(run)
        former = children(run.pid)
        (project / "greeter.py").write_text("this is no Python\n", encoding="utf-8")
        run.signal(signal.SIGHUP)
        run.wait_for("no worker is replaced")
        assert children(run.pid) == former
        assert {whoami(project)} == former
        assert run.stop() == 0


def test_a_successor_whose_predecessor_dies_first_is_tried_again(project: Path) -> None:
    with Running(project, "greeter:Greeter", NO_HTTP, own_session=True) as run:
        serving(run)
        former = (project / "greeter.py").read_text()
        (project / "greeter.py").write_text(
            "import time\nfrom pathlib import Path\n\nPath('starting').touch()\n"
            "while not Path('go').exists():\n    time.sleep(0.01)\nraise ValueError\n",
            encoding="utf-8",
        )
        (worker,) = children(run.pid)
        run.signal(signal.SIGHUP)
        wait_for((project / "starting").exists)
        os.kill(worker, signal.SIGKILL)
        run.wait_for("its successor is starting already")
        (project / "go").touch()
        run.wait_for(r"(?s)Error: cannot run `greeter:Greeter`.*another starts in")
        (project / "greeter.py").write_text(former, encoding="utf-8")
        serving(run, 2)
        assert run.stop() == 0


def test_a_stop_while_a_successor_is_due(project: Path) -> None:
    with Running(project, "greeter:Greeter", NO_HTTP) as run:
        serving(run)
        os.kill(whoami(project), signal.SIGKILL)
        run.wait_for("another starts")
        assert run.stop() == 0


def test_the_pause_grows_to_a_bound_and_is_spread() -> None:
    pauses = [{workers.pause(failures) for _ in range(50)} for failures in (1, 2, 3, 1000)]
    assert all(len(each) > 1 for each in pauses)
    assert 0.5 <= min(pauses[0]) <= max(pauses[0]) <= 0.75
    assert max(pauses[0]) < min(pauses[1]) <= max(pauses[1]) < min(pauses[2])
    assert 20.0 <= min(pauses[3]) <= max(pauses[3]) <= workers.LONGEST_PAUSE
