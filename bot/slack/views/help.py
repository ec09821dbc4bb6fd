"""The help: what can be typed."""

from bot.slack.views.blocks import Message
from bot.slack.views.text import DEFAULT_COMMAND


def draw(near: str | None = None, *, command: str = DEFAULT_COMMAND, typed: str | None = None) -> Message:
    """The help.

    Args:
        near: what the person probably meant, without the command's name.
        command: the slash command's name.
        typed: what the person typed, if it was not understood.
    """
    return Message("", [])
