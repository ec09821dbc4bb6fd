"""The scopes the bot asks for, and what each is for (``slack-platform.md``, Scopes the bot may ask for).

The one list: ``manifest.yml``, ``doctor`` and the README are compared with it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """A permission of the bot's token.

    Attributes:
        purpose: what would not work without it, for the person who installs the bot.
    """

    name: str
    purpose: str


SCOPES = (
    Scope("commands", "the slash command and the shortcut"),
    Scope("chat:write", "to post the message about a copy and keep it current"),
    Scope("chat:write.public", "to post to public channels without being invited first"),
    Scope("channels:read", "to say in the form whether a public channel can be posted to"),
    Scope("groups:read", "to say in the form whether a private channel can be posted to"),
    Scope("channels:history", "to find its own message in a public channel again after a crash"),
    Scope("groups:history", "to find its own message in a private channel again after a crash"),
    Scope("users:read", "to refuse guests, bots and people of other workspaces"),
    Scope("usergroups:read", "to know who is in a user group that may use the bot"),
    Scope("im:write", "to tell the outcome directly where the channel cannot be posted to"),
)
"""Of the bot's token."""

APP_SCOPE = Scope("connections:write", "to receive Slack's requests over Socket Mode")
"""Of the app-level token; only Socket Mode needs one."""
