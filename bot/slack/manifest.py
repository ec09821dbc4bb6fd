"""The Slack app as a manifest: what Slack has to know about the bot, built from what the bot uses."""

from typing import Any

from bot.slack.scopes import SCOPES
from bot.slack.views import copy_again
from bot.slack.views.copy_form import SHORTCUT_ID, SHORTCUT_NAME

EVENTS = ("app_home_opened",)
"""What the bot is told of by itself; this one needs no scope."""

USAGE_HINT = (
    "[BACKUP REGION[,REGION] [NAME] | list [REGION] | status [ID] | history [FILTER] | coverage | cancel ID | "
    "keep INSTANCE in REGION [every 24h] | help]"
)


def build_manifest(*, command: str, public_url: str | None) -> dict[str, Any]:
    """A manifest as Slack takes it at https://api.slack.com/apps ("From a manifest").

    Args:
        command: the slash command, such as ``/copy-backup``.
        public_url: where Slack reaches the bot; ``None`` for Socket Mode, which needs no address.
    """
    requests = f"{public_url.rstrip('/')}/slack/events" if public_url else None
    slash_command: dict[str, Any] = {
        "command": command,
        "description": "Copy a database backup to another region",
        "usage_hint": USAGE_HINT,
        "should_escape": True,
    }
    interactivity: dict[str, Any] = {"is_enabled": True}
    events: dict[str, Any] = {"bot_events": list(EVENTS)}
    if requests:
        slash_command["url"] = requests
        interactivity |= {"request_url": requests, "message_menu_options_url": requests}
        events["request_url"] = requests
    return {
        "display_information": {
            "name": "Copy Backup",
            "description": "Copies Rackspace Cloud Databases backups to another region and says when they are there.",
            "background_color": "#1d3557",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "bot_user": {"display_name": "Copy Backup", "always_online": True},
            "shortcuts": [
                {
                    "name": SHORTCUT_NAME,
                    "type": "global",
                    "callback_id": SHORTCUT_ID,
                    "description": "Copy a database backup to another region",
                },
                {
                    "name": copy_again.SHORTCUT_NAME,
                    "type": "message",
                    "callback_id": copy_again.SHORTCUT_ID,
                    "description": "Opens the form with what this copy was of",
                },
            ],
            "slash_commands": [slash_command],
        },
        "oauth_config": {"scopes": {"bot": [scope.name for scope in SCOPES]}},
        "settings": {
            "event_subscriptions": events,
            "interactivity": interactivity,
            "org_deploy_enabled": False,
            "socket_mode_enabled": public_url is None,
            "token_rotation_enabled": False,
        },
    }
