"""What the Slack room has to know of the settings."""

from dataclasses import dataclass

from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class SlackOptions:
    """What the Slack room has to know of the settings.

    Attributes:
        signing_secret: needed where Slack's requests come over HTTP.
        app_token: needed for Socket Mode; with it, requests over HTTP are not taken.
        command: the slash command's name.
        seconds_between_writes: to one channel.
        witness_channel: id of the channel that the audit log's head is posted to; ``None`` for none.
    """

    bot_token: SecretStr
    signing_secret: SecretStr | None
    app_token: SecretStr | None
    api_url: str
    command: str
    seconds_between_writes: float = 1.0
    witness_channel: str | None = None
