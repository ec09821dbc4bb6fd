"""The form: which backup goes where, under which name, and whom to tell.

What keeps what a person typed. Slack keeps a field's value over ``views.update`` for as long as its ``block_id`` and
``action_id`` stay the same, and then ignores its ``initial_…`` value (``slack-platform.md``, Requests to the app).
So every ``action_id`` is fixed, and a field is read by it; a ``block_id`` ends in a number that grows only when the
bot itself puts another value in:

* Backup: when another region is chosen (the backup is not there), and when the parent is put in its place.
* To: when the chosen region has become the source.
* Name: when another backup is chosen, unless the person typed a name.
* The two boxes to tick: for each backup, destination and finding, so that a tick never counts for something else.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field
from slack_sdk.models.blocks import Option, OptionGroup

from bot.domain.backup import REGION_NEVER_COPIED, Backup
from bot.domain.copies import Copy
from bot.domain.plan import CopyRequest, suggested_name
from bot.domain.reasons import Fault, Problem, Reason
from bot.slack.views.blocks import LONGEST_OPTION, LONGEST_VALUE, Json, View
from bot.slack.views.plan_status import Panel
from bot.slack.views.text import age, cut, plain, size

CALLBACK_ID = "copy_form"
SHORTCUT_ID = "copy_a_backup"
SHORTCUT_NAME = "Copy a backup"
"""Of the global shortcut that opens the form: 24 characters at most."""

MOST_OPTIONS = 100


class Action(StrEnum):
    """What a person does in the form before it is submitted: the ``action_id`` of each."""

    SOURCE = "source"
    BACKUP = "backup"
    DESTINATION = "destination"
    CHANNEL = "channel"
    PARENT_FIRST = "copy_parent_first"
    CHECK_AGAIN = "check_again"


ACTIONS = tuple(Action)
"""Every ``block_actions`` that the form sends."""

OPTIONS = Action.BACKUP
"""The ``action_id`` of the ``block_suggestion`` that asks for backups."""


class ReadError(ValueError):
    """What came back is not what this module draws."""


@dataclass(frozen=True, slots=True)
class ChosenBackup:
    """The backup in the form: enough to find it, and to draw it again.

    Attributes:
        label: its name, as the field shows it.
        summary: what is written beneath.
    """

    region: str
    id: str
    label: str
    summary: str = ""

    @classmethod
    def of(cls, backup: Backup, now: datetime) -> "ChosenBackup":
        """A backup as it is offered."""
        return cls(backup.region, backup.id, label(backup), summary(backup, now))


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the form remembers of how it was drawn."""

    filled_name: str = ""
    backup: int = 0
    destination: int = 0
    name: int = 0


@dataclass(frozen=True, slots=True)
class CopyForm:
    """What is in the form now.

    Attributes:
        channel: id of the channel to tell; ``None`` while none is chosen.
        drawn: what the form remembers of how it was drawn.
    """

    source: str
    channel: str | None = None
    backup: ChosenBackup | None = None
    destination: str | None = None
    name: str = ""
    description: str = ""
    despite_existing_copy: bool = False
    despite_unchecked_parent: bool = False
    drawn: Drawn = field(default_factory=Drawn)

    @property
    def name_was_typed(self) -> bool:
        """Whether the person gave the name, rather than the form."""
        return bool(self.name) and self.name != self.drawn.filled_name

    @property
    def request(self) -> CopyRequest | None:
        """What is asked for; ``None`` while the backup or the destination is not chosen."""
        if self.backup is None or self.destination is None:
            return None
        return CopyRequest(
            backup_id=self.backup.id,
            source=self.source,
            destination=self.destination,
            name=self.name,
            description=self.description,
            despite_existing_copy=self.despite_existing_copy,
            despite_unchecked_parent=self.despite_unchecked_parent,
        )

    def choosing(self, backup: Backup, now: datetime) -> "CopyForm":
        """The form with this backup in it, and its name filled in unless the person typed one.

        Call it for what the person chose as well as for what the bot puts in their place.
        """
        ...
        return self


class Freshness(Protocol):
    """How fresh the list of backups of a region is (the catalogue's ``Refresh`` is one)."""

    @property
    def complete_at(self) -> datetime | None:
        """When the last refresh that saw all of them ended."""
        ...

    @property
    def fault(self) -> Fault | None:
        """Why the last one did not end well."""
        ...

    @property
    def running(self) -> int | None:
        """Backups seen so far by a refresh under way."""
        ...

    @property
    def backups(self) -> int:
        """How many there are."""
        ...


@dataclass(frozen=True, slots=True)
class FormContext:
    """What the form shows beside what is chosen.

    Attributes:
        regions: the regions copies may leave from and go to.
        freshness: of the list of the source region; ``None`` while nothing is known of it.
        not_copyable: how many backups of the source region cannot be copied, by status.
        channel_error: Slack's name of the error for which the bot cannot post in the chosen channel.
        link_to_running: address of the message of the copy that is under way already.
    """

    regions: tuple[str, ...]
    freshness: Freshness | None = None
    not_copyable: Mapping[str, int] = field(default_factory=dict)
    channel_error: str | None = None
    link_to_running: str | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """A wish for backups to choose from."""

    region: str
    text: str


def again(copy: Copy, now: datetime) -> CopyForm:
    """The form filled in as for a copy that was asked for before."""
    return CopyForm(source=copy.backup.region, channel=copy.channel)


def draw(form: CopyForm, panel: Panel, context: FormContext, *, now: datetime) -> View:
    """The form as it stands."""
    return {}


def draw_loading() -> View:
    """A modal for the moment until something can be drawn."""
    return {}


def draw_refused(problems: Sequence[Problem]) -> View:
    """A modal that says why there is no form."""
    return {}


def read(view: Mapping[str, object]) -> CopyForm:
    """What a person has filled in.

    Args:
        view: the ``view`` of a ``block_actions`` or ``view_submission`` payload.

    Raises:
        ReadError: it is not a view that this module drew.
    """
    raise ReadError


def read_search(body: Mapping[str, object]) -> Search:
    """What backups are wished for.

    Args:
        body: a ``block_suggestion`` payload.
    """
    raise ReadError


def read_parent(value: str) -> tuple[str, str]:
    """Region and id of the backup that the button *Copy … first* puts in the field, from the button's value."""
    raise ReadError


def options(backups: Sequence[Backup], now: datetime) -> Json:
    """The answer to a wish for backups: ``{"option_groups": […]}``, in the order given, at most 100 in all."""
    return {}


def errors(form: CopyForm, problems: Sequence[Problem]) -> dict[str, str]:
    """What is wrong, at its fields: ``{block_id: sentence}`` for ``response_action: errors``."""
    return {}


def label(backup: Backup) -> str:
    """A backup's name, as a field shows it."""
    return cut(plain(backup.name) or backup.id, LONGEST_OPTION)


def summary(backup: Backup, now: datetime) -> str:
    """What a backup is, beneath its name."""
    return ""
