"""The parcel office and its depot."""

from collections.abc import Iterator
from pathlib import Path
from typing import final

from sqlalchemy import func, select

from svcrt import DueTime, Hub, Logger, Request, Response, Session, Socket
from tour import models
from tour.extensions import Desk, Mailbox
from tour.v1 import BellRung, DepotBase, DepotFull, OfficeBase, Parcel, ParcelCame, Shown
from tour.v1.contract import OFFICE_BOARD

PAGE = Path(__file__).with_name("page.html")


@final
class Office(OfficeBase):
    """Takes parcels in."""

    db = Session(models.Base)
    hub = Hub(OFFICE_BOARD)
    due = DueTime()
    desk = Desk()
    log = Logger()

    def take(self, *, to: str) -> Parcel:
        row = models.Parcel(to=to)
        self.db.add(row)
        self.db.flush()
        row.shelf = self.depot.shelve(to=to)  # if that raises, nothing was added
        parcel = Parcel(id=row.id, to=row.to, shelf=row.shelf)
        self.db.commit()  # before others hear of it
        self.publish.parcel_came(ParcelCame(parcel=parcel))
        return parcel

    def count(self) -> int:
        return self.db.scalar(select(func.count(models.Parcel.id))) or 0

    def list_all(self) -> Iterator[Parcel]:
        for row in self.db.scalars(select(models.Parcel).order_by(models.Parcel.id)):
            yield Parcel(id=row.id, to=row.to, shelf=row.shelf)

    def print_label(self, *, id: int) -> None:
        self.log.info("printed the label of parcel %d", id)

    def ring(self, *, hour: int) -> None:
        self.publish.bell_rung(BellRung(hour=hour))

    def who(self) -> str:
        return self.desk

    def show(self, event: ParcelCame) -> None:
        self.hub.broadcast("board", event.parcel)

    def hear_bell(self, event: BellRung) -> None:
        self.log.info("the bell rang at %d", event.hour)

    def board(self, socket: Socket[Shown, Parcel]) -> None:
        self.hub.subscribe(socket, "board")
        self.log.info("a board hangs")
        for shown in socket:
            self.log.info("a page shows parcel %d", shown.id)

    def page(self, request: Request) -> Response:
        return Response(PAGE.read_text(encoding="utf-8"), mimetype="text/html")

    def close_books(self) -> None:
        self.log.info("closed the books of %s", self.due and self.due.isoformat())

    def take_letter(self, *, text: str) -> None:
        self.log.info("a letter came for %s", self.take(to=text.strip()).to)

    mailbox = Mailbox("mail", calls=take_letter)


@final
class Depot(DepotBase):
    """Keeps them."""

    log = Logger()

    def shelve(self, *, to: str) -> str:
        if to == "Nobody":
            raise DepotFull(to=to)
        return f"shelf {to[0].upper()}"

    def weigh(self, event: ParcelCame) -> None:
        self.log.info("weighed parcel %d", event.parcel.id)
