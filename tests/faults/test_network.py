"""What the network does to a service and its client: every promise holds meanwhile, and afterwards both work again."""

import time
from collections.abc import Callable

import pytest

import waiting
from fault_ledger import DONE
from fault_site import GRACE, HEARTBEAT, Site
from svcrt.testing import FaultProxy
from svcrt.testing.proxy import Direction

pytestmark = [pytest.mark.rabbitmq, pytest.mark.slow]

on_both_backends = pytest.mark.parametrize("concurrency", ["green", "threads"], indirect=True)
each_end = pytest.mark.parametrize("end", ["client", "service"])
each_way = pytest.mark.parametrize("way", ["upstream", "downstream"])
BALLAST = "x" * 300


def proxy_of(site: Site, end: str) -> FaultProxy:
    return site.client_proxy if end == "client" else site.service_proxy


def direction_of(site: Site, end: str, way: str) -> Direction:
    proxy = proxy_of(site, end)
    return proxy.upstream if way == "upstream" else proxy.downstream


def under(site: Site, fault: Callable[[], None], noticed: Callable[[], object], heal: Callable[[], None]) -> None:
    """Have a fault under load until it is noticed, heal it, and see that all works again and the ledger balances."""
    with site.load(ballast=BALLAST) as load:
        load.wait(10)
        fault()
        waiting.wait_until(noticed, what="a new connection")
        heal()
        load.wait(10)
    assert site.works()
    site.balance()


@pytest.mark.parametrize("fault", ["drop", "half_open"])
@each_end
@each_way
def test_silence(site: Site, fault: str, end: str, way: str) -> None:
    """A connection that has gone silent one way is given up after two heartbeats, though the other way goes on."""
    proxy, before = proxy_of(site, end), proxy_of(site, end).accepted
    under(
        site,
        getattr(direction_of(site, end, way), fault),
        lambda: proxy.accepted > before,
        proxy.heal,
    )


@pytest.mark.parametrize(("fault", "arguments"), [("reset", ()), ("cut_frame", (20,))])
@each_end
@each_way
def test_a_broken_connection(site: Site, fault: str, arguments: tuple[int, ...], end: str, way: str) -> None:
    """A connection that breaks, in the middle of a frame too, is made again at once; nothing half read is believed."""
    proxy, before = proxy_of(site, end), proxy_of(site, end).accepted
    under(
        site,
        lambda: getattr(direction_of(site, end, way), fault)(*arguments),
        lambda: proxy.accepted > before,
        proxy.heal,
    )


@pytest.mark.parametrize(("fault", "arguments"), [("delay", (0.4, 0.3)), ("throttle", (8000,))])
@each_way
def test_a_slow_network_is_not_a_dead_one(site: Site, fault: str, arguments: tuple[float, ...], way: str) -> None:
    """Calls over a slow network end as they should within their deadline, and no connection is given up."""
    proxies = (site.client_proxy, site.service_proxy)
    before = [proxy.accepted for proxy in proxies]
    with site.load(["rpc", "idempotent", "oneway", "event"], ballast=BALLAST) as load:
        load.wait(10)
        for end in ("client", "service"):
            getattr(direction_of(site, end, way), fault)(*arguments)
        load.wait(10)
        for proxy in proxies:
            proxy.heal()
        load.wait(10)
    assert [proxy.accepted for proxy in proxies] == before
    assert site.works()
    site.balance()


@on_both_backends
def test_the_downstream_black_hole(site: Site) -> None:
    """Requests arrive and replies never do: the caller is told by the heartbeat, long before its deadline."""
    site.client_proxy.downstream.drop()
    begun = time.monotonic()
    outcome = site.order("rpc", within=20.0)
    took = time.monotonic() - begun
    site.client_proxy.heal()
    assert outcome == "OutcomeUnknown"
    assert took < 3 * HEARTBEAT + GRACE
    runs = [entry.runs for entry in site.ledger.read().values() if "OutcomeUnknown" in entry.outcomes]
    assert runs[-1] == ["service"], "the request arrived"
    assert site.works()
    site.balance()


@on_both_backends
def test_the_black_hole_of_a_service(site: Site) -> None:
    """A service that hears nothing more from the broker notices it, comes back and runs what waited."""
    before = len(site.service.said)
    site.service_proxy.downstream.drop()
    assert site.order("event") == DONE, "the broker takes it for the service"
    silent = r"consumer: the connection to the broker is lost: the broker has been silent"
    site.service.wait_for(silent, since=before, within=3 * HEARTBEAT + GRACE)
    site.service_proxy.heal()
    assert site.works()
    site.balance()


@on_both_backends
@pytest.mark.parametrize("fault", ["refuse", "mute"])
def test_no_new_connections(site: Site, fault: str) -> None:
    """Without a connection calls end in NotSent at their deadline; afterwards the same objects work again."""
    for proxy in (site.client_proxy, site.service_proxy):
        getattr(proxy, fault)()
        proxy.reset()
    waiting.wait_until(lambda: site.order("rpc", within=0.5) == "NotSent")
    assert site.order("idempotent", within=0.5) == "NotSent"
    for proxy in (site.client_proxy, site.service_proxy):
        proxy.heal()
    assert site.works()
    site.balance()
