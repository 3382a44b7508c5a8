"""What the office keeps."""

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Its only table."""


class Parcel(Base):
    __tablename__ = "parcels"

    id: Mapped[int] = mapped_column(primary_key=True)
    to: Mapped[str]
    shelf: Mapped[str] = mapped_column(default="")
