"""For tests of services: one built with fakes, without a broker; or running ones on a real or embedded broker.

docs/testing.md tells how they are used, and what `EmbeddedBroker.faults` and `FaultProxy` can do to them.
"""

from svcrt.embedded import EmbeddedBroker
from svcrt.http.sockets.peer import HandshakeRefused, SocketPeer
from svcrt.testing.building import build
from svcrt.testing.proxy import FaultProxy
from svcrt.testing.running import running
from svcrt.testing.sockets import FakeSocket

__all__ = ["EmbeddedBroker", "FakeSocket", "FaultProxy", "HandshakeRefused", "SocketPeer", "build", "running"]
