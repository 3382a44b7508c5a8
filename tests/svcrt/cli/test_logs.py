"""Log records as text and as JSON."""

import json
import logging
import os
import re
import sys

import pytest

from svcrt.cli.logs import JsonFormatter, TextFormatter, configure


def record(**extra: object) -> logging.LogRecord:
    made = logging.LogRecord("shop.orders", logging.WARNING, "orders.py", 1, "paid %d", (5,), None)
    vars(made).update(extra)
    return made


def with_error(made: logging.LogRecord) -> logging.LogRecord:
    try:
        raise ValueError("odd")
    except ValueError:
        made.exc_info = sys.exc_info()
    return made


def test_text() -> None:
    line = TextFormatter().format(record(call_id="c-1"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} warning shop\.orders: paid 5 \[c-1\]", line)


def test_text_of_several_processes_says_whose_it_is() -> None:
    line = TextFormatter(names_process=True).format(record())
    assert re.search(rf"\.\d{{3}} {os.getpid()} warning shop\.orders: paid 5$", line)


def test_text_without_call_but_with_traceback() -> None:
    first, *below = TextFormatter().format(with_error(record())).splitlines()
    assert first.endswith(" warning shop.orders: paid 5")
    assert below[-1] == "ValueError: odd"


def test_text_commands_no_terminal_and_ours_is_one_line() -> None:
    hostile = logging.LogRecord("svcrt.amqp", logging.WARNING, "x.py", 1, "no %s", ("\x1b[2J\x9b\nforged",), None)
    assert TextFormatter().format(hostile).endswith(r" warning svcrt.amqp: no \x1b[2J\x9b\nforged")
    hostile.exc_info = (ValueError, ValueError("\x1b[2J"), None)
    assert TextFormatter().format(hostile).endswith("\nValueError: \\x1b[2J")
    hostile.exc_info = hostile.exc_text = None
    hostile.name = "shop.orders"
    assert TextFormatter().format(hostile).endswith(" warning shop.orders: no \\x1b[2J\\x9b\nforged")


def test_json_has_one_line_with_everything() -> None:
    line = JsonFormatter().format(with_error(record(call_id="c-1", order={1})))
    assert "\n" not in line
    content = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", content.pop("time"))
    assert content.pop("error").endswith("ValueError: odd")
    assert content == {
        "pid": os.getpid(),
        "level": "warning",
        "logger": "shop.orders",
        "message": "paid 5",
        "call_id": "c-1",
        "order": "{1}",
    }


def test_configure_keeps_the_level_and_writes_to_standard_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", list(root.handlers))
    level = root.level
    try:
        configure(level="warning", style="json")
        logging.getLogger("a").info("hidden")
        logging.getLogger("a").warning("shown")
    finally:
        root.setLevel(level)
    out, err = capsys.readouterr()
    assert out == ""
    assert [json.loads(line)["message"] for line in err.splitlines()] == ["shown"]
