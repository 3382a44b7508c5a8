"""The chat's page in a real browser: two instances as processes, one broker, a page on each."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

import svcrt
from chat.v1 import ChatClient
from chromium_browser import running_chromium
from cli_process import Running

EXAMPLES = Path(__file__).parents[3] / "generated_examples"
SECONDS = 30.0


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with running_chromium(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@dataclass(frozen=True)
class Instance:
    """`svcgen run` of the chat, and the page that it serves."""

    process: Running
    address: str


@pytest.fixture
def start(broker_url: str) -> Iterator[Callable[[str], Instance]]:
    with ExitStack() as stack:

        def start_one(http: str) -> Instance:
            arguments = (
                "--config",
                "chat/svcgen.toml",
                "--broker",
                broker_url,
                "--http",
                http,
                "--drain",
                "10",
            )
            process = stack.enter_context(Running(EXAMPLES, *arguments))
            return Instance(process, process.wait_for(r"http://127\.0\.0\.1:\d+").group())

        yield start_one


class Page:
    """A tab of the browser, in a room of its own test."""

    def __init__(self, browser: Chrome, address: str, room: str, author: str) -> None:
        browser.switch_to.new_window("tab")
        self._browser = browser
        self._tab = browser.current_window_handle
        browser.get(f"{address}/#{room}")
        self.wait_until(lambda: self.status == "connected")
        self._type("author", author)

    @property
    def status(self) -> str:
        self._show()
        return self._browser.find_element(By.ID, "status").text

    @property
    def said(self) -> list[str]:
        self._show()
        return [each.text.rpartition("\n")[2] for each in self._browser.find_elements(By.CSS_SELECTOR, "#messages li")]

    def say(self, text: str) -> None:
        self._show()
        self._type("text", text)
        self._browser.find_element(By.ID, "send").click()

    def wait_until(self, condition: Callable[[], bool]) -> None:
        WebDriverWait(self._browser, SECONDS, poll_frequency=0.05).until(lambda _: condition())

    def wait_for(self, *said: str) -> None:
        self.wait_until(lambda: self.said == list(said))

    def _type(self, id: str, text: str) -> None:
        field = self._browser.find_element(By.ID, id)
        field.clear()
        field.send_keys(text)

    def _show(self) -> None:
        self._browser.switch_to.window(self._tab)


@pytest.mark.slow
def test_two_pages_on_two_instances(browser: Chrome, start: Callable[[str], Instance], broker_url: str) -> None:
    room = f"r{uuid4().hex[:8]}"
    one, two = start("127.0.0.1:0"), start("127.0.0.1:0")
    assert one.address != two.address
    ada, bob = Page(browser, one.address, room, "Ada"), Page(browser, two.address, room, "Bob")

    ada.say("hello from one")
    bob.wait_for("hello from one")
    bob.say("and from two <b>&amp;")
    ada.wait_for("hello from one", "and from two <b>&amp;")

    with svcrt.connect(broker_url) as cluster:
        ChatClient(cluster).post(room=room, author="a script", text="from elsewhere")
    for page in (ada, bob):
        page.wait_for("hello from one", "and from two <b>&amp;", "from elsewhere")
    if folder := os.environ.get("SVCGEN_TEST_SCREENSHOTS"):
        browser.save_screenshot(f"{folder}/chat.png")

    # An instance stops and another one takes its port: its page is told and comes back by itself.
    two.process.signal(signal.SIGTERM)
    bob.wait_until(lambda: bob.status == "reconnecting…")
    assert two.process.wait() == 0
    start(two.address.removeprefix("http://"))
    bob.wait_until(lambda: bob.status == "connected")
    bob.say("back again")
    ada.wait_for("hello from one", "and from two <b>&amp;", "from elsewhere", "back again")
