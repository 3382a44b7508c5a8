"""Which messages a filter of `tail` means."""

import pytest

from svcrt.cli.sightings import is_wanted

NAME = "acme.orders.v1.Orders.get"


@pytest.mark.parametrize("wanted", ["Orders", "Orders.get", "get", "acme.orders.*", "Order*", "v1.Orders", NAME, "*"])
def test_these_mean_a_method(wanted: str) -> None:
    assert is_wanted(NAME, ["nothing", wanted])


@pytest.mark.parametrize("other", ["Order", "orders", "Orders.ge", "rders.get", "Orders.get.x", "acme.v1.Orders", ""])
def test_these_mean_something_else(other: str) -> None:
    assert not is_wanted(NAME, [other])


def test_no_filter_means_everything() -> None:
    assert is_wanted(NAME, [])
