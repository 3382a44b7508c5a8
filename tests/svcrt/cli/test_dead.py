"""`dead list`, `show` and `drop` on both brokers."""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from cli_process import SECONDS, run_command
from operator_shop import write_shop
from svcrt import topology
from svcrt.amqp import AmqpLink
from svcrt.amqp.parking import describe
from svcrt.concurrency import backend
from svcrt.types import Message, Topology
from terminal import terminal

SERVICE = "shop.v1.Shop"
QUEUE = topology.dead_queue(SERVICE)
JOBS = topology.job_queue(SERVICE).name
Park = Callable[..., str]


@pytest.fixture
def shop(tmp_path: Path) -> ModuleType:
    return write_shop(tmp_path)


@pytest.fixture
def link(broker_url: str) -> Iterator[AmqpLink]:
    link = AmqpLink(broker_url, backend("threads"), name="test", single=True)
    link.start(wait=20.0)
    link.declare(Topology(exchanges=topology.EXCHANGES, queues=(QUEUE,)))
    yield link
    link.stop()


@pytest.fixture
def park(link: AmqpLink) -> Park:
    """Park a job or an event as a service does, and return its id."""

    def park(error: Exception, body: object, *, kind: str = "clean", first: str = "", **properties: object) -> str:
        message = Message(
            body=json.dumps(body).encode(),
            type=kind,
            message_id=uuid.uuid4().hex[:8],
            headers={"svc": "v=1;id=a-1;auth=Bearer%20secret;.tenant=acme"},
        )
        is_event = "." in kind
        parked = describe(
            replace(message, **properties),  # type: ignore[arg-type] # the caller's business
            error,
            queue=f"svc.event.{kind}--{SERVICE}.on_paid" if is_event else JOBS,
            route=(topology.EVENT_EXCHANGE, kind) if is_event else (topology.JOB_EXCHANGE, SERVICE),
        )
        headers = {name: value for name, value in parked.headers.items() if name != "svc-dead-first"}
        parked = replace(parked, headers=headers | ({"svc-dead-first": first} if first else {}))
        link.publish(parked, exchange=topology.DEAD_EXCHANGE, routing_key=SERVICE, mandatory=True, timeout=30)
        return message.message_id or ""

    return park


@pytest.fixture
def dead(tmp_path: Path, shop: ModuleType, broker_url: str) -> Callable[..., str]:
    """Run `svcgen dead …` and return what it prints, standard error below."""

    def dead(*arguments: str, code: int = 0) -> str:
        ended = run_command(tmp_path, "dead", *arguments, "--broker", broker_url)
        assert ended.returncode == code, ended.stderr
        assert "Traceback" not in ended.stderr
        return ended.stdout + ended.stderr

    return dead


Dead = Callable[..., str]
on_one_broker = pytest.mark.parametrize("broker_url", ["embedded"], indirect=True)
"""For what is the command's affair and no broker's."""


def count(link: AmqpLink) -> int:
    state = link.inspect(QUEUE.name, timeout=30)
    assert state is not None
    return state.messages


def test_list_shows_a_line_each_and_leaves_them(dead: Dead, park: Park, link: AmqpLink) -> None:
    first = park(KeyError("no \x1b[31mstairs\n"), {"room": "attic"})
    second = park(ValueError("not today"), {"card": {}}, kind="shop.v1.Paid")
    for name in ("Shop", SERVICE):
        head, *rows = dead("list", name).splitlines()
        assert head.split("  ")[0] == "ID"
        assert [row.split()[0] for row in rows] == [first, second]
        assert f"  {JOBS}  " in rows[0]
        assert rows[0].endswith(r"  clean         KeyError    KeyError: 'no \x1b[31mstairs\n'")
        assert f"  1      {JOBS}  " in rows[0]
        assert "  shop.v1.Paid  ValueError  ValueError: not today" in rows[1]
    assert count(link) == 2
    shown = [json.loads(line) for line in dead("list", "--json").splitlines()]
    assert [(each["id"], each["error"], each["attempt"], each["queue"]) for each in shown] == [
        (first, "KeyError", "1", JOBS),
        (second, "ValueError", "1", f"svc.event.shop.v1.Paid--{SERVICE}.on_paid"),
    ]


@on_one_broker
def test_list_tells_when_it_failed_first(dead: Dead, park: Park) -> None:
    old = park(KeyError(), {"room": "x"})
    new = park(KeyError(), {"room": "x"}, first="2026-01-31T12:00:00.000+00:00")
    shown = [json.loads(line) for line in dead("list", "--json").splitlines()]
    assert [(each["id"], each["first_at"]) for each in shown] == [(old, None), (new, "2026-01-31T12:00:00.000+00:00")]
    assert "first failed at  2026-01-31T12:00:00.000+00:00" in dead("show", new)
    assert "first failed at" not in dead("show", old)


