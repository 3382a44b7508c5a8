"""`--show-config`."""

import re
from pathlib import Path

from svcrt.cli.show_config import table
from svcrt.config import Flag, load


def test_each_setting_with_value_and_origin(tmp_path: Path) -> None:
    path = tmp_path / "svcgen.toml"
    path.write_text(
        "broker = 'amqp://u:secret@h/'\n[config]\nstarted = 2026-01-31\n[config.api]\ntoken = 'secret'\nport = 1\n",
        encoding="utf-8",
    )
    configuration = load(tmp_path, environment={"SVCGEN_DRAIN": "5"}, flags={"http": Flag("--no-http", "off")})
    shown = table(configuration)
    assert [line.split("  ")[0] for line in shown.splitlines()] == [
        "services",
        "broker",
        "http",
        "origins",
        "admin",
        "workers",
        "max_workers",
        "drain",
        "heartbeat",
        "link",
        "encoding",
        "queues",
        "wait_for_service",
        "middleware",
        "log_level",
        "log_format",
        "config.started",
        "config.api",
    ]
    rows = {line.split("  ")[0]: [part.strip() for part in line.split("  ") if part][1:] for line in shown.splitlines()}
    assert rows["services"] == ["[]", "default"]
    assert rows["broker"] == ['["amqp://u:***@h/"]', str(path)]
    assert rows["http"] == ["off", "--no-http"]
    assert rows["admin"] == ["off", "default"]
    assert rows["workers"] == ["1", "default"]
    assert rows["drain"] == ["5.0", "environment variable SVCGEN_DRAIN"]
    assert rows["config.started"] == ['"2026-01-31"', str(path)]
    assert rows["config.api"] == ['{"token": "***", "port": 1}', str(path)]
    assert "secret" not in shown


def test_without_a_broker_the_embedded_one_is_shown(tmp_path: Path) -> None:
    assert re.search("(?m)^broker +embedded +default$", table(load(tmp_path, environment={})))
