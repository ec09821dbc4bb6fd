"""What was typed and cannot be read: what is wrong with it, and what was probably meant."""

from dataclasses import dataclass

from bot.slack.views import blocks
from bot.slack.views.blocks import Message
from bot.slack.views.text import DEFAULT_COMMAND, code


@dataclass(frozen=True, slots=True)
class Misread:
    """Nothing is done with it.

    Attributes:
        sentence: what is wrong, in ``mrkdwn``.
        near: what was probably meant, as it is typed after the command; ``None`` where nothing is like it.
    """

    sentence: str
    near: str | None = None


def draw(misread: Misread, *, command: str = DEFAULT_COMMAND) -> Message:
    """The sentence, with the nearest right spelling."""
    said = f"{misread.sentence}{did_you_mean(misread.near, command)}"
    return Message(text=said, blocks=[blocks.section(said)])


def did_you_mean(near: str | None, command: str) -> str:
    """What was probably meant, after a sentence; nothing where that is not known."""
    return f" Did you mean {code(f'{command} {near}', 300)}?" if near else ""
