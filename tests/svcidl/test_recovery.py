"""One mistake gives one message, wherever it stands."""

from pathlib import Path

import pytest

from svcidl.pipeline import check

TEXT = """package t.v1

/// A thing.
struct Line {
  sku: str(1..40)
  tags: list<str>
}

enum Kind {
  small
  large = "L"
}

service Lines {
  @timeout(5s)
  rpc get(id: uuid) -> Line throws Gone
    http GET "/lines/{id}"
  timer sweep every 30s
}

error Gone(404) "no line {id}" { id: uuid }
"""

DAMAGE = [
    ("sku: str", "sku str", 5),
    ("list<str>", "list<str", 6),
    ("(1..40)", "(1..40", 5),
    ("{\n  sku", "\n  sku", 4),
    ("}\n\nenum", "\nenum", 8),
    ("enum Kind", "enm Kind", 9),
    ("rpc get", "rcp get", 16),
    ("throws", "thows", 16),
    ('"/lines/{id}"', '"/lines/{id}', 17),
    ("every", "evry", 18),
    ("id: uuid) ->", "id uuid) ->", 16),
    ("-> Line", "Line", 16),
    ("Gone(404)", "Gone(404", 21),
    ("sku: str(1..40)", "sku: str(1..40);", 5),
    ("package t.v1", "", 4),
    ("  small", "  small }", 10),
]


@pytest.mark.parametrize(("old", "new", "line"), DAMAGE)
def test_one_mistake_one_message(tmp_path: Path, old: str, new: str, line: int) -> None:
    path = tmp_path / "t.idl"
    assert TEXT.count(old) == 1
    path.write_text(TEXT.replace(old, new), encoding="utf-8")
    assert [found.span.line for found in check([path]).diagnostics] == [line]


def test_mistakes_of_all_stages_are_told_together(tmp_path: Path) -> None:
    path = tmp_path / "t.idl"
    text = TEXT.replace("sku: str", "sku str").replace("@timeout", "@timout").replace("/{id}", "/{idd}")
    path.write_text(text.replace("list<str>", "list<Strr>"), encoding="utf-8")
    codes = [found.code for found in check([path]).diagnostics]
    assert codes == ["E0102", "E0201", "E0601", "E0402"]
