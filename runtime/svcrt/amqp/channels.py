"""What channels of both kinds of connection have of py-amqp's, and what they do otherwise."""

from collections.abc import Callable
from typing import Any

import amqp
from amqp import spec
from amqp.exceptions import ChannelError, RecoverableConnectionError, error_for_code


class MortalChannel(amqp.Channel):  # type: ignore[misc] # py-amqp has no types
    """A channel that dies for good when the broker closes it: py-amqp would reopen it without its consumers.

    The callbacks are set by whoever opens it, and must neither wait nor raise.
    """

    def __init__(self, connection: Any, channel_id: int | None = None, **options: Any) -> None:
        super().__init__(connection, channel_id, **options)
        self.failure: Exception | None = None
        self.number: int = self.channel_id
        self.on_failed: Callable[[Exception], None] | None = None
        self.on_cancelled: Callable[[], None] | None = None
        # See `svcrt.amqp.frames.Sink`.
        self.on_confirm: Callable[[int, bool, bool], None] | None = None
        self.on_return: Callable[[bytes, bytes, str, str], None] | None = None
        self.on_deliver: Callable[[bytes, bytes, int, bool, str, str], None] | None = None

    def open_soon(self) -> None:
        """Open without waiting: the broker works in order, so all may be sent that needs an open channel."""
        self.send_method(spec.Channel.Open, "s", ("",))

    def ask(self, method: str, *arguments: Any, **options: Any) -> Any:
        """Call a method of py-amqp that waits for the broker's answer; ChannelError if it closes the channel."""
        try:
            return getattr(self, method)(*arguments, **options)
        except RecoverableConnectionError:
            # py-amqp only sees that the channel is gone.
            if self.failure is not None:
                raise self.failure from None
            raise

    def _on_close(self, code: int, text: str, class_id: int, method_id: int) -> None:
        self.send_method(spec.Channel.CloseOk)
        self.failure = error_for_code(code, text, (class_id, method_id), ChannelError)
        self.collect()
        if self.on_failed is not None:
            self.on_failed(self.failure)

    def _on_basic_cancel(self, consumer_tag: str) -> None:
        self._remove_tag(consumer_tag)
        if self.on_cancelled is not None:
            self.on_cancelled()
