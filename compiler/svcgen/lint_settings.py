"""The table `[lint]` of svcgen.toml: which rules a project turns on and off."""

import tomllib
from pathlib import Path

from svcidl.lint import Choice

FILE_NAME = "svcgen.toml"
TABLE = "lint"
_KEYS = ("only", "select", "ignore")


class LintSettingsError(Exception):
    """The file cannot be read, or says something else than lists of rules; the text is a whole sentence."""


def read_lint_settings(path: Path | None = None) -> Choice:
    """Return what the file says, nothing where there is none.

    Args:
        path: a file that must exist; without one, svcgen.toml of the current folder, which may be missing.

    Raises:
        LintSettingsError: an unreadable file, an unknown key, a value that is no list of texts.
    """
    found = path or Path(FILE_NAME)
    if path is None and not found.exists():
        return Choice()
    table = _load(found).get(TABLE, {})
    if not isinstance(table, dict):
        raise LintSettingsError(f"{found}: `{TABLE}` must be a table; write it as `[{TABLE}]`")
    for key, value in table.items():
        if key not in _KEYS:
            raise LintSettingsError(
                f"{found}: unknown key `{key}` in `[{TABLE}]`; there are `only`, `select` and `ignore`"
            )
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            raise LintSettingsError(f'{found}: `{key}` of `[{TABLE}]` must be a list of rules, as ["missing-owner"]')
    return Choice(**{key: tuple(value) for key, value in table.items()})


def _load(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LintSettingsError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise LintSettingsError(f"{path}: is not UTF-8 text (byte {error.start})") from error
    except (ValueError, RecursionError) as error:
        # A number of thousands of digits, or thousands of brackets, is no TOMLDecodeError.
        raise LintSettingsError(f"{path}: is not valid TOML: {error}") from error
