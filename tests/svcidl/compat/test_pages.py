"""The example of every rule raises that rule alone; put right, it raises nothing."""

import re
from pathlib import Path

import pytest

from svcidl.compat import RULES, compare
from svcidl.compat.finding import Category, Rule
from svcidl.pipeline import check

GUIDE = Path(__file__).parents[3] / "docs" / "evolution.md"


def test_the_guide_lists_every_rule() -> None:
    rows = [
        f"| {rule.code} | `{rule.page.name}` | {', '.join(rule.page.tags)} | {rule.page.title} |\n" for rule in RULES
    ]
    assert GUIDE.read_text(encoding="utf-8").endswith("".join(rows))


def codes(blocks: str) -> list[str]:
    for text in re.findall(r"```idl\n(.*?)\n```", blocks, re.DOTALL):
        path = Path(text.partition("\n")[0].removeprefix("// "))
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    old, new = check(["before/orders.idl"]), check(["after/orders.idl"])
    assert old.model is not None, old.diagnostics
    assert new.model is not None, new.diagnostics
    return [found.code for found in compare(old.model, new.model)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.page.name)
def test_an_example(rule: Rule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert codes(rule.page.wrong) == [rule.code]
    assert codes(rule.page.right) == []
    assert set(rule.page.tags) <= set(Category)
