"""How names are spelt."""

import pytest

from svcidl.lint.secrets import is_secret
from svcidl.lint.words import pascal, snake, words


@pytest.mark.parametrize(
    ("name", "said", "as_snake", "as_pascal"),
    [
        ("unit_price", ("unit", "price"), "unit_price", "UnitPrice"),
        ("unitPrice", ("unit", "price"), "unit_price", "UnitPrice"),
        ("HTTPStatus", ("http", "status"), "http_status", "HTTPStatus"),
        ("ORDER_PLACED", ("order", "placed"), "order_placed", "OrderPlaced"),
        ("sku", ("sku",), "sku", "Sku"),
        ("line2b", ("line", "2", "b"), "line2b", "Line2b"),
        ("_", (), "_", "_"),
    ],
)
def test_spellings(name: str, said: tuple[str, ...], as_snake: str, as_pascal: str) -> None:
    assert (words(name), snake(name), pascal(name)) == (said, as_snake, as_pascal)


@pytest.mark.parametrize("name", ["password", "oldPassword", "api_key", "client_secret", "refreshToken", "card_number"])
def test_names_of_secrets(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["password_hint", "page_token", "key", "token", "secret_name", "sort_key", "_"])
def test_other_names(name: str) -> None:
    assert not is_secret(name)
