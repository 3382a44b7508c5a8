"""One fault after the other, for a minute here and a day by hand: nothing is lost, doubled, hung or leaked.

    SVCGEN_SOAK_SECONDS=86400 SVCGEN_SOAK_SEED=7 .venv/bin/pytest -n 0 tests/faults/test_soak.py

SVCGEN_SOAK_CONCURRENCY chooses the back end of the services, `green` or `threads`.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rabbitmq_node import RabbitMQNode
from soak import Soak

pytestmark = [pytest.mark.rabbitmq, pytest.mark.slow]

_SECONDS = os.environ.get("SVCGEN_SOAK_SECONDS")
_SEED = int(os.environ.get("SVCGEN_SOAK_SEED", "1"))
_CONCURRENCY = os.environ.get("SVCGEN_SOAK_CONCURRENCY", "green")


@pytest.fixture(scope="module")
def soaked_node() -> Iterator[RabbitMQNode]:
    """A node of the soak's own: what others hold there would count as leaked."""
    with RabbitMQNode() as node:
        yield node


@pytest.mark.timeout(max(400.0, 3 * float(_SECONDS or 0)))
@pytest.mark.parametrize(("kind", "seconds"), [("fast", 60.0), ("stock", 20.0)])
def test_soak(
    soaked_node: RabbitMQNode,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
    kind: str,
    seconds: float,
) -> None:
    """Three instances and two clients under fault after fault: the ledger balances, and nothing has grown."""
    with Soak(soaked_node, tmp_path, seed=_SEED, concurrency=_CONCURRENCY, link=kind) as soak:
        wrong = soak.run(float(_SECONDS or seconds))
    # Shown in the end, from whatever process.
    record_property("soak", str(soak.totals))
    assert not wrong, f"{soak.totals}\n" + "\n".join(wrong[:20])
