"""Text of others on a terminal: nothing that it would obey, JSON that stays the same."""

import json

from svcrt.cli.plain import json_text, lines, one_line

HOSTILE = "\x1b[2J\x9b2J\x7f\r\n\u202e\ud800\U000e0041é"


def test_one_line_leaves_nothing_to_obey() -> None:
    assert one_line(HOSTILE) == r"\x1b[2J\x9b2J\x7f\r\n\u202e\ud800\U000e0041é"
    assert lines("a\x1b\nb") == "a\\x1b\nb"


def test_json_stays_the_same_data_and_can_be_written() -> None:
    for indent in (None, 2):
        text = json_text({HOSTILE: [HOSTILE, 1.5, None]}, indent=indent)
        assert json.loads(text) == {HOSTILE: [HOSTILE, 1.5, None]}
        assert all(char.isprintable() or char == "\n" for char in text)
        text.encode()
    assert "é" in text
