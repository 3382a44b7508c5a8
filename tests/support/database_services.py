"""Tables of the database tests, and a service that keeps what it is asked."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from probe_services import Probe
from probe_v1 import Refusal
from svcrt import Session


class Base(DeclarativeBase):
    """The tables of the tests."""


class Entry(Base):
    """One thing that was said; nothing is said twice."""

    __tablename__ = "entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(unique=True)


class Keeper(Probe):
    """Keeps each question and answers with how many there are; `fail`, `refuse` and `leave` end as they say."""

    db = Session(Base)

    def ask(self, *, question: str) -> str:
        self.db.add(Entry(text=question))
        self.db.flush()
        if question == "fail":
            raise RuntimeError("told to fail")
        if question == "refuse":
            raise Refusal(reason="told to refuse")
        if question == "leave":
            raise SystemExit
        return str(self.db.scalar(select(func.count(Entry.id))))

    def one_at_a_time(self, *, question: str) -> None:
        self.db.add(Entry(text=question))

    def remember(self, *, text: str) -> None:
        self.db.add(Entry(text=text))


def config(url: str, **settings: object) -> Mapping[str, Any]:
    """Return the settings of an application that keeps its entries at `url`."""
    return {"database": {"url": url, "create_tables": True, **settings}}


__all__ = ["Base", "Entry", "Keeper", "config"]
