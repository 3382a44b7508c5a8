"""SQLAlchemy sessions for services: everything here needs the extra `sqlalchemy`."""

try:
    import sqlalchemy  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "sqlalchemy":
        raise
    # Raised anew: `svcgen run` shows the text of an ImportError, and this one must say what to do.
    raise ImportError("svcrt.Session needs SQLAlchemy: pip install 'svcgen[sqlalchemy]'") from None

from svcrt.database.session import Session

__all__ = ["Session"]
