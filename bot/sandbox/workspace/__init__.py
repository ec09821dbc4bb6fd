"""The simulated Slack workspace: what the bot's Slack side is judged by.

It speaks Slack's Web API over HTTP, delivers by signed HTTP requests or through Socket Mode, and has
people who type, choose, press and read. It refuses what Slack refuses, with Slack's names of the errors,
and where Slack's own limit is not known it is stricter.
"""

from bot.sandbox.workspace.conversation_screen import ConversationScreen, Message
from bot.sandbox.workspace.form import Form, Submitted
from bot.sandbox.workspace.interactions import OfferedOption
from bot.sandbox.workspace.person import Person
from bot.sandbox.workspace.pings import Ping
from bot.sandbox.workspace.pointer import Entered, Place, Pointer, offered_payload
from bot.sandbox.workspace.refusals import (
    AppError,
    DispatchFailed,
    ManifestError,
    NotPossibleError,
    NotShownError,
    OperationTimeout,
)
from bot.sandbox.workspace.simulation import ServedWorkspace, SimulatedWorkspace
from bot.sandbox.workspace.window import Window

__all__ = [
    "AppError",
    "ConversationScreen",
    "DispatchFailed",
    "Entered",
    "Form",
    "ManifestError",
    "Message",
    "NotPossibleError",
    "NotShownError",
    "OfferedOption",
    "OperationTimeout",
    "Person",
    "Ping",
    "Place",
    "Pointer",
    "ServedWorkspace",
    "SimulatedWorkspace",
    "Submitted",
    "Window",
    "offered_payload",
]
