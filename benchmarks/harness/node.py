"""The private RabbitMQ node of a benchmark: the one that the tests use, on free ports, gone when the script ends."""

import importlib.util
from pathlib import Path
from typing import Any

_SOURCE = Path(__file__).parents[2] / "tests" / "support" / "rabbitmq_node.py"


def rabbitmq_node(**settings: str) -> Any:
    """Return a `RabbitMQNode` to enter; `settings` are lines of rabbitmq.conf, `__` for a point.

    Raises:
        SystemExit: RabbitMQ is not installed.
    """
    spec = importlib.util.spec_from_file_location("rabbitmq_node", _SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not module.server_installed():
        raise SystemExit(f"RabbitMQ is not installed ({module.RABBITMQ_SERVER}): `apt-get install rabbitmq-server`")
    return module.RabbitMQNode({key.replace("__", "."): value for key, value in settings.items()})
