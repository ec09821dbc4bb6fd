"""placeholder until build_app lands"""

from __future__ import annotations

raise ModuleNotFoundError("x", name="bot.slack.app")
