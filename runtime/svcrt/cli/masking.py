"""Secrets out of what is shown: passwords in URLs, and values under keys that look secret."""

import re
from collections.abc import Mapping

MASK = "***"
_SECRET_WORDS = frozenset(
    {"apikey", "auth", "authorization", "credential", "credentials", "key", "keys", "passphrase", "passwd", "password"}
    | {"passwords", "private", "pwd", "salt", "secret", "secrets", "signature", "token", "tokens"}
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_URL_PASSWORD = re.compile(r"(?P<before>\b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s:/@]*:)[^\s@/]*(?:/[^\s@/]*)*(?=@)")


def masked_text(text: str) -> str:
    """Return `text` with the password of every URL in it replaced."""
    return _URL_PASSWORD.sub(rf"\g<before>{MASK}", text)


def masked(value: object, key: str = "") -> object:
    """Return `value`, plain data as TOML has it, with what looks secret replaced at any depth.

    Args:
        key: the name it goes by; a secret one hides the whole value.
    """
    if not _SECRET_WORDS.isdisjoint(word.lower() for word in _WORD.findall(key)):
        return MASK
    if isinstance(value, str):
        return masked_text(value)
    if isinstance(value, Mapping):
        return {name: masked(item, name) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [masked(item) for item in value]
    return value
