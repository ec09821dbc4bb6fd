"""What is in the form, and reading it back.

What keeps what a person typed. Slack keeps a field's value over ``views.update`` for as long as its ``block_id`` and
``action_id`` stay the same, and then ignores its ``initial_…`` value (``slack-platform.md``, Requests to the app).
So every ``action_id`` is fixed, and a field is read by it; a ``block_id`` ends in a number that grows only when the
bot itself puts another value in, which counts only in a field that Slack has not seen before:

* Backup: when another region is chosen (the backup is not there), and when the bot puts its parent in its place.
* To: when the region that was chosen has become the source.
* Name: when another backup is chosen, unless the person typed a name.
* Backup and To: when the form goes over from one of each to several.

The boxes to tick end in the selection they were ticked for, so that a tick never counts for another one.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.domain.backup import Backup
from bot.domain.names import USUAL_TEMPLATE, suggested_name
from bot.domain.plan import OrderPlan, OrderRequest
from bot.domain.reasons import Problem, Reason
from bot.slack.views.backup_choice import ChosenBackup, ReadError, read_reference
from bot.slack.views.reasons import sentence


class Action(StrEnum):
    """What a person does in the form before it is submitted: the ``action_id`` of each."""

    SOURCE = "source"
    BACKUP = "backup"
    DESTINATION = "destination"
    CHANNEL = "channel"
    SEVERAL = "several_at_once"
    CHECK_AGAIN = "check_again"


class Quiet(StrEnum):
    """The ``action_id`` of the fields that say nothing before the form is submitted."""

    NAME = "name"
    DESCRIPTION = "description"
    WHOLE_CHAIN = "whole_chain"
    COPY_AGAIN = "despite_existing_copy"
    SEND_ANYWAY = "despite_unchecked_parent"


BOXES = (Quiet.WHOLE_CHAIN, Quiet.COPY_AGAIN, Quiet.SEND_ANYWAY)
"""The boxes to tick: each a flag of the request, of the same name."""

MOST_BACKUPS = 10
"""Backups that can be chosen at once."""


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
        several: whether several backups and regions can be chosen.
    """

    several: bool = False
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
        channel: id of the channel to tell; ``None`` while none is chosen; empty where it was asked for in a direct
            message, which is no channel to begin with.
        boxes: those that are ticked.
        drawn: what the form remembers of how it was drawn.
    """

    source: str
    channel: str | None = None
    backups: tuple[ChosenBackup, ...] = ()
    destinations: tuple[str, ...] = ()
    name: str = ""
    description: str = ""
    boxes: frozenset[Quiet] = frozenset()
    drawn: Drawn = field(default_factory=Drawn)

    @property
    def name_was_typed(self) -> bool:
        """Whether the person gave the name, rather than the form."""
        return bool(self.name.strip()) and self.name != self.drawn.filled_name

    @property
    def request(self) -> OrderRequest | None:
        """What is asked for; ``None`` while no backup or no destination is chosen."""
        if not self.backups or not self.destinations:
            return None
        return OrderRequest(
            source=self.source,
            backup_ids=tuple(backup.id for backup in self.backups),
            destinations=self.destinations,
            name=self.name.strip(),
            description=self.description.strip(),
            whole_chain=Quiet.WHOLE_CHAIN in self.boxes,
            despite_existing_copy=Quiet.COPY_AGAIN in self.boxes,
            despite_unchecked_parent=Quiet.SEND_ANYWAY in self.boxes,
        )

    @property
    def selection(self) -> str:
        """Names what is chosen: backups, source and destinations."""
        chosen = (self.source, *(backup.id for backup in self.backups), *self.destinations)
        return hashlib.sha256("/".join(chosen).encode()).hexdigest()[:12]

    def block_id(self, of: Action | Quiet) -> str:
        """The ``block_id`` that a field has now; see above for when it changes."""
        if of in BOXES:
            return f"{of}-{self.selection}"
        revision = {
            Action.BACKUP: self.drawn.backup,
            Action.DESTINATION: self.drawn.destination,
            Quiet.NAME: self.drawn.name,
        }.get(of, 0)
        return f"{of}-{revision}"

    def choosing(self, backups: Sequence[Backup], now: datetime) -> "CopyForm":
        """The form with these backups in it, and their name filled in unless the person typed one. For several it is
        the template that each gets its name from.

        For what the person has chosen as well as for what the bot puts in: it is seen which of the two it is.
        """
        form = self
        if [(each.region, each.id) for each in self.backups] != [(each.region, each.id) for each in backups]:
            chosen = tuple(ChosenBackup.of(backup, now) for backup in backups)
            form = replace(form, source=backups[0].region, backups=chosen, drawn=_next(form.drawn, "backup"))
        form = form.without_source_as_destination()
        return form.with_name_filled(USUAL_TEMPLATE if len(backups) > 1 else suggested_name(backups[0].title))

    def taking_several(self) -> "CopyForm":
        """The form in which several backups and regions can be chosen; what is chosen stays."""
        drawn = _next(_next(self.drawn, "backup"), "destination").model_copy(update={"several": True})
        return replace(self, drawn=drawn)

    def with_name_filled(self, name: str) -> "CopyForm":
        """The form with this name in it, unless the person typed one."""
        if self.name_was_typed or self.name == name == self.drawn.filled_name:
            return self
        drawn = _next(self.drawn, "name").model_copy(update={"filled_name": name})
        return replace(self, name=name, drawn=drawn)

    def consistent(self) -> "CopyForm":
        """The form without what cannot go together: a backup of another region, a copy to where it is."""
        form = self
        if any(backup.region != form.source for backup in form.backups):
            form = replace(form, backups=(), drawn=_next(form.drawn, "backup")).with_name_filled("")
        return form.without_source_as_destination()

    def without_source_as_destination(self) -> "CopyForm":
        """The form without a copy to where the backup is."""
        if self.source not in self.destinations:
            return self
        left = tuple(each for each in self.destinations if each != self.source)
        return replace(self, destinations=left, drawn=_next(self.drawn, "destination"))


def _next(drawn: Drawn, counter: str) -> Drawn:
    """One more value that the bot has put into a field."""
    return drawn.model_copy(update={counter: getattr(drawn, counter) + 1})


def filled_in(plan: OrderPlan, channel: str, now: datetime) -> CopyForm:
    """The form with what a plan was made for, so that something else can be chosen.

    Args:
        plan: as it was just made.
        channel: id of the channel to tell.
        now: for the backups' age.
    """
    request = plan.request
    backups = {each.backup.id: each.backup for each in plan.plans}
    several = len(backups) > 1 or len(request.destinations) > 1
    usual = USUAL_TEMPLATE if len(backups) > 1 else suggested_name(plan.plans[0].backup.title)
    form = CopyForm(
        source=request.source,
        channel=channel,
        backups=tuple(ChosenBackup.of(backup, now) for backup in backups.values()),
        destinations=request.destinations,
        name=request.name,
        description=request.description,
        boxes=frozenset({Quiet.WHOLE_CHAIN} if request.whole_chain else ()),
        drawn=Drawn(filled_name=usual),
    )
    return form.taking_several() if several else form


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

    @property
    def chosen(self) -> tuple[_Option, ...]:
        """What is chosen, whether it is one or may be several."""
        return (self.selected_option,) if self.selected_option else self.selected_options


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
    form = CopyForm(
        source=source.value if source else drawn.source,
        channel=fields.get(Action.CHANNEL, empty).selected_conversation,
        backups=tuple(_chosen(option) for option in fields.get(Action.BACKUP, empty).chosen),
        destinations=tuple(option.value for option in fields.get(Action.DESTINATION, empty).chosen),
        name=fields.get(Quiet.NAME, empty).value or "",
        description=fields.get(Quiet.DESCRIPTION, empty).value or "",
        drawn=drawn,
    ).consistent()
    return _with_ticks(form, seen.state)


def _chosen(option: _Option) -> ChosenBackup:
    region, backup_id = read_reference(option.value)
    return ChosenBackup(region, backup_id, option.text.text, option.description.text if option.description else "")


def _with_ticks(form: CopyForm, state: _State) -> CopyForm:
    return replace(form, boxes=frozenset(box for box in BOXES if _is_ticked(form, state, box)))


def _is_ticked(form: CopyForm, state: _State, box: Quiet) -> bool:
    """Whether a box is ticked for what is chosen now; while it is not shown, whether it was."""
    shown = state.values.get(form.block_id(box))
    if shown is not None:
        return bool(shown.get(box, _Value()).selected_options)
    return box in form.drawn.ticked and form.drawn.ticked_for == form.selection


def remember(form: CopyForm) -> str:
    """What the form has to remember, for its ``private_metadata``."""
    ticked = tuple(box for box in BOXES if box in form.boxes)
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
        Action.BACKUP: None if form.backups else f"Choose a backup of {form.source}.",
        Action.DESTINATION: None if form.destinations else "Choose where the copy goes.",
        Action.CHANNEL: None if form.channel else "Choose the channel that is told how the copy goes.",
    }
    for action, words in missing.items():
        if words:
            said.setdefault(form.block_id(action), words)
    return said


def _field_of(problem: Problem, form: CopyForm) -> Action | Quiet:
    if problem.reason in _FIELDS:
        return _FIELDS[problem.reason]
    if problem.about in form.destinations:
        return Action.DESTINATION
    if problem.reason is Reason.REGION_NOT_ALLOWED:
        return Action.SOURCE if problem.about == form.source else Action.DESTINATION
    return Action.BACKUP
