"""Why the bot cannot post in a channel, and how to cure it (``slack-platform.md``, Where a message can go)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.slack.views.text import channel_mention, code


@dataclass(frozen=True, slots=True)
class Cure:
    """What Slack's name of an error means for a channel, and what to do."""

    meaning: str
    cure: str


NOT_ALLOWED = "channel_not_allowed"
NOT_A_CHANNEL = "not_a_channel"
_OWN_NAMES = frozenset({NOT_ALLOWED, NOT_A_CHANNEL})
"""What the bot itself does not do, though Slack would let it."""

_INVITE = "type `/invite` in that channel and choose this bot"

CURES: Mapping[str, Cure] = MappingProxyType(
    {
        "channel_not_found": Cure(
            "It is private and the bot is not in it, or it does not exist any more.",
            f"If it is private, {_INVITE}. Or choose another channel.",
        ),
        "not_in_channel": Cure("The bot is not in it.", f"To let it in, {_INVITE}. Or choose another channel."),
        "is_archived": Cure("It is archived.", "Choose another channel, or have it unarchived."),
        "restricted_action": Cure(
            "A rule of this workspace keeps the bot from posting there.",
            "Choose another channel, or ask an administrator of the workspace to let apps post there.",
        ),
        "missing_scope": Cure(
            "The bot has no permission to look at it: it is no channel, or the bot was not installed as it should be.",
            "Choose a public or private channel. If this is one, whoever runs this bot has to install it again with "
            "its manifest.",
        ),
        "token_revoked": Cure("The bot's token was revoked.", "Whoever runs this bot has to install it again."),
        "account_inactive": Cure(
            "The bot was removed from this workspace or switched off.",
            "Whoever runs this bot has to install it again.",
        ),
        NOT_ALLOWED: Cure(
            "The rules of this bot do not name it.",
            "Choose one of the channels that are meant for it; whoever runs this bot knows which.",
        ),
        NOT_A_CHANNEL: Cure(
            "Nobody else would see how the copy goes.",
            "Type the command alone and choose a channel in the form, or type it in a channel.",
        ),
    }
)
"""By Slack's name of the error."""

_UNKNOWN = Cure("Slack did not take a message there.", "Choose another channel, or tell whoever runs this bot.")


def explain(channel: str, error: str) -> str:
    """Why, and what to do, in ``mrkdwn``."""
    known = CURES.get(error, _UNKNOWN)
    where = channel_mention(channel) if is_channel(channel) else "a direct message"
    said = "" if error in _OWN_NAMES else f" (Slack says {code(error)}.)"
    return f"*The bot cannot post in {where}.* {known.meaning}{said}\n*What to do:* {known.cure}"


def is_channel(conversation: str) -> bool:
    """Whether an id is that of a channel, public (``C…``) or private (``C…`` or ``G…``), not of a direct message."""
    return conversation.startswith(("C", "G"))
