"""Echo over gRPC-Python without a broker: the synchronous server with a thread pool, called from threads or futures."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

import measuring

# The harness generates these beside the environment: `python -m grpc_tools.protoc`.
sys.path.insert(0, str(Path(sys.prefix) / "generated"))
import echo_pb2
import echo_pb2_grpc

ITEM = echo_pb2.Item(**measuring.ITEM)


class Echo(echo_pb2_grpc.EchoServicer):
    """Gives back what it got."""

    def Echo(self, request, context):  # noqa: N802 # gRPC's name
        """Give it back."""
        return request


def serve(options):
    """Answer for ever; tells its port."""
    server = grpc.server(ThreadPoolExecutor(max_workers=options.workers))
    echo_pb2_grpc.add_EchoServicer_to_server(Echo(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    measuring.say(ready=True, pids=[measuring.os.getpid()], url=f"127.0.0.1:{port}")
    server.wait_for_termination()


def call(options):
    """Call from native threads."""
    with grpc.insecure_channel(options.url) as channel:
        stub = echo_pb2_grpc.EchoStub(channel)

        def call_once():
            assert stub.Echo(ITEM, timeout=10) == ITEM

        measuring.closed_loop(options, call_once, measuring.in_threads)


def futures(options):
    """Call from one thread with futures."""
    with grpc.insecure_channel(options.url) as channel:
        stub = echo_pb2_grpc.EchoStub(channel)

        def wait(future):
            assert future.result() == ITEM

        measuring.windowed_loop(options, lambda: stub.Echo.future(ITEM, timeout=10), wait)


if __name__ == "__main__":
    given = measuring.arguments()
    {"serve": serve, "call": call, "futures": futures}[given.role](given)
