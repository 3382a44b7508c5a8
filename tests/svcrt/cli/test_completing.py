"""What the tab key offers at the prompt of `shell`."""

import enum
from typing import cast
from uuid import UUID

import pytest

from svcrt.bases import Caller
from svcrt.cli.completing import Completer
from svcrt.cli.contracts import Contracts
from svcrt.cli.namespace import Namespace
from svcrt.contract import Event, Oneway, Rpc, Service
from svcrt.structs import Struct


class Status(enum.StrEnum):
    PLACED = "placed"
    PAID = "paid"


class Get(Struct, kw_only=True):
    id: UUID
    status: Status | None = None
    fresh: bool = False


class Placed(Struct, kw_only=True):
    order_id: UUID


ORDERS = Service(
    name="acme.orders.v1.Orders",
    rpcs=(
        Rpc(service="acme.orders.v1.Orders", name="get", stub="get", arguments=Get, result=None),
        Rpc(service="acme.orders.v1.Orders", name="getAll", stub="get_all", arguments=Get, result=None),
    ),
    oneways=(Oneway(service="acme.orders.v1.Orders", name="rebuild", stub="rebuild", arguments=Get),),
    publishes=(Event(name="acme.orders.v1.OrderPlaced", payload=Placed),),
)


NOBODY = cast("Caller", object())
"""Completion calls nothing."""


class Explosive:
    @property
    def trap(self) -> str:
        raise AssertionError("completing a call has run code of an argument")


def completed(line: str, **names: object) -> list[str]:
    """What can stand in the place of the last word, as readline cuts it."""
    contracts = Contracts()
    contracts.add_service(ORDERS)
    completer = Completer({"n": Namespace(NOBODY, contracts), **names})
    begin = max((line.rfind(char) for char in " \t\n`~!@#$%^&*()-=+[{]}\\|;:'\",<>/?"), default=-1) + 1
    return completer.matches(line[:begin], line[begin:])


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("n.", ["n.emit.", "n.event.", "n.oneway.", "n.rpc.", "n.services"]),
        ("n.rpc.", ["n.rpc.Orders.", "n.rpc.acme."]),
        ("n.rpc.Or", ["n.rpc.Orders."]),
        ("n.rpc.Orders.", ["n.rpc.Orders.get(", "n.rpc.Orders.get_all("]),
        ("n.rpc.acme.orders.v1.", ["n.rpc.acme.orders.v1.Orders."]),
        ("x = [n.oneway.Orders.r", ["n.oneway.Orders.rebuild("]),
        ("n.emit.O", ["n.emit.OrderPlaced("]),
        ("n.rpc.Nobody.", []),
        ("n.rpc.Orders.get.", []),
    ],
)
def test_names_of_the_contracts(line: str, offered: list[str]) -> None:
    assert completed(line) == offered


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("n.rpc.Orders.get(", ["id=", "status=", "fresh=", "timeout="]),
        ("n.rpc.Orders.get(i", ["id="]),
        ("n.rpc.Orders.get(id=x, ", ["status=", "fresh=", "timeout="]),
        ('n.rpc.Orders.get(id="a, status=", ', ["status=", "fresh=", "timeout="]),
        ("n.rpc.Orders.get(id=str(1, 2), fresh=f(x), ", ["status=", "timeout="]),
        ("print(n.rpc.Orders.get(st", ["status="]),
        ("n.oneway.Orders.rebuild(", ["id=", "status=", "fresh="]),
        ("n.emit.OrderPlaced(", ["order_id="]),
        ("n.rpc.Orders.get(zzz", []),
        ('n.rpc.Orders.get("', []),
    ],
)
def test_arguments_of_a_call(line: str, offered: list[str]) -> None:
    assert completed(line) == offered


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("n.rpc.Orders.get(status=", ['"placed"', '"paid"']),
        ('n.rpc.Orders.get(status="', ['placed"', 'paid"']),
        ("n.rpc.Orders.get(status='pl", ["placed'"]),
        ("n.rpc.Orders.get(fresh=T", ["True"]),
        ('n.rpc.Orders.get(id="', []),
        ('print("n.rpc.', []),
    ],
)
def test_values_of_an_argument(line: str, offered: list[str]) -> None:
    assert completed(line) == offered


def test_names_of_the_session_are_offered_where_a_value_stands() -> None:
    assert completed("n.rpc.Orders.get(id=order_i", order_id="7") == ["order_id"]
    # Later versions of Python add the closing bracket, too.
    assert [match.partition("(")[0] for match in completed("text.isdig", text="x")] == ["text.isdigit"]
    assert completed("n.rpc.Orders.get(id=(uu", uuid4=1) == ["uuid4"]


def test_an_unfinished_call_of_something_else_completes_names_without_running_it() -> None:
    assert "bomb" in completed("bomb.trap(bo", bomb=Explosive())


def test_tab_indents_an_empty_line() -> None:
    assert completed("") == ["\t"]
