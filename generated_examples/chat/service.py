"""The chat: every message becomes an event, and the event goes to the sockets."""

from datetime import UTC, datetime
from pathlib import Path
from typing import final
from uuid import uuid4

from chat.history import History
from chat.v1 import ChatBase, Message, MessagePosted, Say
from chat.v1.contract import CHAT_LIVE
from svcrt import Hub, Request, Response, Socket

PAGE = Path(__file__).with_name("page.html")


@final
class Chat(ChatBase):
    """Rooms come to be when somebody enters."""

    hub = Hub(CHAT_LIVE)
    history = History()

    def live(self, socket: Socket[Say, Message], *, room: str) -> None:
        # In the other order a message between the two would be missed; what comes twice the page knows by its id.
        self.hub.subscribe(socket, room)
        for message in self.history.of(room):
            socket.send(message)
        for said in socket:
            self.post(room=room, author=said.author, text=said.text)

    def post(self, *, room: str, author: str, text: str) -> Message:
        message = Message(id=uuid4(), room=room, author=author, text=text, at=datetime.now(UTC))
        self.publish.message_posted(MessagePosted(message=message))
        return message

    def on_message_posted(self, event: MessagePosted) -> None:
        self.hub.broadcast(event.message.room, event.message)

    def remember(self, event: MessagePosted) -> None:
        self.history.add(event.message)

    def page(self, request: Request) -> Response:
        return Response(PAGE.read_text(encoding="utf-8"), mimetype="text/html")
