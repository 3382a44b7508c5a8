"""For tests of services: one built with fakes, without a broker; or running ones on a real or embedded broker."""

from svcrt.testing.building import build
from svcrt.testing.running import running
from svcrt.testing.sockets import FakeSocket

__all__ = ["FakeSocket", "build", "running"]
