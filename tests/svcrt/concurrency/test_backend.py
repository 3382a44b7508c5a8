import logging
import queue
import socket
import subprocess
import sys
import time

import pytest

from svcrt.concurrency import Backend, backend
from waiting import wait_until

WAIT = 10.0


def test_unknown_name_is_told_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no concurrency back end `asyncio`; there are: green, threads"):
        backend("asyncio")


def test_it_is_always_the_same_object(concurrency: Backend) -> None:
    assert backend(concurrency.name) is concurrency


def test_threads_do_not_import_eventlet() -> None:
    code = "import sys, svcrt.concurrency as c; c.backend('threads'); sys.exit('eventlet' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_green_warns_nobody_and_leaves_the_system_resolver() -> None:
    code = "import os, svcrt.concurrency as c; c.backend('green'); print(os.environ['EVENTLET_NO_GREENDNS'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("yes\n", "")


def test_spawn_runs_beside_and_join_waits(concurrency: Backend) -> None:
    go, arguments = concurrency.flag(), concurrency.channel()

    def work(*given: object) -> None:
        go.wait(WAIT)
        arguments.put(given)

    task = concurrency.spawn(work, 1, "two", name="work")
    assert not task.join(0.01)
    go.set()
    assert task.join(WAIT)
    assert arguments.get(timeout=WAIT) == (1, "two")


