"""The implementation: one class, one method."""

from typing import final

from hello.v1 import HelloWorldBase


@final
class HelloWorld(HelloWorldBase):
    """Greets whoever calls."""

    def hello(self, *, name: str) -> str:
        return f"Hello, {name}!"
