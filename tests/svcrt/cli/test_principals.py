"""The same caller from a door over HTTP to the rpc and the event behind it, as users run services: on eventlet."""

import subprocess
import sys
from pathlib import Path

import pytest

from cli_process import Running
from http_host import HttpClient

CONTRACT = """\
package house.v1

event Entered { at: str }

@auth("bearer")
service Door {
  uses Desk
  rpc enter() -> str http POST "/enter" status 200
}

@auth("bearer")
service Desk {
  publishes Entered
  rpc greet() -> str
}

service Book {
  subscribes Entered as note
  @auth("bearer")
  oneway sign()
    http POST "/sign"
}
"""

SERVICES = """\
import msgspec
from house.v1 import BookBase, DeskBase, DoorBase, Entered
from svcrt import Authenticator, Logger, Principal, WorkerContext
from svcrt.errors import Unauthenticated


class Guest(msgspec.Struct):
    name: str


class Keys(Authenticator[Guest]):
    def authenticate(self, scheme: str, context: WorkerContext) -> Guest:
        if context.call.authorization != "Bearer key of Ada":
            raise Unauthenticated("a key is needed")
        return Guest(name="Ada")


class Door(DoorBase):
    keys = Keys()
    who = Principal(Guest)

    def enter(self) -> str:
        return f"{self.who.name} at the door, {self.desk.greet()}"


class Desk(DeskBase):
    keys = Keys()
    who = Principal(Guest)

    def greet(self) -> str:
        self.publish.entered(Entered(at="noon"))
        return f"{self.who.name} at the desk"


class Book(BookBase):
    log = Logger()
    keys = Keys()
    who = Principal(Guest)

    def note(self, event: Entered) -> None:
        self.log.info("%s entered at %s", self.who.name, event.at)

    def sign(self) -> None:
        self.log.info("%s has signed", self.who.name)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "house.idl").write_text(CONTRACT, encoding="utf-8")
    (tmp_path / "rooms.py").write_text(SERVICES, encoding="utf-8")
    command = [sys.executable, "-m", "svcgen", "compile", "house.idl"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    return tmp_path


def test_the_caller_is_the_same_everywhere(project: Path, broker_url: str) -> None:
    services = ["rooms:Door", "rooms:Desk", "rooms:Book"]
    with Running(project, *services, "--http", "127.0.0.1:0", "--broker", broker_url) as run:
        port = int(run.wait_for(r"(?m)^http +http://127\.0\.0\.1:(\d+)").group(1))
        run.wait_for(r"house\.v1\.Book is running")
        client = HttpClient(("127.0.0.1", port))
        refused = client.request("POST", "/enter")
        assert (refused.status, refused.json()["detail"]) == (401, "a key is needed")
        key = {"Authorization": "Bearer key of Ada"}
        entered = client.request("POST", "/enter", headers=key)
        assert (entered.status, entered.json()) == (200, "Ada at the door, Ada at the desk")
        run.wait_for("Ada entered at noon")
        assert client.request("POST", "/sign", headers=key).status == 202
        run.wait_for("Ada has signed")
        assert run.stop() == 0
