import os
import threading

from svcrt.cli.orders import Supervised


def test_a_supervisor_that_does_not_read_does_not_stop_its_child() -> None:
    orders, orders_end = os.pipe()
    reading, reports = os.pipe()
    supervised = Supervised(orders, reports)

    def tell() -> None:
        for _ in range(200):
            supervised.report(missing=["x" * 1000])

    telling = threading.Thread(target=tell, daemon=True)
    telling.start()
    telling.join(10)
    try:
        assert not telling.is_alive()
    finally:
        for fd in (orders, orders_end, reading, reports):
            os.close(fd)
