"""The settings of one database: a table below `[config]`."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from svcrt.errors import ConfigError
from svcrt.providers import read_settings

DEFAULT_SECTION = "database"


class DatabaseSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `[config.database]` may say.

    Attributes:
        url: as SQLAlchemy writes it: `sqlite:///orders.db`, `postgresql://user@host/name`.
        create_tables: make the tables that are missing before the service starts; for development and tests.
        echo: log every statement with its parameters.
        pool_size: connections that are kept; the workers of all services that use this database if left out.
        max_overflow: connections beyond `pool_size` that are opened under pressure and closed after use.
        pool_timeout: seconds that a worker waits for a free connection.
        pool_recycle: seconds after which a connection is replaced by a new one; never if left out.
    """

    url: str
    create_tables: bool = False
    echo: bool = False
    pool_size: Annotated[int, msgspec.Meta(ge=1)] | None = None
    max_overflow: Annotated[int, msgspec.Meta(ge=0)] = 0
    pool_timeout: Annotated[float, msgspec.Meta(ge=0)] = 30.0
    pool_recycle: Annotated[int, msgspec.Meta(ge=1)] | None = None


def database_settings(config: Mapping[str, Any], section: str) -> DatabaseSettings:
    """Read the database's table from the application's settings.

    Raises:
        ConfigError: there is no URL, or a key is unknown or wrong.
    """
    table = read_settings(config, dict[str, Any] | str, section=section)
    if isinstance(table, str) or not table.get("url"):
        raise ConfigError(
            f'no database is named: set `url` in [config.{section}] of svcgen.toml, as in url = "sqlite:///orders.db"'
        )
    settings: DatabaseSettings = read_settings(config, DatabaseSettings, section=section)
    return settings
