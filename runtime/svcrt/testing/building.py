"""Building a service object for unit tests."""

from typing import TypeVar

from svcrt.bases import ServiceBase
from svcrt.container import check_service
from svcrt.extensions import find_extensions
from svcrt.providers import DependencyProvider

ServiceT = TypeVar("ServiceT", bound=ServiceBase)


def build(service_class: type[ServiceT], **dependencies: object) -> ServiceT:
    """Return a service object as a worker would get it, with `dependencies` in the place of its providers'.

    Methods are called on it directly. Using a dependency that was not given raises AttributeError and names it.

        orders = build(Orders, billing=FakeBilling(), publish=recorder)
        assert orders.place(draft=draft).total == 3

    Raises:
        StartError: the class does not define all methods of its contract.
        TypeError: the class has no provider of that name.
    """
    check_service(service_class)
    known = [provider.name for provider in find_extensions(service_class, DependencyProvider)]
    unknown = sorted(set(dependencies) - set(known))
    if unknown:
        raise TypeError(
            f"{service_class.__name__} has no dependency `{unknown[0]}`; it has: {', '.join(known) or 'none'}"
        )
    service = service_class()
    vars(service).update(dependencies)
    return service
