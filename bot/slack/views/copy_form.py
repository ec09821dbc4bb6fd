"""The form: which backup goes where, under which name, and whom to tell. `filled_form` says what is in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Protocol

from slack_sdk.models.blocks import (
    CheckboxesElement,
    ConversationFilter,
    ConversationSelectElement,
    ExternalDataMultiSelectElement,
    ExternalDataSelectElement,
    Option,
    PlainTextInputElement,
    PlainTextObject,
    StaticMultiSelectElement,
    StaticSelectElement,
)

from bot.domain.backup import LONGEST_DESCRIPTION, LONGEST_NAME, REGION_NEVER_COPIED
from bot.domain.judgement import Judgement
from bot.domain.lineage import ParentAbsent, ParentArriving, ParentUnchecked
from bot.domain.names import PLACE
from bot.domain.plan import OrderPlan
from bot.domain.reasons import Fault, Problem, Reason
from bot.slack.views import blocks, channel_errors, plan_status
from bot.slack.views import judgement as by_rules
from bot.slack.views.backup_choice import ChosenBackup, ReadError, not_offered, options, read_reference
from bot.slack.views.blocks import Block, View
from bot.slack.views.filled_form import (
    MOST_BACKUPS,
    Action,
    CopyForm,
    Drawn,
    Quiet,
    Search,
    errors,
    filled_in,
    read,
    read_search,
    remember,
)
from bot.slack.views.plan_status import Looking, Panel
from bot.slack.views.reasons import answer, explain, gist
from bot.slack.views.text import age, count, cut, plain, region_label

__all__ = [
    "ACTIONS",
    "CALLBACK_ID",
    "OPTIONS",
    "SHORTCUT_ID",
    "SHORTCUT_NAME",
    "Action",
    "ChosenBackup",
    "CopyForm",
    "Drawn",
    "FormContext",
    "Freshness",
    "Looking",
    "Panel",
    "ReadError",
    "Search",
    "draw",
    "draw_loading",
    "draw_refused",
    "errors",
    "filled_in",
    "has_a_way",
    "options",
    "read",
    "read_reference",
    "read_search",
]

CALLBACK_ID = "copy_form"
SHORTCUT_ID = "copy_a_backup"
SHORTCUT_NAME = "Copy a backup"
"""Of the global shortcut that opens the form: 24 characters at most."""

ACTIONS = tuple(Action)
"""The ``action_id`` of every ``block_actions`` that the form sends."""

OPTIONS = Action.BACKUP
"""The ``action_id`` of the ``block_suggestion`` that asks for backups."""

TITLE = "Copy a backup"


class Freshness(Protocol):
    """How fresh the list of backups of a region is; the catalogue's ``Refresh`` is one."""

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
        judgement: what the rules say of the plan; ``None`` while there is none.
    """

    regions: tuple[str, ...]
    freshness: Freshness | None = None
    not_copyable: Mapping[str, int] = field(default_factory=dict)
    channel_error: str | None = None
    link_to_running: str | None = None
    judgement: Judgement | None = None


def draw(form: CopyForm, panel: Panel, context: FormContext, *, now: datetime) -> View:
    """The form as it stands."""
    regions = tuple(region for region in context.regions if region != REGION_NEVER_COPIED)
    drawn = [
        _source(regions, form.source if form.source in regions else None, form.block_id(Action.SOURCE)),
        _backups(form),
        blocks.context(list_status(form.source, context, now)),
        _destination(form, tuple(region for region in regions if region != form.source)),
        *([] if form.drawn.several else [_several()]),
        *plan_status.draw(panel, now=now, link_to_running=context.link_to_running),
        *(by_rules.draw(context.judgement) if context.judgement else []),
        *_what_to_do(form, panel),
        _name(form.name, form.block_id(Quiet.NAME), several=len(form.backups) > 1),
        _description(form.description, form.block_id(Quiet.DESCRIPTION)),
        _channel(form.channel, form.block_id(Action.CHANNEL)),
    ]
    if form.channel and context.channel_error:
        drawn.append(blocks.alert("warning", "The bot cannot post in this channel, so nobody would be told."))
        drawn.append(blocks.section(channel_errors.explain(form.channel, context.channel_error)))
    return blocks.modal(TITLE, drawn, callback_id=CALLBACK_ID, submit="Review", close="Cancel", metadata=remember(form))


def draw_loading() -> View:
    """For the moment until the form can be drawn."""
    return blocks.modal(TITLE, [blocks.section("One moment …")], callback_id=CALLBACK_ID)


def draw_refused(problems: Sequence[Problem]) -> View:
    """Why there is no form."""
    told = [blocks.section(explain(problem)) for problem in problems]
    return blocks.modal(
        TITLE, told or [blocks.section("This cannot be done, and nothing was done.")], callback_id=CALLBACK_ID
    )


def list_status(region: str, context: FormContext, now: datetime) -> str:
    """How fresh the list of backups is, and how many of them are not offered, in ``mrkdwn``."""
    return " ".join(
        filter(None, [_freshness(plain(region)[:10], context.freshness, now), not_offered(context.not_copyable)])
    )


def _freshness(region: str, list_of: Freshness | None, now: datetime) -> str:
    if list_of is None:
        return f"The list of backups in {region} has not been loaded yet."
    seen = f"last seen {age(list_of.complete_at, now)}"
    if list_of.fault is not None:
        but = (
            f"It is from {age(list_of.complete_at, now)}." if list_of.complete_at else "What is known of it is offered."
        )
        return (
            f":warning: The list of backups in {region} could not be refreshed: {gist(list_of.fault)}. "
            f"{answer(list_of.fault)} {but}"
        )
    if list_of.complete_at is None:
        so_far = list_of.running if list_of.running is not None else list_of.backups
        return f"The list of backups in {region} is still loading: {so_far:,} so far."
    if not list_of.backups:
        return f"There are no backups in {region}, {seen}. Choose another region."
    return f"{count(list_of.backups, 'backup')} in {region}, {seen}."


def _option(value: str, words: str) -> Option:
    return Option(value=value, text=PlainTextObject(text=words, emoji=False))


@lru_cache(maxsize=64)
def _source(regions: tuple[str, ...], chosen: str | None, block_id: str) -> Block:
    return blocks.field(
        "From",
        StaticSelectElement(
            action_id=Action.SOURCE.value,
            options=[_option(region, region_label(region)) for region in regions],
            initial_option=_option(chosen, region_label(chosen)) if chosen else None,
            placeholder="The region the backup is in",
        ),
        block_id=block_id,
        dispatches=True,
    )


def _backups(form: CopyForm) -> Block:
    block_id = form.block_id(Action.BACKUP)
    if form.drawn.several:
        return _several_backups(form.backups, block_id)
    return _backup(next(iter(form.backups), None), block_id)


@lru_cache(maxsize=64)
def _several_backups(chosen: tuple[ChosenBackup, ...], block_id: str) -> Block:
    return blocks.field(
        "Backups",
        ExternalDataMultiSelectElement(
            action_id=Action.BACKUP.value,
            min_query_length=0,
            initial_options=[each.option() for each in chosen] or None,
            max_selected_items=MOST_BACKUPS,
            placeholder="Type names, ids, instances or datastores",
        ),
        block_id=block_id,
        dispatches=True,
    )


@lru_cache(maxsize=256)
def _backup(chosen: ChosenBackup | None, block_id: str) -> Block:
    return blocks.field(
        "Backup",
        ExternalDataSelectElement(
            action_id=Action.BACKUP.value,
            min_query_length=0,
            initial_option=chosen.option() if chosen else None,
            placeholder="Type a name, id, instance or datastore",
        ),
        block_id=block_id,
        dispatches=True,
    )


def _destination(form: CopyForm, regions: tuple[str, ...]) -> Block:
    if not regions:
        return blocks.section("There is no other region that copies may go to: the bot's settings name only this one.")
    chosen = tuple(each for each in form.destinations if each in regions)
    block_id = form.block_id(Action.DESTINATION)
    if form.drawn.several:
        return _several_regions(regions, chosen, block_id)
    return _region_to(regions, next(iter(chosen), None), block_id)


@lru_cache(maxsize=64)
def _several_regions(regions: tuple[str, ...], chosen: tuple[str, ...], block_id: str) -> Block:
    return blocks.field(
        "To",
        StaticMultiSelectElement(
            action_id=Action.DESTINATION.value,
            options=[_option(region, region_label(region)) for region in regions],
            initial_options=[_option(region, region_label(region)) for region in chosen] or None,
            placeholder="The regions the copies go to",
        ),
        block_id=block_id,
        dispatches=True,
    )


@lru_cache(maxsize=256)
def _region_to(regions: tuple[str, ...], chosen: str | None, block_id: str) -> Block:
    return blocks.field(
        "To",
        StaticSelectElement(
            action_id=Action.DESTINATION.value,
            options=[_option(region, region_label(region)) for region in regions],
            initial_option=_option(chosen, region_label(chosen)) if chosen else None,
            placeholder="The region the copy goes to",
        ),
        block_id=block_id,
        dispatches=True,
    )


@lru_cache(maxsize=256)
def _name(name: str, block_id: str, *, several: bool) -> Block:
    template = f" {PLACE} stands for the name of each backup." if several else ""
    return blocks.field(
        "Names of the copies" if several else "Name of the copy",
        PlainTextInputElement(
            action_id=Quiet.NAME.value,
            initial_value=name[:LONGEST_NAME] or None,
            max_length=LONGEST_NAME,
            placeholder="Filled in when you choose a backup",
        ),
        block_id=block_id,
        hint=f"{LONGEST_NAME} characters at most.{template}",
    )


@lru_cache(maxsize=64)
def _description(description: str, block_id: str) -> Block:
    return blocks.field(
        "Description",
        PlainTextInputElement(
            action_id=Quiet.DESCRIPTION.value,
            initial_value=description[:LONGEST_DESCRIPTION] or None,
            max_length=LONGEST_DESCRIPTION,
            placeholder="Why it is made, a ticket, …",
        ),
        block_id=block_id,
        optional=True,
    )


@lru_cache(maxsize=256)
def _channel(channel: str | None, block_id: str) -> Block:
    """Public and private channels; where nothing is known of it, the one the person is looking at if it is one."""
    return blocks.field(
        "Tell",
        ConversationSelectElement(
            action_id=Action.CHANNEL.value,
            initial_conversation=channel or None,
            default_to_current_conversation=True if channel is None else None,
            filter=ConversationFilter(include=["public", "private"]),
            placeholder="A channel",
        ),
        block_id=block_id,
        hint="This channel sees how the copy goes; you are mentioned there when it has ended.",
        dispatches=True,
    )


def _what_to_do(form: CopyForm, panel: Panel) -> list[Block]:
    """The boxes and buttons that the state of the plan asks for."""
    if not isinstance(panel, OrderPlan):
        return [_check_again()] if isinstance(panel, tuple) and any(p.fault for p in panel) else []
    drawn: list[Block] = []
    if any(isinstance(plan.parent, ParentAbsent) and plan.parent.chain for plan in panel.plans):
        drawn.append(_box(form, Quiet.WHOLE_CHAIN, *plan_status.chain_offer(panel)))
    if any(plan.existing and not plan.under_way for plan in panel.plans):
        words = "Copy again on purpose"
        drawn.append(
            _box(form, Quiet.COPY_AGAIN, words, "The copy that is there stays. A second one costs as much again.")
        )
    if any(isinstance(plan.parent, ParentUnchecked) for plan in panel.plans):
        words = "Send the copy anyway"
        drawn.append(_box(form, Quiet.SEND_ANYWAY, words, "Cloud Databases refuses it if the parent is not there."))
    if any(isinstance(plan.parent, ParentUnchecked | ParentAbsent | ParentArriving) for plan in panel.plans):
        drawn.append(_check_again())
    return drawn


def has_a_way(plan: OrderPlan) -> bool:
    """Whether the form has a box or a button for what stands in the way of a plan."""
    ways = {Reason.COPY_EXISTS, Reason.PARENT_MISSING}
    return any(problem.reason in ways or problem.fault is not None for problem in plan.problems)


@lru_cache(maxsize=1)
def _several() -> Block:
    return blocks.actions([blocks.button("Several at once …", Action.SEVERAL.value)])


@lru_cache(maxsize=1)
def _check_again() -> Block:
    return blocks.actions([blocks.button("Check again", Action.CHECK_AGAIN.value)])


def _box(form: CopyForm, box: Quiet, words: str, beneath: str) -> Block:
    option = Option(
        value="yes",
        text=PlainTextObject(text=cut(words, blocks.LONGEST_OPTION), emoji=False),
        description=PlainTextObject(text=cut(beneath, blocks.LONGEST_OPTION), emoji=False),
    )
    return blocks.field(
        "What it needs" if box is Quiet.WHOLE_CHAIN else "On purpose",
        CheckboxesElement(
            action_id=box.value, options=[option], initial_options=[option] if box in form.boxes else None
        ),
        block_id=form.block_id(box),
        optional=True,
    )
