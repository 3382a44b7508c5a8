"""What the demo does, step by step, and how it is shown."""

import importlib.util
import json
import re
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path

from svcgen.demo.files import unpack
from svcgen.demo.processes import DemoError, Stage

SECONDS = 30.0
"""What the whole demo may take."""
TOUR_SECONDS = 300.0
"""What the tour may take: it waits for a full minute, and bounds each of its steps itself."""

_ADDRESS = re.compile(r"^http\s+(http://\S+)(?: \(.*\))?$", re.MULTILINE)
_DRAFT = {"lines": [{"sku": "TEAPOT-1"}], "email": "ada@example.org"}
# What must be heard before the demo is over: a phrase of the log, and what it shows.
_HAPPENINGS = (
    (r"invoice written for .*", "event: Billing heard OrderPlaced"),
    (r"order \S+ is paid", "event: Orders heard PaymentSettled"),
    (r"the price of .* now", "broadcast: every instance of Orders heard PriceChanged"),
    (r"report .* orders, .* invoiced", "background job"),
    (r"the clock ticked: .*", "timer, on one instance"),
    (r"this instance of Stock is alive.*", "timer, on every instance"),
)


def play(broker: str | None, say: Callable[[str], object]) -> None:
    """Compile the shop, run its services and show them at work; every process is ended, however this ends.

    Args:
        broker: URL of a RabbitMQ; None for the embedded broker.
        say: prints a line.

    Raises:
        DemoError: something did not work.
    """
    _check_installed()
    with tempfile.TemporaryDirectory(prefix="svcgen-demo-") as name, Stage(Path(name), SECONDS) as stage:
        unpack("shop", stage.folder)
        say("$ svcgen compile shop")
        say(_indented(stage.svcgen("compile", "shop")))
        named = ["--broker", broker] if broker else []
        say("$ svcgen run --config shop/svcgen.toml")
        stage.start("run", "--config", "shop/svcgen.toml", *named)
        address = stage.wait_for("its HTTP port was known", _address)
        stage.wait_for("its services were running", _is_running)
        say(_indented(_banner(stage.log())))
        _call(stage, address, broker, named, say)
        say("what the services said meanwhile:")
        for phrase, meaning in _HAPPENINGS:
            line = stage.wait_for(f"this happened: {meaning}", partial(_find, phrase))
            say(f"  {meaning}\n      {line}")
        stage.stop()
        say("all services stopped.")


def play_all(broker: str | None, say: Callable[[str], object]) -> None:
    """Compile the tour and take it: sixteen steps, one script. Arguments and errors as of `play`."""
    _check_installed()
    with tempfile.TemporaryDirectory(prefix="svcgen-demo-") as name, Stage(Path(name), TOUR_SECONDS) as stage:
        unpack("tour", stage.folder)
        say("$ svcgen compile tour")
        say(_indented(stage.svcgen("compile", "tour")))
        say("$ python -m tour.tour")
        stage.follow("-m", "tour.tour", *([broker] if broker else []), say=say)
        say("all services stopped.")


def _check_installed() -> None:
    # Found, not imported: it is the services that need it.
    if importlib.util.find_spec("sqlalchemy") is None:
        raise DemoError("the demo's services keep their data with SQLAlchemy: pip install 'svcgen[demo]'")


def _call(stage: Stage, address: str, broker: str | None, named: list[str], say: Callable[[str], object]) -> None:
    say("$ svcgen call shop.stock.v1.Stock.price sku=TEAPOT-1")
    say(_indented(stage.svcgen("call", "shop.stock.v1.Stock.price", "sku=TEAPOT-1", *named)))
    say("$ python -m shop.client BROKER_URL        # a plain script: futures, a declared error, an event")
    say(_indented(stage.python("-m", "shop.client", broker or _embedded_url(stage.folder))))
    say(f"$ curl -H 'content-type: application/json' -d '{json.dumps(_DRAFT)}' {address}/orders")
    order = _post(f"{address}/orders", _DRAFT, stage.left())
    say(_indented(order))
    say(f"$ curl {address}/orders/{json.loads(order)['id']}")
    say(_indented(_http(urllib.request.Request(f"{address}/orders/{json.loads(order)['id']}"), stage.left())))
    say(f"$ curl -H 'content-type: application/json' -d '{{\"title\": \"Today\"}}' {address}/reports   # a job")
    _post(f"{address}/reports", {"title": "Today"}, stage.left())
    say("  202 Accepted")


def _post(url: str, body: object, seconds: float) -> str:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    return _http(request, seconds)


def _http(request: urllib.request.Request, seconds: float) -> str:
    # No proxy of the user's stands between two processes of one machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=seconds) as response:
            text: bytes = response.read()
            return text.decode()
    except urllib.error.HTTPError as error:
        raise DemoError(f"{request.full_url} answered {error.code}: {error.read().decode(errors='replace')}") from error
    except OSError as error:
        raise DemoError(f"{request.full_url} did not answer: {error}") from error


def _embedded_url(folder: Path) -> str:
    """Return the URL of the embedded broker, from where `svcgen run` leaves it for programs in the same folder."""
    url: str = json.loads((folder / ".svcgen" / "broker.json").read_text(encoding="utf-8"))["url"]
    return url


def _address(log: str) -> str | None:
    found = _ADDRESS.search(log)
    return found and found[1]


def _is_running(log: str) -> bool | None:
    return True if len(re.findall(r"shop\.\w+\.v1\.\w+ is running", log)) >= 3 else None


def _banner(log: str) -> str:
    return "\n".join(line for line in log.splitlines() if re.match(r"(service|broker|http) ", line))


def _find(phrase: str, log: str) -> str | None:
    found = re.search(phrase, log)
    return found and found[0]


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
