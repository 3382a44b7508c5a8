"""What a run says when its workers have found their services: what is served, through which broker, where HTTP is."""

from collections.abc import Sequence

from svcrt.cli.masking import masked_text
from svcrt.config import Address


def lines(
    *,
    services: Sequence[str],
    brokers: Sequence[str],
    embedded: str | None,
    http: Address | None,
    wanted: Address | None,
    admin: Address | None = None,
) -> list[str]:
    """Return one line for each thing.

    Args:
        services: full names, each with the class that implements it.
        brokers: URLs; passwords are masked.
        embedded: what to say of the embedded broker, None for another broker.
        http: where HTTP listens, if it does.
        wanted: where it was to listen.
        admin: where the admin port is, if there is one.
    """
    said = [f"service  {service}" for service in services]
    said += [f"broker   {masked_text(url)}" + (f" ({embedded})" if embedded else "") for url in brokers]
    if http is not None:
        is_moved = wanted is not None and wanted.port not in (0, http.port)
        said.append(f"http     http://{http}" + (f" (port {wanted.port} is in use)" if wanted and is_moved else ""))
    if admin is not None:
        said.append(f"admin    http://{admin} (/live, /ready)")
    return said