@on_one_broker
def test_list_filters_and_limits(dead: Dead, park: Park) -> None:
    ids = [park(KeyError(number), {"room": "x"}) for number in range(3)]
    last = park(ValueError(), {"room": "x"})
    assert [line.split()[0] for line in dead("list", "--error", "ValueError").splitlines()] == ["ID", last]
    shown = dead("list", "--limit", "2").splitlines()
    assert [line.split()[0] for line in shown] == ["ID", *ids[:2], "2"]
    assert shown[-1] == "2 more; --limit shows them"
    assert dead("list", "--error", "KeyError", "--limit", "1").splitlines()[-1] == "2 more; --limit shows them"
    assert len(dead("list", "--all").splitlines()) == 5
    chosen = dead("list", "--service", SERVICE, "--id", ids[2], "--id", last)
    assert [line.split()[0] for line in chosen.splitlines()] == ["ID", ids[2], last]
    assert "`nope`" in dead("list", "--id", "nope", code=1)
    assert "--all and --limit contradict each other" in dead("list", "--all", "--limit", "2", code=2)


def test_nothing_is_parked(dead: Dead, link: AmqpLink, tmp_path: Path, broker_url: str) -> None:
    assert dead("list") == (
        f"nothing is parked for {SERVICE}; a service without a contract here has to be named "
        "(AMQP cannot list queues)\n"
    )
    assert dead("drop", "--all", "--yes") == f"nothing to drop for {SERVICE}\n"
    assert "`x1`" in dead("show", "x1", code=1)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    ended = run_command(elsewhere, "dead", "list", "--broker", broker_url)
    assert ended.stderr.startswith("Error: no contracts found here; name the service in full")
    assert run_command(elsewhere, "dead", "list", SERVICE, "--broker", broker_url).returncode == 0


@on_one_broker
def test_show_masks_what_is_sensitive(dead: Dead, park: Park) -> None:
    event = park(ValueError("not today"), {"card": {"number": "4111", "holder": "Ada"}}, kind="shop.v1.Paid")
    shown = dead("show", event)
    assert '"number": "***",\n    "holder": "Ada"' in shown
    assert "v=1;id=a-1;.tenant=acme" in shown
    assert "svc-error        ValueError" in shown
    assert "svc-dead-route   svc.event/shop.v1.Paid" in shown
    assert "4111" not in shown
    assert "secret" not in shown
    revealed = dead("show", event, "--reveal")
    assert '"number": "4111"' in revealed
    # A credential is not masked but gone: it was never parked.
    assert "secret" not in revealed


@on_one_broker
def test_show_masks_by_name_where_no_contract_helps(dead: Dead, park: Park, link: AmqpLink) -> None:
    job = park(KeyError(), {"password": "hunter2", "room": "attic"}, kind="unheard_of")
    assert '"password": "***",\n  "room": "attic"' in dead("show", job)
    garbage = Message(body=b"\xff{", message_id="g-1", headers={})
    link.publish(garbage, exchange=topology.DEAD_EXCHANGE, routing_key=SERVICE, timeout=30)
    assert "(2 bytes that are not JSON)" in dead("show", "g-1")


def test_drop_takes_the_chosen_ones_only(dead: Dead, park: Park, link: AmqpLink) -> None:
    ids = [park(KeyError(number), {"room": "x"}) for number in range(3)]
    other = park(ValueError(), {"room": "x"})
    assert dead("drop", "--error", "KeyError", "--dry-run").endswith("would drop 3 messages\n")
    assert "nobody can be asked here; add --yes" in dead("drop", ids[0], code=1)
    assert count(link) == 4
    assert dead("drop", ids[1], "--yes").endswith("dropped 1 message\n")
    assert [line.split()[0] for line in dead("list").splitlines()[1:]] == [ids[0], ids[2], other]
    assert dead("drop", "--error", "KeyError", "--yes").endswith("dropped 2 messages\n")
    assert "`nope`" in dead("drop", other, "nope", "--yes", code=1)
    assert count(link) == 1
    assert dead("drop", "--all", "--yes").endswith("dropped 1 message\n")
    assert count(link) == 0


@on_one_broker
def test_drop_asks_at_a_terminal(tmp_path: Path, shop: ModuleType, park: Park, link: AmqpLink, broker_url: str) -> None:
    park(KeyError(), {"room": "x"})
    for answer, code, left in (("n", 1, 1), ("y", 0, 0)):
        with terminal(tmp_path, "dead", "drop", "--all", "--broker", broker_url) as asked:
            asked.wait_for("drop 1 message for good? [y/N]: ")
            asked.type(f"{answer}\n")
            assert asked.process.wait(SECONDS) == code
        assert count(link) == left


@pytest.mark.parametrize("verb", ["drop", "retry"])
@pytest.mark.parametrize("arguments", [(), ("x", "--all"), ("--all", "--error", "KeyError")])
def test_drop_and_retry_want_to_know_which(tmp_path: Path, verb: str, arguments: tuple[str, ...]) -> None:
    ended = run_command(tmp_path, "dead", verb, *arguments)
    assert ended.returncode == 2
    assert "say which: either IDs, or --error NAME, or --all" in ended.stderr


@on_one_broker
def test_messages_without_an_id_get_one(dead: Dead, park: Park, link: AmqpLink) -> None:
    park(KeyError("a"), {"room": "x"}, message_id=None)
    park(KeyError("b"), {"room": "y"}, message_id=None)
    first, second = [line.split()[0] for line in dead("list").splitlines()[1:]]
    assert first.startswith("~")
    assert first != second
    assert '"room": "y"' in dead("show", second)
    assert dead("drop", first, "--yes").endswith("dropped 1 message\n")
    assert [line.split()[0] for line in dead("list").splitlines()[1:]] == [second]
