"""What probe.v1 takes, gives, announces and hears. Tables only."""

from __future__ import annotations

from typing import Annotated, Final

from probe_v1 import types
from svcrt.generated import (
    Delivery,
    Event,
    HttpBinding,
    HttpParameter,
    Meta,
    Oneway,
    Retry,
    Rpc,
    Service,
    Source,
    Struct,
    Subscription,
    Timer,
)


class ProbeAskArguments(Struct, kw_only=True):
    """Arguments of `Probe.ask`."""

    question: Annotated[str, Meta(max_length=100_000)]


class ProbeAgainArguments(Struct, kw_only=True):
    """Arguments of `Probe.again`."""

    question: str


class ProbeOneAtATimeArguments(Struct, kw_only=True):
    """Arguments of `Probe.one_at_a_time`."""

    question: str


class ProbeRememberArguments(Struct, kw_only=True):
    """Arguments of `Probe.remember`."""

    text: str


class RelayPassOnArguments(Struct, kw_only=True):
    """Arguments of `Relay.pass_on`."""

    question: str


HAPPENED: Final = Event(name="probe.v1.Happened", payload=types.Happened)

PROBE_ASK: Final[Rpc[ProbeAskArguments, str]] = Rpc(
    service="probe.v1.Probe",
    name="ask",
    stub="ask",
    arguments=ProbeAskArguments,
    result=str,
    errors=(types.Refusal,),
)
PROBE_AGAIN: Final[Rpc[ProbeAgainArguments, types.Note]] = Rpc(
    service="probe.v1.Probe",
    name="again",
    stub="again",
    arguments=ProbeAgainArguments,
    result=types.Note,
    idempotent=True,
)
PROBE_ONE_AT_A_TIME: Final[Rpc[ProbeOneAtATimeArguments, None]] = Rpc(
    service="probe.v1.Probe",
    name="one_at_a_time",
    stub="one_at_a_time",
    arguments=ProbeOneAtATimeArguments,
    result=None,
    concurrency=1,
)
PROBE_REMEMBER: Final[Oneway[ProbeRememberArguments]] = Oneway(
    service="probe.v1.Probe",
    name="remember",
    stub="remember",
    arguments=ProbeRememberArguments,
    retry=Retry(attempts=0),
)
PROBE: Final = Service(
    name="probe.v1.Probe",
    rpcs=(PROBE_ASK, PROBE_AGAIN, PROBE_ONE_AT_A_TIME),
    oneways=(PROBE_REMEMBER,),
)

RELAY_PASS_ON: Final[Rpc[RelayPassOnArguments, str]] = Rpc(
    service="probe.v1.Relay",
    name="pass_on",
    stub="pass_on",
    arguments=RelayPassOnArguments,
    result=str,
    http=HttpBinding(
        method="GET",
        path="/relay/{question}",
        status=200,
        parameters=(HttpParameter("question", Source.PATH, "question"),),
    ),
)
RELAY: Final = Service(name="probe.v1.Relay", rpcs=(RELAY_PASS_ON,), publishes=(HAPPENED,))

LISTENER_ON_POOL: Final = Subscription(event=HAPPENED, name="on_pool", stub="on_pool", retry=Retry(attempts=0))
LISTENER_ON_BROADCAST: Final = Subscription(
    event=HAPPENED,
    name="on_broadcast",
    stub="on_broadcast",
    delivery=Delivery.BROADCAST,
    retry=Retry(attempts=0),
)
LISTENER_ON_SINGLETON: Final = Subscription(
    event=HAPPENED,
    name="on_singleton",
    stub="on_singleton",
    delivery=Delivery.SINGLETON,
    retry=Retry(attempts=0),
)
LISTENER: Final = Service(
    name="probe.v1.Listener", subscriptions=(LISTENER_ON_POOL, LISTENER_ON_BROADCAST, LISTENER_ON_SINGLETON)
)

CLOCK_TICK: Final = Timer(name="tick", stub="tick", every=0.1)
CLOCK_BEAT: Final = Timer(name="beat", stub="beat", every=0.1, per_instance=True)
CLOCK: Final = Service(name="probe.v1.Clock", timers=(CLOCK_TICK, CLOCK_BEAT))
