"""The whole-file example of the reference, the form of the model, and files that hold anything."""

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from svcidl.model import Enum, Oneway, ParameterSource, Rpc, Service, Struct, Union
from svcidl.pipeline import check

EXAMPLE = Path(__file__).with_name("example")


def test_the_example_is_clean() -> None:
    checked = check([EXAMPLE / "orders.idl"])
    assert checked.diagnostics == ()
    assert checked.model is not None
    packages = [(package.name, package.requested) for package in checked.model.packages]
    assert packages == [("acme.orders.v1", True), ("acme.common.v1", False), ("acme.billing.v1", False)]


def test_the_model_of_the_example() -> None:
    model = check([EXAMPLE / "orders.idl"]).model
    assert model is not None
    declared = {each.name: each for each in model.package("acme.orders.v1").declarations}
    service, order, status, payment = (declared[name] for name in ("Orders", "Order", "OrderStatus", "Payment"))
    assert isinstance(service, Service)
    assert isinstance(order, Struct)
    assert isinstance(status, Enum)
    assert isinstance(payment, Union)
    fields = {field.name: field for field in order.fields}
    assert fields["status"].default is status.values[0]
    assert fields["ship_to"].renamed == "address"
    assert fields["note"].doc == "Shown on the invoice."
    assert not fields["note"].required
    assert [variant.tag for variant in payment.variants] == ["Card", "Voucher", "Cash"]
    members = {member.name: member for member in service.members}
    place, rebuild = members["place"], members["rebuild"]
    assert isinstance(place, Rpc)
    assert isinstance(rebuild, Oneway)
    assert place.timeout_ms == 5_000
    assert place.http is not None
    assert (place.http.status, place.http.body) == (201, "draft")
    assert [(each.source, each.source_name) for each in place.parameters] == [
        (ParameterSource.BODY, "draft"),
        (ParameterSource.HEADER, "Idempotency-Key"),
    ]
    assert rebuild.http is not None
    assert rebuild.http.status == 202
    assert place.auth == "bearer"
    assert service.uses[0].service.name == "Billing"


def test_identity_across_packages() -> None:
    model = check([EXAMPLE / "orders.idl"]).model
    assert model is not None
    billing = model.package("acme.billing.v1").declarations[-1]
    orders = model.package("acme.orders.v1").declarations[-1]
    assert isinstance(orders, Service)
    assert orders.uses[0].service is billing


def test_damaged_files_never_raise(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    text = (EXAMPLE / "orders.idl").read_text(encoding="utf-8")
    chance = random.Random(20240131)
    for _ in range(60):
        damaged = text
        for _ in range(chance.choice([1, 2, 10])):
            place = chance.randrange(len(damaged))
            piece = chance.choice(["{", "}", "(", ")", '"', ",", ":", "=", "@", "///", "\0", "\n", ""])
            damaged = damaged[:place] + piece + damaged[place + chance.randrange(6) :]
        (tmp_path / "orders.idl").write_text(damaged, encoding="utf-8")
        checked = check([tmp_path / "orders.idl"])
        assert checked.model is not None or checked.diagnostics


HEAD = b"package a.b\n"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "E0112"),
        (HEAD + b"\0" * 1000, "E0103"),
        (HEAD + b"struct A { a: " + b"list<" * 10_000 + b"int" + b">" * 10_000 + b" }", "E0109"),
        (HEAD + b"struct A { a: " + b"list<" * 10_000 + b"int }", "E0101"),
        (HEAD + b"{" * 10_000, "E0101"),
        (HEAD + b"struct A { a: list<int> = " + b"[" * 10_000 + b" }", "E0101"),
        (HEAD + b"struct A { a: int = " + b"9" * 10_000 + b" }", "E0319"),
        (HEAD + b'import "a\\u0000b" as x', "E0205"),
        (random.Random(1).randbytes(20_000), "E0106"),
    ],
)
def test_hostile_files(tmp_path: Path, data: bytes, code: str) -> None:
    path = tmp_path / "hostile.idl"
    path.write_bytes(data)
    checked = check([path])
    assert checked.model is None
    assert code in {found.code for found in checked.diagnostics}


def test_long_chains_of_types(tmp_path: Path) -> None:
    path = tmp_path / "chain.idl"
    structs = "\n".join(f"struct S{n} {{ a: S{n + 1} }}" for n in range(2_000))
    aliases = "\n".join(f"alias A{n} = A{n + 1}" for n in range(500))
    path.write_text(f"package a.b\n{structs}\nstruct S2000 {{}}\n{aliases}\nalias A500 = int\n", encoding="utf-8")
    assert check([path]).diagnostics == ()


def test_importing_the_pipeline_does_not_import_lark() -> None:
    code = "import sys, svcidl.pipeline; sys.exit('lark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
