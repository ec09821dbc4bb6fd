"""Puts the parts together. The only room that knows every one of them."""

from bot.assembly.errors import CannotStartError, TakenOverError
from bot.assembly.looking import looking, member_by_slack
from bot.assembly.parts import build_cloud, pace_of, rules_of, slack_options
from bot.assembly.running import RunningBot, running_bot

__all__ = [
    "CannotStartError",
    "RunningBot",
    "TakenOverError",
    "build_cloud",
    "looking",
    "member_by_slack",
    "pace_of",
    "rules_of",
    "running_bot",
    "slack_options",
]
