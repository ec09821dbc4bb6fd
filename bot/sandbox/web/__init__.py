"""The page: a window that looks and behaves like Slack, and a drawer that shows what is behind it.

Everything a person does on it goes through the same people and interactions as in tests; nothing is done
by the page itself. It is for this machine only: it listens on loopback and answers nobody but its own page
(`guard`). Modules: `page` serves it; `deeds` is what a person does, `live` what they see, as it changes; `guide`
is what a stranger is told; `backup_map`, `wire` and `switches` are the drawer; `static` is the page itself, plain ES
modules and CSS.
"""

from bot.sandbox.web.guide import Guide
from bot.sandbox.web.page import SandboxPage
from bot.sandbox.web.switches import BotSwitch

__all__ = ["BotSwitch", "Guide", "SandboxPage"]
