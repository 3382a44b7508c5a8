"""Intake: one contract for whoever asks, and two more ways in that the contract knows nothing of."""

from decimal import Decimal
from pathlib import Path
from typing import final

import msgspec

from intake.folder import FolderWatcher
from intake.ledger import Ledger
from intake.legacy import LegacyQueue
from intake.v1 import IntakeBase, Invoice, InvoiceReceived, Origin, UnknownInvoice
from svcrt import Logger
from svcrt.types import Queue


class InvoiceFile(msgspec.Struct, forbid_unknown_fields=True):
    """What a file holds: `{"number": "F-1", "customer": "Ada", "amount": 12.5}`."""

    number: str
    customer: str
    amount: Decimal


class LegacyInvoice(msgspec.Struct, rename={"number": "InvoiceNo", "customer": "Cust", "total": "Total"}):
    """What the legacy system sends: `{"InvoiceNo": "L-1", "Cust": "Ada", "Total": "12,50"}`."""

    number: str
    customer: str
    total: str


@final
class Intake(IntakeBase):
    """Enters invoices, wherever they come from."""

    ledger = Ledger()
    log = Logger()

    def get(self, *, number: str) -> Invoice:
        invoice = self.ledger.find(number)
        if invoice is None:
            raise UnknownInvoice(number=number)
        return invoice

    def take_file(self, *, path: Path) -> None:
        read = msgspec.json.decode(path.read_bytes(), type=InvoiceFile)
        self._enter(Invoice(number=read.number, customer=read.customer, amount=read.amount, origin=Origin.FILE))

    def take_legacy(self, *, message: LegacyInvoice) -> None:
        amount = Decimal(message.total.replace(".", "").replace(",", "."))
        self._enter(Invoice(number=message.number, customer=message.customer, amount=amount, origin=Origin.LEGACY))

    def _enter(self, invoice: Invoice) -> None:
        if self.ledger.find(invoice.number) is not None:
            self.log.info("invoice %s has come in before", invoice.number)
            return
        # Announced before it is entered: a crash in between announces it again rather than never.
        self.publish.invoice_received(InvoiceReceived(invoice=invoice))
        self.ledger.enter(invoice)
        self.log.info("invoice %s over %s from %s", invoice.number, invoice.amount, invoice.origin.value)

    # The methods themselves, not their names: the type checkers see whether they can be called so.
    inbox = FolderWatcher("inbox", calls=take_file, every=0.2)
    legacy = LegacyQueue(Queue(name="legacy.invoices"), LegacyInvoice, calls=take_legacy)
