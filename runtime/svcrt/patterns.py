"""Regular expressions of text: the named formats, and IDL patterns made to mean in Python what JavaScript means."""

import re

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"

FORMATS = {
    # What browsers accept in <input type=email> (HTML standard), at most 254 characters (RFC 5321).
    "email": rf"\A(?=[\s\S]{{1,254}}\Z)[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})*\Z",
    # RFC 3986, absolute: a scheme, then only characters that a URI may hold.
    "uri": r"\A[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+\Z",
    # RFC 1123: labels of up to 63 characters, 253 in all.
    "hostname": rf"\A(?=[\s\S]{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\Z",
}
"""Regular expression of each `format`."""

_ORIGINAL: dict[str, str] = {}
_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)


def translated(pattern: str) -> str:
    r"""Return `pattern` for Python: `$` only at the very end, `\d \w \s \b` for ASCII only."""
    regex = "(?a)" + "".join(r"\Z" if piece == "$" else piece for piece in _PIECE.findall(pattern))
    _ORIGINAL[regex] = f"text that matches `{pattern}`"
    return regex


def combined(pattern: str, format_regex: str) -> str:
    """Return one expression that holds where both a translated pattern and a format hold."""
    bare = pattern.removeprefix("(?a)")
    regex = rf"(?a)\A(?={format_regex})[\s\S]*?(?:{bare})"
    _ORIGINAL[regex] = f"{describe(format_regex)} and {describe(pattern)}"
    return regex


def describe(regex: str) -> str:
    """Say in words what text `regex` takes, for an expression made here; others are quoted as they are."""
    for name, known in FORMATS.items():
        if regex == known:
            return {"email": "an email address", "uri": "an absolute URI", "hostname": "a host name"}[name]
    return _ORIGINAL.get(regex, f"text that matches `{regex}`")
