import keyword
import sys

import pytest

from svcgen import naming
from svcrt.bases import Publisher, ServiceAsyncClient, ServiceBase, ServiceClient, ServiceFutures
from svcrt.errors import DeclaredError
from svcrt.structs import ClosedEnum, OpenEnum, Struct


@pytest.mark.parametrize(
    ("name", "reserved", "spelling"),
    [
        ("status", (), "status"),
        ("class", (), "class_"),
        ("None", (), "None_"),
        ("match", (), "match"),
        ("str", naming.FIELDS, "str_"),
        ("type", naming.FIELDS, "type"),
        ("self", naming.FIELDS, "self_"),
        ("timeout", naming.FIELDS, "timeout"),
        ("timeout", naming.PARAMETERS, "timeout_"),
        ("request", naming.PARAMETERS, "request"),
        ("request", naming.ROUTE_PARAMETERS, "request_"),
        ("socket", naming.PARAMETERS, "socket"),
        ("socket", naming.SOCKET_PARAMETERS, "socket_"),
        ("await", (), "await_"),
        ("args", naming.ERROR_FIELDS, "args_"),
        ("futures", naming.MEMBERS, "futures_"),
        ("Exception", naming.DECLARATIONS, "Exception_"),
        ("types", naming.DECLARATIONS, "types_"),
        ("Struct", naming.DECLARATIONS, "Struct"),
        ("_private", (), "private_"),
        ("_class", (), "class_"),
        ("_", (), "x_"),
        ("_1", (), "x1_"),
        ("a", {"a", "a_"}, "a__"),
    ],
)
def test_spelled(name: str, reserved: frozenset[str], spelling: str) -> None:
    assert naming.spelled(name, reserved) == spelling


@pytest.mark.parametrize("word", keyword.kwlist)
def test_no_keyword_survives(word: str) -> None:
    assert naming.spelled(word).isidentifier()
    assert not keyword.iskeyword(naming.spelled(word))


def public(owner: type) -> set[str]:
    return {name for name in dir(owner) if not name.startswith("_")}


def test_every_public_name_of_a_base_class_is_reserved() -> None:
    assert public(DeclaredError) | {"wire_name", "status", "fields_type"} <= naming.ERROR_FIELDS
    assert public(Struct) <= naming.FIELDS
    clients = public(ServiceClient) | public(ServiceFutures) | public(ServiceAsyncClient)
    assert public(ServiceBase) | clients | {"contract"} <= naming.MEMBERS
    assert public(Publisher) <= naming.ANNOUNCEMENTS


def test_no_attribute_of_the_enums_is_upper_case() -> None:
    assert not [name for name in public(OpenEnum) | public(ClosedEnum) if name.isupper()]


@pytest.mark.parametrize(
    ("package", "python"),
    [
        ("acme.orders.v1", "acme.orders.v1"),
        ("acme.class.import", "acme.class_.import_"),
        ("email.v1", "email_.v1"),
        ("acme.email", "acme.email"),
        ("svcrt.x", "svcrt_.x"),
    ],
)
def test_python_package(package: str, python: str) -> None:
    assert naming.python_package(package) == python


def test_no_first_folder_hides_a_module_of_this_python() -> None:
    hidden = [name for name in sys.stdlib_module_names if naming.python_package(name) == name]
    assert [name for name in hidden if not name.startswith("_")] == []


@pytest.mark.parametrize(
    ("name", "snake", "camel", "constant"),
    [
        ("OrderPlaced", "order_placed", "OrderPlaced", "ORDER_PLACED"),
        ("on_payment", "on_payment", "OnPayment", "ON_PAYMENT"),
        ("inStock", "in_stock", "InStock", "IN_STOCK"),
        ("HTTPError", "http_error", "HTTPError", "HTTP_ERROR"),
        ("v1", "v1", "V1", "V1"),
    ],
)
def test_cases(name: str, snake: str, camel: str, constant: str) -> None:
    assert (naming.snake_case(name), naming.camel_case(name), naming.constant(name)) == (snake, camel, constant)
