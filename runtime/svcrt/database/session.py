"""The provider of sessions: one per worker, committed on success, rolled back on error, closed always."""

from sqlalchemy.orm import DeclarativeBase, DeclarativeBaseNoMeta
from sqlalchemy.orm import Session as OrmSession

from svcrt.context import WorkerContext
from svcrt.database.engine import Database
from svcrt.database.settings import DEFAULT_SECTION, database_settings
from svcrt.providers import DependencyProvider
from svcrt.types import Outcome


class Session(DependencyProvider[OrmSession]):
    """Gives every worker a `sqlalchemy.orm.Session` of its own.

        db = Session(Base)  # self.db; the database is the `url` in [config.database]

    A connection is taken when the session is first used. After the method the session is committed, before any reply or
    acknowledgement leaves; it is rolled back when the method or another provider failed, with a declared error, too. A
    commit that fails fails the request. All services of a process that name a database with the same settings share
    one engine.

    Args:
        bases: declarative bases; their tables are made when the settings say `create_tables`.
        section: the table below `[config]` that names the database; see `DatabaseSettings` for its keys.
    """

    def __init__(
        self, *bases: type[DeclarativeBase] | type[DeclarativeBaseNoMeta], section: str = DEFAULT_SECTION
    ) -> None:
        self._bases = bases
        self._section = section

    def setup(self) -> None:
        """Read the settings and ask for the process's engine.

        Raises:
            ConfigError: the database is not named, or its settings are wrong.
            StartError: there is no driver for its URL.
        """
        settings = database_settings(self.container.config, self._section)
        self._database = self.container.share(Database, settings, self.container.concurrency.name)
        self._database.expect(self.container.max_workers, (base.metadata for base in self._bases))

    def get_dependency(self, context: WorkerContext) -> OrmSession:
        """Return a new session, not yet connected."""
        session = context.data[self._key] = OrmSession(self._database.engine)
        return session

    def worker_result(self, context: WorkerContext, outcome: Outcome) -> None:
        """Commit or roll back. What the database refuses at the commit fails the request."""
        session: OrmSession = context.data[self._key]
        if outcome.error is None:
            session.commit()
        else:
            session.rollback()

    def worker_teardown(self, context: WorkerContext) -> None:
        """Close: the connection goes back to the pool, which drops one that was interrupted in a statement."""
        session: OrmSession = context.data.pop(self._key)
        session.close()

    @property
    def _key(self) -> str:
        return f"svcrt.Session {self.name}"