def test_an_exception_in_a_task_is_logged_with_its_name(concurrency: Backend, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise LookupError("no such thing")

    assert concurrency.spawn(fail, name="searcher").join(WAIT)
    assert "task `searcher` failed" in caplog.text
    assert "no such thing" in caplog.text


def test_an_exit_in_a_task_ends_the_task_only(concurrency: Backend, caplog: pytest.LogCaptureFixture) -> None:
    def leave() -> None:
        raise SystemExit(3)

    assert concurrency.spawn(leave, name="leaver").join(WAIT)
    assert "task `leaver` failed" in caplog.text


def test_kill_ends_a_green_task_even_before_its_first_step() -> None:
    green = backend("green")
    never = green.flag()
    fresh = green.spawn(never.wait, name="fresh")
    fresh.kill()
    assert fresh.join(WAIT)
    waiting = green.spawn(never.wait, name="waiting")
    assert not waiting.join(0.0)
    waiting.kill()
    assert waiting.join(WAIT)


def test_flag_is_one_way(concurrency: Backend) -> None:
    flag = concurrency.flag()
    assert not flag.is_set()
    assert not flag.wait(0.01)
    flag.set()
    flag.set()
    assert flag.is_set()
    assert flag.wait(0.0)
    assert flag.wait()


def test_flag_wakes_all_who_wait(concurrency: Backend) -> None:
    flag = concurrency.flag()
    tasks = [concurrency.spawn(flag.wait, name=f"waiter {number}") for number in range(3)]
    concurrency.sleep(0)
    flag.set()
    assert all(task.join(WAIT) for task in tasks)


def test_lock_lets_one_in_at_a_time(concurrency: Backend) -> None:
    lock, inside, seen = concurrency.lock(), [0], []

    def enter() -> None:
        with lock:
            inside[0] += 1
            seen.append(inside[0])
            concurrency.sleep(0.002)
            inside[0] -= 1

    tasks = [concurrency.spawn(enter, name="entrant") for _ in range(5)]
    assert all(task.join(WAIT) for task in tasks)
    assert seen == [1] * 5


def test_channel_keeps_order_and_get_times_out(concurrency: Backend) -> None:
    channel = concurrency.channel()
    for number in range(3):
        channel.put(number)
    assert [channel.get(), channel.get(timeout=WAIT), channel.get(WAIT)] == [0, 1, 2]
    with pytest.raises(queue.Empty):
        channel.get(timeout=0.01)
    with pytest.raises(queue.Empty):
        channel.get(timeout=0)


def test_channel_wakes_a_waiting_task(concurrency: Backend) -> None:
    there, back = concurrency.channel(), concurrency.channel()
    concurrency.spawn(lambda: back.put(there.get() + 1), name="adder")
    concurrency.sleep(0)
    there.put(1)
    assert back.get(timeout=WAIT) == 2


def test_delayed_calls_are_made_in_the_order_of_their_times(concurrency: Backend) -> None:
    channel = concurrency.channel()
    concurrency.call_later(0.06, channel.put, "last")
    concurrency.call_later(0.0, channel.put, "first")
    cancelled = concurrency.call_later(0.03, channel.put, "never")
    cancelled.cancel()
    cancelled.cancel()
    assert [channel.get(timeout=WAIT), channel.get(timeout=WAIT)] == ["first", "last"]


def test_a_delayed_call_that_fails_is_logged_and_the_next_is_made(
    concurrency: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    channel = concurrency.channel()
    alarm = concurrency.call_later(0.0, lambda: 1 // 0)
    concurrency.call_later(0.01, channel.put, "next")
    assert channel.get(timeout=WAIT) == "next"
    alarm.cancel()
    assert "ZeroDivisionError" in caplog.text


def test_poller_wakes_from_another_task(concurrency: Backend) -> None:
    poller = concurrency.poller()
    concurrency.call_later(0.01, poller.wake)
    poller.wait(None, write=False, timeout=60.0)
    poller.wake()
    poller.wake()
    poller.wait(None, write=False, timeout=60.0)
    begun = time.monotonic()
    poller.wait(None, write=False, timeout=0.05)
    assert time.monotonic() - begun > 0.04, "the wake-ups before were used up"
    poller.close()
    poller.wake()


def test_poller_sees_a_readable_and_a_writable_descriptor(concurrency: Backend) -> None:
    poller = concurrency.poller()
    here, there = socket.socketpair()
    with here, there:
        there.send(b"x")
        poller.wait(here.fileno(), write=False, timeout=60.0)
        here.recv(1)
        poller.wait(here.fileno(), write=True, timeout=60.0)
    poller.close()


def test_connect_reaches_a_listener_by_name_and_address(concurrency: Backend) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        for host in ("127.0.0.1", "localhost"):
            connection = concurrency.connect(host, port, timeout=WAIT)
            accepted, _ = listener.accept()
            with accepted:
                connection.send(b"hello")
                assert accepted.recv(5) == b"hello"
            connection.close()


def test_connect_says_why_it_cannot(concurrency: Backend) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        concurrency.connect("127.0.0.1", port, timeout=WAIT)
    with pytest.raises(OSError, match=r".+"):
        concurrency.connect("name.invalid", port, timeout=WAIT)


def test_connect_gives_up_in_time(concurrency: Backend) -> None:
    # A full backlog takes no further connection and answers nothing.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        fillers = []
        try:
            for _ in range(4):
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(address)
                fillers.append(filler)
            with pytest.raises(TimeoutError):
                concurrency.connect(*address, timeout=0.1)
        finally:
            for filler in fillers:
                filler.close()


def test_task_failures_use_the_package_logger(concurrency: Backend, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "svcrt.concurrency"):
        concurrency.spawn(lambda: 1 // 0, name="divider").join(WAIT)
    assert [record.name for record in caplog.records] == ["svcrt.concurrency"]


def test_what_goes_on_beside_is_not_held_up(concurrency: Backend) -> None:
    """By green threads; where tasks are threads of the system there is nothing to help."""
    calls: list[float] = []

    def note() -> float:
        calls.append(time.monotonic())
        return 0.01

    end = concurrency.beside(note)
    # It sleeps natively: no green thread runs meanwhile.
    if concurrency.name == "green":
        wait_until(lambda: len(calls) > 1)
    else:
        time.sleep(0.05)
        assert not calls
    end()
    concurrency.sleep(0.05)
    known = len(calls)
    concurrency.sleep(0.1)
    assert len(calls) == known


def test_a_baton_hands_over_in_either_order(concurrency: Backend) -> None:
    baton = concurrency.baton()
    baton.give("early")
    assert baton.take(WAIT) == "early"
    concurrency.call_later(0.01, baton.give, "late")
    assert baton.take(WAIT) == "late"
    with pytest.raises(TimeoutError):
        baton.take(0.01)
    baton.give("after a time-out")
    assert baton.take() == "after a time-out"


def test_a_poller_serves_what_is_read_until_its_owner_is_needed(concurrency: Backend) -> None:
    """What is read wakes whoever waits for it; what was deferred meanwhile is called when all is read, once."""
    poller, baton, log = concurrency.poller(), concurrency.baton(), list[str]()
    here, there = socket.socketpair()
    with here, there:
        here.setblocking(False)

        def on_readable() -> bool:
            data = here.recv(100)
            poller.defer(lambda: log.append("deferred"), lambda seconds: False)
            log.append(data.decode())
            if data != b"enough":
                baton.give(data)
            return data == b"enough"

        def wait() -> None:
            log.append(f"{baton.take(WAIT).decode()} taken")
            there.send(b"enough")

        waiting = concurrency.spawn(wait, name="waiting")
        concurrency.call_later(0.01, there.send, b"one")
        poller.serve(here.fileno(), on_readable, write=False, timeout=60.0)
        assert waiting.join(WAIT)
    assert log[0] == "one"
    assert sorted(log) == ["deferred", "deferred", "enough", "one", "one taken"]
    poller.close()


def test_a_served_poller_returns_for_a_wake_up_for_room_and_for_the_clock(concurrency: Backend) -> None:
    poller = concurrency.poller()
    here, there = socket.socketpair()
    with here, there:
        here.setblocking(False)
        concurrency.call_later(0.01, poller.wake)
        poller.serve(here.fileno(), lambda: False, write=False, timeout=60.0)
        poller.serve(here.fileno(), lambda: False, write=True, timeout=60.0)
        poller.serve(here.fileno(), lambda: False, write=False, timeout=0.01)
    poller.close()


def test_what_is_deferred_outside_is_called_soon_or_at_once(
    concurrency: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    poller, log = concurrency.poller(), list[str]()
    poller.defer(lambda: log.append("at once"), lambda seconds: True)
    assert log == ["at once"]
    poller.defer(lambda: log.append("soon"), lambda seconds: False)
    wait_until(lambda: log == ["at once", "soon"], concurrency)

    def fail() -> None:
        raise LookupError("no such thing")

    poller.defer(fail, lambda seconds: True)
    assert "a deferred call failed" in caplog.text
    poller.close()
