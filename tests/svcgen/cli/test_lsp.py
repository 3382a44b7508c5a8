import importlib.util

import pytest

from svcgen.cli import main


def test_without_pygls_one_sentence_names_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main(["lsp"]) == 2
    assert capsys.readouterr().err == "Error: the language server needs pygls: run `pip install 'svcgen[lsp]'`\n"
