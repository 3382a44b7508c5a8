"""What a contract's members become on the broker."""

from svcrt.amqp.events import event_entrypoint
from svcrt.amqp.jobs import job_entrypoint
from svcrt.amqp.rpc import RpcEntrypoint
from svcrt.topology import CLASSIC
from svcrt.types import Container, Entrypoint


def broker_entrypoints(container: Container, *, queue_type: str = CLASSIC) -> list[Entrypoint]:
    """Return the entrypoints of a container's rpc, stream, oneway and event members.

    Args:
        queue_type: one of `topology.QUEUE_TYPES`, for jobs and events.
    """
    contract = container.contract
    found: list[Entrypoint] = []
    if contract.rpcs or contract.streams:
        found.append(RpcEntrypoint())
    if contract.oneways:
        found.append(job_entrypoint(contract, queue_type))
    found.extend(event_entrypoint(contract, subscription, queue_type) for subscription in contract.subscriptions)
    return found
