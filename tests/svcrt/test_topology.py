import msgspec

from svcrt import contract, topology
from svcrt.types import Binding, Exchange, Queue


class Placed(msgspec.Struct, kw_only=True):
    id: str


PLACED = contract.Event(name="acme.orders.v1.OrderPlaced", payload=Placed)
SERVICE = "acme.billing.v1.Billing"


def subscription(delivery: contract.Delivery) -> contract.Subscription:
    return contract.Subscription(event=PLACED, name="onPlaced", stub="on_placed", delivery=delivery)


def test_exchanges() -> None:
    assert (
        Exchange(name="svc.dead", type="direct"),
        Exchange(name="svc.rpc", type="direct"),
        Exchange(name="svc.job", type="direct"),
        Exchange(name="svc.event", type="topic"),
        Exchange(name="svc.socket", type="direct"),
        Exchange(name="svc.back", type="direct", alternate="svc.dead"),
    ) == topology.EXCHANGES


def test_queues_of_calls() -> None:
    assert topology.rpc_queue(SERVICE) == Queue(
        name="svc.rpc.acme.billing.v1.Billing",
        arguments={"x-expires": 60_000, "x-max-length": 10_000, "x-overflow": "reject-publish"},
        bindings=(Binding("svc.rpc", SERVICE),),
    )
    assert topology.reply_queue() == Queue(name="", durable=False, exclusive=True)
    assert topology.job_queue(SERVICE) == Queue(
        name="svc.job.acme.billing.v1.Billing",
        bindings=(Binding("svc.job", SERVICE), Binding("svc.back", "svc.job.acme.billing.v1.Billing")),
    )


def test_queues_of_events() -> None:
    binding = Binding("svc.event", "acme.orders.v1.OrderPlaced")
    pool = topology.event_queue(SERVICE, subscription(contract.Delivery.POOL))
    name = "svc.event.acme.orders.v1.OrderPlaced--acme.billing.v1.Billing.onPlaced"
    assert pool == Queue(name=name, bindings=(binding, Binding("svc.back", name)))
    singleton = topology.event_queue(SERVICE, subscription(contract.Delivery.SINGLETON))
    name = "svc.event.acme.orders.v1.OrderPlaced"
    assert singleton == Queue(name=name, bindings=(binding, Binding("svc.back", name)))
    broadcast = topology.event_queue(SERVICE, subscription(contract.Delivery.BROADCAST))
    assert broadcast == Queue(name="", durable=False, exclusive=True, bindings=(binding,))


def test_queues_of_the_way_back() -> None:
    assert topology.retry_exchange(90_000) == Exchange(name="svc.retry.90s", type="fanout")
    assert topology.retry_queue(90_000) == Queue(
        name="svc.retry.90s",
        arguments={"x-message-ttl": 90_000, "x-dead-letter-exchange": "svc.back"},
        bindings=(Binding("svc.retry.90s", ""),),
    )
    assert topology.suspect_queue("svc.job.x") == Queue(name="svc.suspect.svc.job.x")


def test_queue_of_sockets() -> None:
    assert topology.socket_queue(["acme.chat.v1.Chat.live"], "k3f9") == Queue(
        name="",
        durable=False,
        exclusive=True,
        arguments={"x-max-length": 10_000},
        bindings=(
            Binding("svc.socket", "acme.chat.v1.Chat.live"),
            Binding("svc.socket", "acme.chat.v1.Chat.live@k3f9"),
        ),
    )


def test_queues_of_timers_and_the_dead() -> None:
    assert topology.timer_queue(SERVICE, "nightly") == Queue(
        name="svc.timer.acme.billing.v1.Billing.nightly", arguments={"x-single-active-consumer": True}
    )
    assert topology.dead_queue(SERVICE, "svc.job.x") == Queue(
        name="svc.dead.acme.billing.v1.Billing",
        bindings=(Binding("svc.dead", SERVICE), Binding("svc.dead", "svc.job.x")),
    )


