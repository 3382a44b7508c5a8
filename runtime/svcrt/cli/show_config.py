"""`--show-config`: every setting, its value with secrets masked, and where it came from."""

import dataclasses
import json

from svcrt.cli.masking import masked
from svcrt.config import Address, Configuration


def table(configuration: Configuration) -> str:
    """Return one line per setting: key, value as JSON or a word, origin."""
    rows = [
        (field.name, _shown(field.name, getattr(configuration.settings, field.name)), configuration.origins[field.name])
        for field in dataclasses.fields(configuration.settings)
        if field.name != "config"
    ]
    for name, value in configuration.settings.config.items():
        rows.append((f"config.{name}", _json(masked(value, name)), configuration.origins["config"]))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "\n".join(f"{key:<{widths[0]}}  {value:<{widths[1]}}  {origin}" for key, value, origin in rows)


def _shown(key: str, value: object) -> str:
    if key == "broker" and not value:
        return "embedded"
    if key in ("http", "admin"):
        return str(value) if isinstance(value, Address) else "off"
    return value if isinstance(value, str) else _json(masked(value))


def _json(value: object) -> str:
    # TOML knows dates and times, JSON does not.
    return json.dumps(value, ensure_ascii=False, default=str)
