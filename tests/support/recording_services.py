"""Services that note what they were asked, told and announced."""

from dataclasses import dataclass, field

from probe_services import Listener, Probe
from probe_v1 import Happened
from svcrt.providers import Config


@dataclass
class Recorder:
    """What was done, in order."""

    asked: list[str] = field(default_factory=list)
    remembered: list[str] = field(default_factory=list)
    happened: list[str] = field(default_factory=list)


class _Recording:
    config = Config()

    @property
    def recorder(self) -> Recorder:
        """The test's."""
        found = self.config["recorder"]
        assert isinstance(found, Recorder)
        return found


class RecordingProbe(_Recording, Probe):
    """Answers with the question and notes it."""

    def ask(self, *, question: str) -> str:
        self.recorder.asked.append(question)
        return question

    def remember(self, *, text: str) -> None:
        self.recorder.remembered.append(text)


class RecordingListener(_Recording, Listener):
    """Notes what happened."""

    def on_pool(self, event: Happened) -> None:
        self.recorder.happened.append(event.what)
