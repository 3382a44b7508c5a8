"""What the shop keeps: its tables, declared with SQLAlchemy. What travels is declared in the IDL."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Connection, DateTime, Dialect, ForeignKey, Table, event, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from shop.orders.v1 import OrderStatus


class Euros(TypeDecorator[Decimal]):
    """An amount, kept in whole cents: SQLite has no decimal numbers."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value * 100)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-2)


class Moment(TypeDecorator[datetime]):
    """A point in time, kept in UTC: SQLite forgets the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=value.tzinfo or UTC)


class Base(DeclarativeBase):
    """All tables of the shop."""

    type_annotation_map = {Decimal: Euros, datetime: Moment}


class Article(Base):
    """What Stock keeps: one article, and how many lie on the shelf."""

    __tablename__ = "articles"

    sku: Mapped[str] = mapped_column(primary_key=True)
    price: Mapped[Decimal]
    left: Mapped[int]


class Order(Base):
    """What Orders keeps."""

    __tablename__ = "orders"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(default=OrderStatus.PLACED)
    total: Mapped[Decimal]
    note: Mapped[str | None]
    placed_at: Mapped[datetime] = mapped_column(index=True)
    lines: Mapped[list["Line"]] = relationship(order_by="Line.id", lazy="selectin")


class Line(Base):
    """Some pieces of one article in an order."""

    __tablename__ = "lines"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey(Order.id), index=True)
    sku: Mapped[str]
    quantity: Mapped[int]


class Invoice(Base):
    """What Billing keeps: at most one invoice for an order."""

    __tablename__ = "invoices"

    number: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(unique=True)
    amount: Mapped[Decimal]
    issued_at: Mapped[datetime]


@event.listens_for(Article.__table__, "after_create")
def fill_the_shelves(table: Table, connection: Connection, **options: object) -> None:
    """Give a new shop something to sell."""
    shelves = [("TEAPOT-1", "24.90", 40), ("CUP-6", "12.50", 200), ("KETTLE-2", "89.00", 3)]
    articles = [{"sku": sku, "price": Decimal(price), "left": left} for sku, price, left in shelves]
    connection.execute(insert(Article), articles)
