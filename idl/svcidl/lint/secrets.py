"""Which names are those of secrets."""

from itertools import pairwise

from svcidl.lint.words import words

_SECRETS = frozenset(
    words("password passwords passwd passphrase passcode secret secrets cvv cvc ssn pincode credential credentials")
)
_TWO_WORDS = frozenset(
    (
        ("api", "key"),
        ("private", "key"),
        ("secret", "key"),
        ("access", "key"),
        ("encryption", "key"),
        ("access", "token"),
        ("refresh", "token"),
        ("auth", "token"),
        ("bearer", "token"),
        ("session", "token"),
        ("id", "token"),
        ("reset", "token"),
        ("card", "number"),
        ("pin", "code"),
    )
)
_ABOUT = frozenset(words("hint policy length strength name id url uri count expires expiry type version label at"))
"""What such a word ends in where it tells of a secret and holds none: `password_hint`, `secret_name`."""


def is_secret(name: str) -> bool:
    """Tell whether what is called so holds a secret."""
    said = words(name)
    if not said or said[-1] in _ABOUT:
        return False
    return not _SECRETS.isdisjoint(said) or any(pair in _TWO_WORDS for pair in pairwise(said))
