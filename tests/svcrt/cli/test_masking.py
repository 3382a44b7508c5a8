"""Secrets do not show."""

import pytest

from svcrt.cli.masking import masked, masked_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("amqp://guest:secret@host:5672/", "amqp://guest:***@host:5672/"),
        ("amqp://guest:p%40ss@host", "amqp://guest:***@host"),
        ("amqp://guest:p/q@host/", "amqp://guest:***@host/"),
        ("two: amqp://a:b@c and redis://:d@e", "two: amqp://a:***@c and redis://:***@e"),
        ("amqp://guest@host/", "amqp://guest@host/"),
        ("http://host:80/a", "http://host:80/a"),
        ("no url: a@b", "no url: a@b"),
    ],
)
def test_passwords_in_urls(text: str, shown: str) -> None:
    assert masked_text(text) == shown


def test_keys_that_look_secret_hide_their_values_at_any_depth() -> None:
    content = {
        "apiKey": "a",
        "mail": {"SMTP_PASSWORD": "b", "host": "smtp"},
        "tokens": ["c"],
        "list": [{"client-secret": "d"}],
        "monkey": "e",
        "database": "postgres://u:f@h/db",
        "port": 5,
    }
    assert masked(content) == {
        "apiKey": "***",
        "mail": {"SMTP_PASSWORD": "***", "host": "smtp"},
        "tokens": "***",
        "list": [{"client-secret": "***"}],
        "monkey": "e",
        "database": "postgres://u:***@h/db",
        "port": 5,
    }