def test_a_service_gets_what_its_contract_needs() -> None:
    service = contract.Service(
        name=SERVICE,
        rpcs=(contract.Rpc(service=SERVICE, name="charge", stub="charge", arguments=Placed, result=None),),
        oneways=(
            contract.Oneway(
                service=SERVICE,
                name="remind",
                stub="remind",
                arguments=Placed,
                retry=contract.Retry(attempts=4, backoff_from=1.0, backoff_to=3.0),
            ),
        ),
        subscriptions=tuple(map(subscription, contract.Delivery)),
        timers=(
            contract.Timer(name="nightly", stub="nightly", every=1.0),
            contract.Timer(name="here", stub="here", every=1.0, per_instance=True),
        ),
    )
    built = topology.service_topology(service)
    # The job names its delays; the events have those that hold by default. The broadcast has none.
    delays = ["1s", "2s", "3s", "5s", "30s", "5m", "30m"]
    assert built.exchanges == (
        *topology.EXCHANGES,
        *(Exchange(name=f"svc.retry.{delay}", type="fanout") for delay in delays),
    )
    job = f"svc.job.{SERVICE}"
    pool = "svc.event.acme.orders.v1.OrderPlaced--acme.billing.v1.Billing.onPlaced"
    singleton = "svc.event.acme.orders.v1.OrderPlaced"
    assert {queue.name for queue in built.queues} == {
        f"svc.rpc.{SERVICE}",
        job,
        pool,
        singleton,
        *(f"svc.suspect.{queue}" for queue in (job, pool, singleton)),
        *(f"svc.retry.{delay}" for delay in delays),
        f"svc.timer.{SERVICE}.nightly",
        f"svc.dead.{SERVICE}",
    }
    dead = next(queue for queue in built.queues if queue.name.startswith("svc.dead"))
    assert [binding.key for binding in dead.bindings] == [SERVICE, job, pool, singleton]


def test_quorum_queues_carry_their_type_and_park_what_the_broker_gives_up() -> None:
    service = contract.Service(
        name=SERVICE,
        rpcs=(contract.Rpc(service=SERVICE, name="charge", stub="charge", arguments=Placed, result=None),),
        oneways=(contract.Oneway(service=SERVICE, name="remind", stub="remind", arguments=Placed),),
        subscriptions=tuple(map(subscription, contract.Delivery)),
        timers=(contract.Timer(name="nightly", stub="nightly", every=1.0),),
    )
    queues = {queue.name: queue for queue in topology.service_topology(service, topology.QUORUM).queues}
    job = f"svc.job.{SERVICE}.quorum"
    pool = f"svc.event.acme.orders.v1.OrderPlaced--{SERVICE}.onPlaced.quorum"
    singleton = "svc.event.acme.orders.v1.OrderPlaced.quorum"
    dead = f"svc.dead.{SERVICE}.quorum"
    suspects = {f"svc.suspect.{each}" for each in (job, pool, singleton)}
    classic = {name for name in queues if not name.endswith(".quorum")}
    assert set(queues) - classic == {job, pool, singleton, dead, *suspects}
    assert all("x-queue-type" not in queues[name].arguments for name in classic)
    for name, key in ((job, SERVICE), (pool, "acme.orders.v1.OrderPlaced")):
        assert queues[name].arguments == {
            "x-queue-type": "quorum",
            "x-delivery-limit": 20,
            "x-dead-letter-exchange": "svc.dead",
            "x-dead-letter-routing-key": name,
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
        }
        assert key in [binding.key for binding in queues[name].bindings]
    # What they hold must not be given up by the broker: nobody would get it, or each looking would take it nearer.
    for name in (singleton, dead, *suspects):
        assert queues[name].arguments == {"x-queue-type": "quorum", "x-delivery-limit": 2**31 - 1}
    assert [binding.key for binding in queues[dead].bindings] == [SERVICE, job, pool, singleton]
    for name in (job, pool, singleton):
        assert Binding("svc.back", name) in queues[name].bindings


def test_names_of_both_types() -> None:
    assert topology.dead_queue_names(SERVICE) == (f"svc.dead.{SERVICE}", f"svc.dead.{SERVICE}.quorum")
    assert topology.other_type("svc.job.a.B") == "svc.job.a.B.quorum"
    assert topology.other_type("svc.job.a.B.quorum") == "svc.job.a.B"
    assert [*map(topology.is_work_queue, ("svc.job.a.B", "svc.event.a.E", "svc.rpc.a.B", "amq.gen-x"))] == [
        True,
        True,
        False,
        False,
    ]
    bound = Queue(name="q", bindings=(Binding("x", "key"), Binding("back", "q")))
    assert topology.of_type(bound, topology.CLASSIC) == bound
    assert topology.of_type(bound, topology.QUORUM).bindings == (Binding("x", "key"), Binding("back", "q.quorum"))


def test_a_service_without_background_work_parks_nothing() -> None:
    built = topology.service_topology(contract.Service(name=SERVICE))
    assert built.queues == ()
