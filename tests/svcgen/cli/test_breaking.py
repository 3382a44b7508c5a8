"""`svcgen breaking` as it is called: against revisions of a real git repository, folders, files and models."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from svcgen.cli import main

COMMON = "package shop.common.v1\nalias Sku = str(1..40)\n"
ORDERS = """package shop.orders.v1
import "common.idl" { Sku }

struct Draft {
  sku: Sku
  note: str?
}
service Orders {
  rpc place(draft: Draft) -> int
}
"""
TIGHTER = ORDERS.replace("note: str?", "note: str")


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"]
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(
        ["git", *who, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def commit(folder: Path, message: str) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two contracts in contracts/, whose parent folder is a repository of nobody."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    root = tmp_path / "shop"
    (root / "contracts").mkdir(parents=True)
    (root / "contracts" / "common.idl").write_text(COMMON)
    (root / "contracts" / "orders.idl").write_text(ORDERS)
    git(root, "init", "-q")
    commit(root, "first")
    monkeypatch.chdir(root)
    return root


def run(capsys: pytest.CaptureFixture[str], *arguments: str, form: str = "concise") -> tuple[int, str]:
    code = main(["breaking", *arguments, "--format", form])
    return code, capsys.readouterr().err


NULL = "error[B0106]: `Draft.note` refuses null now: `str?` became `str`: requests of old clients are refused (WIRE)\n"


def test_a_dirty_check_out_is_compared_and_left_as_it_is(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "contracts" / "orders.idl").write_text(TIGHTER)
    before = git(shop, "status", "--porcelain=v2")
    assert run(capsys, "contracts", "--against", "git:HEAD") == (1, f"contracts/orders.idl:6:3: {NULL}")
    assert run(capsys, "contracts/orders.idl", "--against", "git:main")[0] == 1
    assert git(shop, "status", "--porcelain=v2") == before


def test_nothing_breaks(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--against", "git:HEAD") == (0, "nothing breaks against git:HEAD in 2 packages\n")


def test_the_old_line_is_quoted_from_the_revision(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "contracts" / "orders.idl").write_text("// One line more.\n" + TIGHTER)
    _, text = run(capsys, "contracts", "--against", "git:HEAD", form="full")
    assert "--> contracts/orders.idl:7:3" in text
    assert "::: HEAD:contracts/orders.idl:6:3" in text
    assert "6 |   note: str?\n" in text
    assert "7 |   note: str\n" in text
    assert "help: keep the `?`" in text


def test_formats_for_machines(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "contracts" / "orders.idl").write_text(TIGHTER)
    assert main(["breaking", "contracts", "--against", "git:HEAD", "--format", "json"]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert (found["code"], found["category"], found["line"]) == ("B0106", "WIRE", 6)
    assert found["notes"][0]["file"] == "HEAD:contracts/orders.idl"
    assert main(["breaking", "contracts", "--against", "git:HEAD", "--format", "sarif"]) == 1
    (log,) = json.loads(capsys.readouterr().out)["runs"]
    assert [result["ruleId"] for result in log["results"]] == ["B0106"]
    assert main(["breaking", "contracts", "--against", "git:HEAD", "--format", "github"]) == 1
    assert capsys.readouterr().out.startswith("::error ")


def test_in_a_subfolder(shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    (shop / "contracts" / "orders.idl").write_text(TIGHTER)
    monkeypatch.chdir(shop / "contracts")
    assert run(capsys, "--against", "git:HEAD") == (1, f"./orders.idl:6:3: {NULL}")
    assert run(capsys, "orders.idl", "--against", "git:HEAD") == (1, f"orders.idl:6:3: {NULL}")


def test_from_outside_of_the_repository(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (shop / "contracts" / "orders.idl").write_text(TIGHTER)
    monkeypatch.chdir(shop.parent)
    assert run(capsys, "shop/contracts", "--against", "git:HEAD") == (1, f"shop/contracts/orders.idl:6:3: {NULL}")


@pytest.mark.parametrize("files", [["."], ["contracts"], ["moved/o.idl"], ["contracts", "moved"]])
def test_files_that_moved(files: list[str], shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "moved").mkdir()
    (shop / "contracts" / "orders.idl").rename(shop / "moved" / "o.idl")
    (shop / "moved" / "o.idl").write_text(TIGHTER.replace("common.idl", "../contracts/common.idl"))
    code, text = run(capsys, *files, "--against", "git:HEAD")
    assert (code, text.removeprefix("./")) == (1, f"moved/o.idl:6:3: {NULL}")


def test_a_new_file_and_a_deleted_one(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "contracts" / "new.idl").write_text("package shop.new.v1\nservice New { rpc m(a: int) }\n")
    assert run(capsys, "contracts", "--against", "git:HEAD")[0] == 0
    assert run(capsys, "contracts/new.idl", "--against", "git:HEAD") == (
        0,
        "nothing to compare: `git:HEAD` has none of these packages\n",
    )
    (shop / "contracts" / "orders.idl").unlink()
    assert run(capsys, "contracts", "--against", "git:HEAD") == (
        1,
        "contracts/common.idl:1:1: error[B0136]: the package `shop.orders.v1` was removed: "
        "callers and subscribers of its services find nobody (BROKER)\n",
    )


def test_a_package_that_changed_its_file_and_left_it_to_another_one(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(shop / "contracts" / "orders.idl", shop / "contracts" / "v1.idl")
    (shop / "contracts" / "orders.idl").write_text(TIGHTER.replace("orders.v1", "orders.v2"))
    assert run(capsys, "contracts/orders.idl", "--against", "git:HEAD")[0] == 0
    assert run(capsys, "contracts", "--against", "git:HEAD")[0] == 0


def test_copies_of_a_package_elsewhere_do_not_disturb(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(shop / "contracts", shop / "copies")
    commit(shop, "second")
    (shop / "contracts" / "orders.idl").write_text(TIGHTER)
    assert run(capsys, "contracts", "--against", "git:HEAD") == (1, f"contracts/orders.idl:6:3: {NULL}")


def test_an_include_folder_is_that_of_the_revision(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "lib").mkdir()
    (shop / "contracts" / "common.idl").rename(shop / "lib" / "common.idl")
    commit(shop, "second")
    (shop / "lib" / "common.idl").write_text(COMMON.replace("40", "30"))
    code, text = run(capsys, "contracts", "--include", "lib", "--against", "git:HEAD")
    assert code == 1
    assert text.startswith("lib/common.idl:2:7: error[B0109]: `Sku` takes less than before")


def test_odd_names_and_links_are_read_from_git(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = shop / "a b\n\u00e9.idl"
    odd.write_text(COMMON.replace("common", "odd"))
    os.symlink("common.idl", shop / "contracts" / "link.idl")
    os.symlink("/etc/passwd", shop / "outside.idl")
    (shop / "contracts" / "orders.idl").write_text(ORDERS.replace("common.idl", "link.idl"))
    commit(shop, "second")
    (shop / "contracts" / "orders.idl").write_text(TIGHTER.replace("common.idl", "link.idl"))
    code, text = run(capsys, "contracts/orders.idl", str(odd), "--against", "git:HEAD")
    assert (code, text) == (1, f"contracts/orders.idl:6:3: {NULL}")


def test_an_import_that_is_no_longer_needed(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "contracts" / "orders.idl").write_text(
        ORDERS.replace('import "common.idl" { Sku }', "").replace("sku: Sku", "sku: str(1..40)")
    )
    assert run(capsys, "contracts/orders.idl", "--against", "git:HEAD")[0] == 0


def test_in_a_hook_of_git(shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    (shop / "contracts" / "orders.idl").write_text(TIGHTER)
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    assert run(capsys, "contracts", "--against", "git:HEAD") == (1, f"contracts/orders.idl:6:3: {NULL}")


def test_a_byte_order_mark(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = shop / "contracts" / "orders.idl"
    place.write_bytes(b"\xef\xbb\xbf" + ORDERS.encode())
    commit(shop, "second")
    place.rename(shop / "contracts" / "o.idl")
    (shop / "contracts" / "o.idl").write_text(TIGHTER)
    assert run(capsys, "contracts/o.idl", "--against", "git:HEAD") == (1, f"contracts/o.idl:6:3: {NULL}")


def test_an_older_revision(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "contracts" / "orders.idl").write_text(TIGHTER)
    commit(shop, "second")
    assert run(capsys, "contracts", "--against", "git:HEAD")[0] == 0
    assert run(capsys, "contracts", "--against", "git:HEAD~1")[0] == 1


@pytest.mark.parametrize(
    ("against", "message"),
    [
        ("git:nowhere", "Error: git knows no revision `nowhere`; check-outs in CI are often shallow"),
        ("git:", "Error: git knows no revision ``"),
        ("git:--all", "Error: git knows no revision `--all`"),
        ("git:HEAD~7", "Error: git knows no revision `HEAD~7`"),
        ("main", "Error: there is no `main`; a revision is written `git:main`"),
        ("nowhere.json", "Error: cannot read `nowhere.json`: no such file or directory"),
        ("damaged.json", "Error: cannot read the model in `damaged.json`: it is no JSON"),
        ("contracts/notes", "Error: the baseline `contracts/notes` has mistakes"),
    ],
)
def test_what_is_no_baseline(against: str, message: str, shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "damaged.json").write_text("{")
    (shop / "contracts" / "notes").mkdir()
    code, text = run(capsys, "contracts/orders.idl", "--against", against)
    assert code == 2
    assert text.splitlines()[-1].startswith(message)
    assert "Traceback" not in text


def test_an_old_revision_that_does_not_compile(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "contracts" / "orders.idl").write_text(ORDERS.replace("Sku\n", "Skuu\n").replace("common.idl", "c.idl"))
    commit(shop, "broken")
    (shop / "contracts" / "orders.idl").write_text(ORDERS)
    code, text = run(capsys, "contracts", "--against", "git:HEAD")
    assert code == 2
    assert text.startswith("HEAD:contracts/orders.idl:2:8: error[E0205]: cannot import `c.idl`")
    assert text.endswith("Error: the files of `HEAD` have mistakes\n")


def test_a_contract_with_mistakes(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "contracts" / "orders.idl").write_text(ORDERS.replace("Sku\n", "Skuu\n"))
    code, text = run(capsys, "contracts", "--against", "git:HEAD")
    assert (code, "error[E0201]" in text) == (1, True)


def test_outside_of_any_repository(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "a.idl").write_text(COMMON)
    monkeypatch.chdir(tmp_path)
    assert run(capsys, "a.idl", "--against", "git:HEAD") == (2, "Error: `.` is in no git repository\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    code, text = run(capsys, "a.idl", "--against", "git:HEAD")
    assert code == 2
    assert text.startswith("Error: git cannot be run: No such file or directory")


def test_a_file_outside_of_the_repository(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop.parent / "a.idl").write_text(COMMON.replace("common", "other"))
    code, text = run(capsys, "contracts", "../a.idl", "--against", "git:HEAD")
    assert (code, text) == (2, f"Error: `../a.idl` lies outside of the git repository `{shop}`\n")


def test_folders_and_models_as_baselines(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(shop / "contracts", shop / "old")
    assert main(["ir", "contracts", "--out", "old.json"]) == 0
    (shop / "contracts" / "orders.idl").write_text(TIGHTER)
    for against in ("old", "old.json"):
        assert run(capsys, "contracts", "--against", against) == (1, f"contracts/orders.idl:6:3: {NULL}")
    assert run(capsys, "contracts/orders.idl", "--against", "old/orders.idl")[0] == 1
    _, text = run(capsys, "contracts", "--against", "old.json", form="full")
    assert "before: `note: str?` (old.json:contracts/orders.idl:6:3)" in text
    assert main(["ir", "contracts", "--out", "new.json"]) == 0
    assert run(capsys, "new.json", "--against", "old.json")[0] == 1


def test_what_is_asked_for(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "contracts" / "orders.idl").write_text(TIGHTER)
    for arguments, code in [
        (["--category", "WIRE"], 1),
        (["--category", "source", "--category", "broker"], 0),
        (["--except", "WIRE"], 0),
        (["--ignore", "B0106"], 0),
        (["--ignore", "null-refused"], 0),
        (["--ignore", "b0107"], 1),
    ]:
        assert run(capsys, "contracts", "--against", "git:HEAD", *arguments)[0] == code
    code, text = run(capsys, "contracts", "--against", "git:HEAD", "--ignore", "null-refusd")
    assert (code, "did you mean `null-refused`?" in text) == (2, True)


def test_a_finding_can_be_accepted_in_the_file(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = shop / "contracts" / "orders.idl"
    accepted = "nothing breaks against git:HEAD in 2 packages, 1 accepted in the files\n"
    for field in (
        "note: str  // svcgen: allow B0106 nobody sends null",
        "note: str  // svcgen: allow null-refused: nobody sends null",
        "// svcgen: allow B0106 nobody sends null\n  note: str",
        '// svcgen: allow B0101, B0106 nobody sends null\n  /// For the parcel.\n  @deprecated("x")\n  note: str',
    ):
        place.write_text(ORDERS.replace("note: str?", field))
        assert run(capsys, "contracts", "--against", "git:HEAD") == (0, accepted)
    place.write_text("// svcgen: allow-file b0106 nobody sends null\n" + TIGHTER)
    assert run(capsys, "contracts", "--against", "git:HEAD") == (0, accepted)
    for field in (
        "note: str  // svcgen: allow B0107 another rule",
        "// svcgen: allow B0106 not this one\n  x: int?\n  note: str",
    ):
        place.write_text(ORDERS.replace("note: str?", field))
        assert run(capsys, "contracts", "--against", "git:HEAD")[0] == 1
    place.write_text(ORDERS.replace("note: str?", "note: str // svcgen: allow B0106"))
    code, text = run(capsys, "contracts", "--against", "git:HEAD", form="full")
    assert (code, "`// svcgen: allow B0106` needs a reason behind it" in text) == (1, True)
