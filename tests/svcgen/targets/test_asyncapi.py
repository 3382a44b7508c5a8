import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from svcgen.pipeline import check_files
from svcgen.targets.asyncapi import FILE, generate
from svcrt import topology

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[2] / "generated_examples"
SCHEMA = json.loads((HERE / "data" / "asyncapi-3.0.0.json").read_text(encoding="utf-8"))


def documents(*paths: Path) -> dict[str, str]:
    model = check_files(paths).model
    assert model is not None
    return generate(model)


@pytest.fixture(scope="module")
def shop() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(documents(EXAMPLES / "shop")[FILE])
    return document


@pytest.mark.parametrize("place", ["hello", "shop", "intake", "chat", "tour", HERE / "wide.idl"])
def test_the_document_is_valid(place: str | Path) -> None:
    (text,) = documents(EXAMPLES / place).values()
    errors = sorted(Draft7Validator(SCHEMA).iter_errors(json.loads(text)), key=lambda each: list(each.path))
    assert [f"{list(each.path)}: {each.message[:300]}" for each in errors] == []


def references(value: Any) -> set[str]:
    """Return every `$ref` in a document."""
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


@pytest.mark.parametrize("place", ["shop", "tour", HERE / "wide.idl"])
def test_every_reference_leads_somewhere(place: str | Path) -> None:
    (text,) = documents(EXAMPLES / place).values()
    document = json.loads(text)
    found = references(document)
    assert found
    for reference in found:
        at = document
        for step in reference.removeprefix("#/").split("/"):
            at = at[step]


def test_channels_are_the_exchanges_and_keys_of_the_runtime(shop: dict[str, Any]) -> None:
    exchanges = {each.name: each.type for each in topology.EXCHANGES}
    channels = {name: each for name, each in shop["channels"].items() if name != "replies"}
    for channel in channels.values():
        exchange = channel["bindings"]["amqp"]["exchange"]
        assert exchanges[exchange["name"]] == exchange["type"]
    keys = {(each["bindings"]["amqp"]["exchange"]["name"], each["address"]) for each in channels.values()}
    assert ("svc.rpc", "shop.orders.v1.Orders") in keys
    assert ("svc.job", "shop.orders.v1.Orders") in keys
    assert ("svc.event", "shop.orders.v1.OrderPlaced") in keys


def test_a_call_has_its_result_and_its_errors_for_an_answer(shop: dict[str, Any]) -> None:
    place = shop["operations"]["shop.orders.v1.Orders.place"]
    assert place["action"] == "receive"
    assert place["channel"] == {"$ref": "#/channels/rpc.shop.orders.v1.Orders"}
    answers = [each["$ref"].rpartition("/")[2] for each in place["reply"]["messages"]]
    assert answers == [
        "shop.orders.v1.Orders.place.result",
        "shop.orders.v1.OrderTooLarge",
        "shop.stock.v1.OutOfStock",
        "shop.stock.v1.UnknownArticle",
    ]
    result = shop["components"]["messages"]["shop.orders.v1.Orders.place.result"]
    assert result["payload"] == {"$ref": "#/components/schemas/Order"}


def test_where_an_answer_goes_is_a_property_and_no_header(shop: dict[str, Any]) -> None:
    """AsyncAPI's expressions reach headers and payloads only."""
    replies = [each["reply"] for each in shop["operations"].values() if "reply" in each]
    assert replies
    assert not any("address" in each for each in replies)
    assert shop["channels"]["replies"]["address"] is None
    assert "property `reply_to`" in shop["channels"]["replies"]["description"]


def test_a_broadcast_has_no_queue_of_a_name(shop: dict[str, Any]) -> None:
    assert "x-queue" not in shop["operations"]["shop.orders.v1.Orders.on_price_changed"]


def test_who_announces_and_who_hears(shop: dict[str, Any]) -> None:
    operations = shop["operations"]
    assert operations["shop.orders.v1.Orders.publish.shop.orders.v1.OrderPlaced"]["action"] == "send"
    heard = operations["shop.billing.v1.Billing.on_order_placed"]
    assert heard["channel"] == {"$ref": "#/channels/event.shop.orders.v1.OrderPlaced"}
    assert heard["x-queue"] == "svc.event.shop.orders.v1.OrderPlaced--shop.billing.v1.Billing.on_order_placed"


def test_a_package_of_types_only_has_none(tmp_path: Path) -> None:
    (tmp_path / "a.idl").write_text("package a.v1\nstruct T { x: int }\n")
    assert documents(tmp_path / "a.idl") == {}
