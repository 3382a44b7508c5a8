"""The echo service of nameko, alone: what `nameko run` loads."""

from nameko.rpc import rpc


class Echo:
    """Gives back what it got."""

    name = "echo"

    @rpc
    def echo(self, item):
        """Give it back."""
        return item
