"""`tail` on both brokers, against a running service."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import svcrt
from cli_process import SECONDS, environment, run_command
from operator_shop import shop_service, write_shop
from svcrt import topology
from svcrt.amqp import AmqpLink
from svcrt.client import Cluster
from svcrt.concurrency import backend
from svcrt.errors import UnknownService
from svcrt.testing import running
from svcrt.types import Message

Process = subprocess.Popen[str]


@pytest.fixture
def shop(tmp_path: Path) -> ModuleType:
    return write_shop(tmp_path)


@contextmanager
def tailing(folder: Path, broker: str, *arguments: str) -> Iterator[Process]:
    """Run `tail`, listening from the beginning of the block on."""
    process = subprocess.Popen(
        [sys.executable, "-m", "svcrt", "tail", "--broker", broker, *arguments],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        said = process.stderr.readline()
        assert said.startswith("listening at amqp://"), said + process.stderr.read()
        assert ":***@" in said
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def ended(process: Process) -> list[Any]:
    """Return what it printed as JSON, once it has ended by itself."""
    out, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, err) == (0, "")
    return [json.loads(line) for line in out.splitlines()]


def use(shop: ModuleType, cluster: Cluster) -> None:
    card = shop.Card(number="4111", holder="Ada")
    assert cluster.call(shop.PAY, shop.PayArguments(cards=[card]), timeout=SECONDS) == "1 cards"
    cluster.send(shop.CLEAN, shop.CleanArguments(room="attic"))
    cluster.emit(shop.PAID, shop.Paid(card=card))


def test_calls_jobs_events_and_parked_messages_are_seen_once_each(
    tmp_path: Path, shop: ModuleType, broker_url: str
) -> None:
    with (
        running(shop_service(shop), broker=broker_url),
        svcrt.connect(broker_url) as cluster,
        tailing(tmp_path, broker_url, "--json", "-n", "5") as tail,
    ):
        use(shop, cluster)
        seen = ended(tail)
    by_kind = {(each["kind"], each["name"]): each for each in seen}
    hidden = {"number": "***", "holder": "Ada"}
    assert {key: each["body"] for key, each in by_kind.items()} == {
        ("rpc", "shop.v1.Shop.pay"): {"cards": [hidden], "note": None},
        ("job", "shop.v1.Shop.clean"): {"room": "attic"},
        ("event", "shop.v1.Paid"): {"card": hidden},
        ("dead", "shop.v1.Shop.clean"): {"room": "attic"},
        ("dead", "shop.v1.Paid"): {"card": hidden},
    }
    call = by_kind["rpc", "shop.v1.Shop.pay"]
    assert call["caller"].startswith("client@")
    assert 0 < call["remaining"] <= SECONDS
    assert by_kind["job", "shop.v1.Shop.clean"]["id"] == by_kind["dead", "shop.v1.Shop.clean"]["id"]
    assert by_kind["dead", "shop.v1.Paid"]["error"] == "ValueError"


def test_filters_and_a_person_s_line(tmp_path: Path, shop: ModuleType, embedded_broker_url: str) -> None:
    with (
        running(shop_service(shop), broker=embedded_broker_url),
        svcrt.connect(embedded_broker_url) as cluster,
        tailing(tmp_path, embedded_broker_url, "Shop.clean", "--errors", "-n", "1") as errors,
        tailing(tmp_path, embedded_broker_url, "Pai*", "--event", "Paid", "-n", "1") as events,
    ):
        use(shop, cluster)
        shown, _ = errors.communicate(timeout=SECONDS)
        assert "  dead   shop.v1.Shop.clean  id=" in shown
        assert '  error=KeyError  {"room": "attic"}  (KeyError: ' in shown
        assert shown.count("\n") == 1
        assert "\x1b" not in shown, "colours where there is no terminal, or the exception's own"
        shown, _ = events.communicate(timeout=SECONDS)
        assert shown.endswith('  {"card": {"number": "***", "holder": "Ada"}}\n')


def test_a_service_that_comes_later_is_seen_and_until_then_is_unknown(
    tmp_path: Path, shop: ModuleType, broker_url: str
) -> None:
    with tailing(tmp_path, broker_url, "--json", "-n", "1", "Shop") as tail:
        with svcrt.connect(broker_url) as cluster:
            # Our queue must not make a service of a name that nobody serves.
            with pytest.raises(UnknownService):
                cluster.call(shop.PAY, shop.PayArguments(cards=[]))
            with pytest.raises(UnknownService):
                cluster.send(shop.CLEAN, shop.CleanArguments(room="attic"))
            with running(shop_service(shop), broker=broker_url):
                while tail.poll() is None:
                    cluster.call(shop.PAY, shop.PayArguments(cards=[]), timeout=SECONDS)
        assert [each["name"] for each in ended(tail)] == ["shop.v1.Shop.pay"]


def test_one_call_is_followed_and_foreign_senders_are_shown(
    tmp_path: Path, shop: ModuleType, embedded_broker_url: str
) -> None:
    def emit(link: AmqpLink, **headers: str) -> None:
        message = Message(body=b'{"a": "\x1b"}', type="shop.v1.Paid", message_id="\x1b[2J", headers=headers)
        link.publish(message, exchange=topology.EVENT_EXCHANGE, routing_key="shop.v1.Paid", timeout=SECONDS)

    link = AmqpLink(embedded_broker_url, backend("threads"), name="test", single=True)
    link.start(wait=SECONDS)
    try:
        with (
            tailing(tmp_path, embedded_broker_url, "--json", "-n", "2", "--call", "k-1") as followed,
            tailing(tmp_path, embedded_broker_url, "-n", "1") as everything,
        ):
            emit(link, svc="no header of ours")
            emit(link, svc="v=1;id=k-2;up=k-1")
            emit(link, svc="v=1;id=k-3;up=k-2,k-0")
            emit(link, svc="v=1;id=k-1")
            assert [each["id"] for each in ended(followed)] == ["k-2", "k-1"]
            shown, _ = everything.communicate(timeout=SECONDS)
    finally:
        link.stop()
    assert shown.endswith('  event  shop.v1.Paid  id=\\x1b[2J  "(10 bytes that are not JSON)"\n')


def test_ctrl_c_ends_it_well(tmp_path: Path, shop: ModuleType, embedded_broker_url: str) -> None:
    with tailing(tmp_path, embedded_broker_url) as tail:
        tail.send_signal(signal.SIGINT)
        assert tail.communicate(timeout=SECONDS) == ("", "")
        assert tail.returncode == 0


def test_without_contracts_events_are_shown_and_it_says_so(tmp_path: Path, embedded_broker_url: str) -> None:
    with tailing(tmp_path, embedded_broker_url) as tail:
        tail.send_signal(signal.SIGINT)
    said = run_command(tmp_path, "tail", "--broker", embedded_broker_url, "--service", "Shop").stderr
    assert said == (
        "Error: no contract with services found for `Shop`; run this where the generated packages can be imported\n"
    )
