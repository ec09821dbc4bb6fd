"""What is in the form, and reading it back.

What keeps what a person typed. Slack keeps a field's value over ``views.update`` for as long as its ``block_id`` and
``action_id`` stay the same, and then ignores its ``initial_…`` value (``slack-platform.md``, Requests to the app).
So every ``action_id`` is fixed, and a field is read by it; a ``block_id`` ends in a number that grows only when the
bot itself puts another value in, which counts only in a field that Slack has not seen before:

* Backup: when another region is chosen (the backup is not there), and when the bot puts its parent in its place.
* To: when the region that was chosen has become the source.
* Name: when another backup is chosen, unless the person typed a name.

The two boxes to tick end in the selection they were ticked for, so that a tick never counts for another one.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.domain.backup import Backup
from bot.domain.copies import Copy
from bot.domain.plan import CopyRequest, suggested_name
from bot.domain.reasons import Problem, Reason
from bot.slack.views.backup_choice import ChosenBackup, ReadError, read_reference
from bot.slack.views.reasons import sentence


class Action(StrEnum):
    """What a person does in the form before it is submitted: the ``action_id`` of each."""

    SOURCE = "source"
    BACKUP = "backup"
    DESTINATION = "destination"
    CHANNEL = "channel"
    PARENT_FIRST = "copy_parent_first"
    CHECK_AGAIN = "check_again"


class Quiet(StrEnum):
    """The ``action_id`` of the fields that say nothing before the form is submitted."""

    NAME = "name"
    DESCRIPTION = "description"
    COPY_AGAIN = "despite_existing_copy"
    SEND_ANYWAY = "despite_unchecked_parent"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Drawn(_Model):
    """What the form remembers of how it was drawn, in its ``private_metadata``.

    Attributes:
        source: the region that was in it.
        filled_name: the name the form gave.
        backup: how often the bot has put another value into the field Backup; ``destination`` and ``name`` likewise.
        ticked: the boxes that were ticked while they are not shown, because a region is being asked.
        ticked_for: the selection they were ticked for.
    """

    source: str = ""
    filled_name: str = ""
    backup: int = 0
    destination: int = 0
    name: int = 0
    ticked: tuple[Quiet, ...] = ()
    ticked_for: str = ""


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
        return bool(self.name.strip()) and self.name != self.drawn.filled_name

    @property
    def request(self) -> CopyRequest | None:
        """What is asked for; ``None`` while the backup or the destination is not chosen."""
        if self.backup is None or self.destination is None:
            return None
        return CopyRequest(
            backup_id=self.backup.id,
            source=self.source,
            destination=self.destination,
            name=self.name.strip(),
            description=self.description.strip(),
            despite_existing_copy=self.despite_existing_copy,
            despite_unchecked_parent=self.despite_unchecked_parent,
        )

    @property
    def selection(self) -> str:
        """Names what is chosen: backup, source and destination."""
        chosen = (self.source, self.backup.id if self.backup else "", self.destination or "")
        return hashlib.sha256("/".join(chosen).encode()).hexdigest()[:12]

    def block_id(self, of: Action | Quiet) -> str:
        """The ``block_id`` that a field has now; see above for when it changes."""
        if of in {Quiet.COPY_AGAIN, Quiet.SEND_ANYWAY}:
            return f"{of}-{self.selection}"
        revision = {
            Action.BACKUP: self.drawn.backup,
            Action.DESTINATION: self.drawn.destination,
            Quiet.NAME: self.drawn.name,
        }.get(of, 0)
        return f"{of}-{revision}"

    def choosing(self, backup: Backup, now: datetime) -> "CopyForm":
        """The form with this backup in it, and its name filled in unless the person typed one.

        For what the person has chosen as well as for what the bot puts in: it is seen which of the two it is.
        """
        form = self
        if self.backup is None or (self.backup.region, self.backup.id) != (backup.region, backup.id):
            chosen = ChosenBackup.of(backup, now)
            form = replace(form, source=backup.region, backup=chosen, drawn=_next(form.drawn, "backup"))
        if form.destination == form.source:
            form = replace(form, destination=None, drawn=_next(form.drawn, "destination"))
        return form.with_name_filled(suggested_name(backup.title))

    def with_name_filled(self, name: str) -> "CopyForm":
        """The form with this name in it, unless the person typed one."""
        if self.name_was_typed or self.name == name == self.drawn.filled_name:
            return self
        drawn = _next(self.drawn, "name").model_copy(update={"filled_name": name})
        return replace(self, name=name, drawn=drawn)

    def consistent(self) -> "CopyForm":
        """The form without what cannot go together: a backup of another region, a copy to where it is."""
        form = self
        if form.backup is not None and form.backup.region != form.source:
            form = replace(form, backup=None, drawn=_next(form.drawn, "backup")).with_name_filled("")
        if form.destination == form.source:
            form = replace(form, destination=None, drawn=_next(form.drawn, "destination"))
        return form


def _next(drawn: Drawn, counter: str) -> Drawn:
    """One more value that the bot has put into a field."""
    return drawn.model_copy(update={counter: getattr(drawn, counter) + 1})


def again(copy: Copy, now: datetime) -> CopyForm:
    """The form filled in as for a copy that was asked for before."""
    return CopyForm(
        source=copy.backup.region,
        channel=copy.channel,
        backup=ChosenBackup.of(copy.backup, now),
        destination=copy.destination,
        name=copy.name,
        description=copy.description,
        drawn=Drawn(filled_name=suggested_name(copy.backup.title)),
    )


class _Text(_Model):
    text: str = ""


class _Option(_Model):
    value: str
    text: _Text = _Text()
    description: _Text | None = None


class _Value(_Model):
    """What is in one field: one of these, by the kind of field."""

    value: str | None = None
    selected_option: _Option | None = None
    selected_conversation: str | None = None
    selected_options: tuple[_Option, ...] = ()


class _State(_Model):
    values: dict[str, dict[str, _Value]] = Field(default_factory=dict)


class _View(_Model):
    private_metadata: str
    state: _State = _State()


def read(view: Mapping[str, object]) -> CopyForm:
    """What a person has filled in, without what cannot go together (see `CopyForm.consistent`).

    Args:
        view: the ``view`` of a ``block_actions`` or ``view_submission`` payload.

    Raises:
        ReadError: it is not a view that was drawn here.
    """
    try:
        seen = _View.model_validate(view)
        drawn = Drawn.model_validate_json(seen.private_metadata)
    except ValidationError as error:
        raise ReadError(f"the form came back broken: {error.error_count()} mistakes") from error
    fields = {action_id: value for block in seen.state.values.values() for action_id, value in block.items()}
    empty = _Value()
    source = fields.get(Action.SOURCE, empty).selected_option
    backup = fields.get(Action.BACKUP, empty).selected_option
    destination = fields.get(Action.DESTINATION, empty).selected_option
    form = CopyForm(
        source=source.value if source else drawn.source,
        channel=fields.get(Action.CHANNEL, empty).selected_conversation,
        backup=_chosen(backup) if backup else None,
        destination=destination.value if destination else None,
        name=fields.get(Quiet.NAME, empty).value or "",
        description=fields.get(Quiet.DESCRIPTION, empty).value or "",
        drawn=drawn,
    ).consistent()
    return _with_ticks(form, seen.state)


def _chosen(option: _Option) -> ChosenBackup:
    region, backup_id = read_reference(option.value)
    return ChosenBackup(region, backup_id, option.text.text, option.description.text if option.description else "")


def _with_ticks(form: CopyForm, state: _State) -> CopyForm:
    return replace(
        form,
        despite_existing_copy=_is_ticked(form, state, Quiet.COPY_AGAIN),
        despite_unchecked_parent=_is_ticked(form, state, Quiet.SEND_ANYWAY),
    )


def _is_ticked(form: CopyForm, state: _State, box: Quiet) -> bool:
    """Whether a box is ticked for what is chosen now; while it is not shown, whether it was."""
    shown = state.values.get(form.block_id(box))
    if shown is not None:
        return bool(shown.get(box, _Value()).selected_options)
    return box in form.drawn.ticked and form.drawn.ticked_for == form.selection


def remember(form: CopyForm) -> str:
    """What the form has to remember, for its ``private_metadata``."""
    ticks = {Quiet.COPY_AGAIN: form.despite_existing_copy, Quiet.SEND_ANYWAY: form.despite_unchecked_parent}
    ticked = tuple(box for box, is_ticked in ticks.items() if is_ticked)
    changes = {"source": form.source, "ticked": ticked, "ticked_for": form.selection if ticked else ""}
    return form.drawn.model_copy(update=changes).model_dump_json()


@dataclass(frozen=True, slots=True)
class Search:
    """A wish for backups to choose from.

    Attributes:
        region: where.
        text: what has been typed so far.
    """

    region: str
    text: str


class _Suggestion(_Model):
    value: str = ""
    view: dict[str, object]


def read_search(body: Mapping[str, object]) -> Search:
    """What backups are wished for.

    Args:
        body: a ``block_suggestion`` payload.

    Raises:
        ReadError: it does not come from a view that was drawn here.
    """
    try:
        wish = _Suggestion.model_validate(body)
    except ValidationError as error:
        raise ReadError(f"the wish for backups came broken: {error.error_count()} mistakes") from error
    return Search(read(wish.view).source, wish.value)


_FIELDS: Mapping[Reason, Action | Quiet] = {
    Reason.SAME_REGION: Action.DESTINATION,
    Reason.COPY_EXISTS: Action.DESTINATION,
    Reason.COPY_UNDER_WAY: Action.DESTINATION,
    Reason.NAME_MISSING: Quiet.NAME,
    Reason.NAME_TOO_LONG: Quiet.NAME,
    Reason.DESCRIPTION_TOO_LONG: Quiet.DESCRIPTION,
    Reason.CHANNEL_CLOSED: Action.CHANNEL,
    Reason.CHANNEL_NOT_ALLOWED: Action.CHANNEL,
}
"""Where a problem is told; what is not here is told at the region it is about, or at Backup."""


def errors(form: CopyForm, problems: Sequence[Problem] = ()) -> dict[str, str]:
    """What is wrong, at its fields, in plain text: ``{block_id: sentence}`` for ``response_action: errors``. What is
    not filled in is told as well; nothing at all if the form is right.
    """
    said: dict[str, str] = {}
    for problem in problems:
        block_id = form.block_id(_field_of(problem, form))
        said[block_id] = " ".join(filter(None, [said.get(block_id), sentence(problem)]))
    missing = {
        Action.BACKUP: None if form.backup else f"Choose a backup of {form.source}.",
        Action.DESTINATION: None if form.destination else "Choose where the copy goes.",
        Action.CHANNEL: None if form.channel else "Choose the channel that is told how the copy goes.",
    }
    for action, words in missing.items():
        if words:
            said.setdefault(form.block_id(action), words)
    return said


def _field_of(problem: Problem, form: CopyForm) -> Action | Quiet:
    if problem.reason in _FIELDS:
        return _FIELDS[problem.reason]
    if problem.about == form.destination and form.destination is not None:
        return Action.DESTINATION
    if problem.reason is Reason.REGION_NOT_ALLOWED:
        return Action.SOURCE if problem.about == form.source else Action.DESTINATION
    return Action.BACKUP
