"""The entrypoint of a service's `oneway` methods: one durable queue of background jobs."""

from typing import Any

from svcrt import topology, wire
from svcrt.amqp.durable import DurableEntrypoint, Task
from svcrt.codec import codec
from svcrt.contract import Oneway, Service
from svcrt.errors import Fault, InvalidValue
from svcrt.types import Message


def job_entrypoint(service: Service, queue_type: str = topology.CLASSIC) -> DurableEntrypoint:
    """Return what runs the jobs of `service`."""
    methods = {method.name: method for method in service.oneways}
    queue = topology.job_queue(service.name, queue_type)
    return DurableEntrypoint(queue, lambda message: read_job(message, methods), queue_type=queue_type)


def read_job(message: Message, methods: dict[str, Oneway[Any]]) -> Task:
    """Find the method and read its arguments. Raises InvalidValue."""
    method = methods.get(message.type or "")
    if method is None:
        known = ", ".join(sorted(methods))
        raise InvalidValue((Fault("$properties.type", f"no oneway of this name; there are: {known}"),))
    arguments = codec(method.arguments).decode(message.body, packed=wire.is_packed(message))
    return Task(
        method=method.name,
        stub=method.stub,
        arguments={name: getattr(arguments, name) for name in arguments.__struct_fields__},
        retry=method.retry,
    )
