"""The confirmation: the whole plan, and the button that makes it happen. What is confirmed is what runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.domain.copies import Copy
from bot.domain.lineage import PARENT_WORDS, ParentReady
from bot.domain.plan import CopyPlan, CopyRequest
from bot.domain.reasons import Problem, Reason
from bot.slack.views import blocks, channel_errors, plan_status
from bot.slack.views.backup_choice import ReadError
from bot.slack.views.blocks import Block, Message, View
from bot.slack.views.reasons import explain, gist
from bot.slack.views.text import age, channel_mention, code, escape, link, mention, region_label, size, slack_date

CALLBACK_ID = "copy_confirmation"

TITLE = "Copy this backup?"
START = "Start copy"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Shown(_Model):
    """What the plan that was shown rested on, to say later what has changed.

    Attributes:
        parent: the state of the parent.
        parent_there: id under which it is in the destination.
        existing: id of a copy that was there already.
    """

    parent: str
    parent_there: str | None = None
    existing: str | None = None
    size_gb: float | None = None
    status: str = ""

    @classmethod
    def of(cls, plan: CopyPlan) -> "Shown":
        """What this plan rests on."""
        return cls(
            parent=PARENT_WORDS[type(plan.parent)],
            parent_there=plan.parent.found.backup.id if isinstance(plan.parent, ParentReady) else None,
            existing=plan.existing.found.backup.id if plan.existing else None,
            size_gb=plan.backup.size_gb,
            status=plan.backup.status,
        )


class _Remembered(_Model):
    """What is confirmed, in the modal's ``private_metadata``: under 3,000 characters, as name and description have
    their own limits.
    """

    request: CopyRequest
    plan_digest: str
    channel: str
    shown: Shown


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a person confirmed.

    Attributes:
        id: of the modal: the same however often the submission is delivered.
        plan_digest: of the plan that was shown.
    """

    id: str
    request: CopyRequest
    plan_digest: str
    channel: str
    shown: Shown


def draw(plan: CopyPlan, *, channel: str, now: datetime, pushed: bool = True) -> View:
    """The plan with **Start copy**; without that button where the plan has a problem.

    Args:
        plan: as it was just made.
        channel: id of the channel to tell.
        now: for ages.
        pushed: whether there is a form behind it to go back to.
    """
    return _draw(plan, [], channel=channel, now=now, close="Back" if pushed else "Cancel")


def draw_changed(plan: CopyPlan, confirmed: Confirmed, *, now: datetime) -> View:
    """The plan as it is now, and what has changed since the one that was confirmed: the person is asked again."""
    changed = [
        blocks.alert("warning", "Something has changed since you looked. Nothing was sent."),
        blocks.section("\n".join(f"• {each}" for each in what_changed(confirmed, plan))),
        blocks.divider(),
    ]
    return _draw(plan, changed, channel=confirmed.channel, now=now, close="Cancel")


def what_changed(confirmed: Confirmed, plan: CopyPlan) -> list[str]:
    """Each difference between the plan that was confirmed and the one there is now, in ``mrkdwn``."""
    before, after = confirmed.shown, Shown.of(plan)
    destination = escape(plan.request.destination)
    changes = []
    if before.parent != after.parent:
        changes.append(f"The parent in {destination} was _{escape(before.parent)}_, and is _{after.parent}_ now.")
    elif before.parent_there != after.parent_there:
        changes.append(f"The parent in {destination} is another backup now: {code(after.parent_there or '')}.")
    if before.existing != after.existing:
        changes.append(
            f"There is a copy in {destination} now that was not there before: {code(after.existing)}."
            if after.existing
            else f"The copy that was in {destination} is not there any more."
        )
    if before.status != after.status:
        changes.append(f"The backup was {code(before.status)} and is {code(after.status)} now.")
    if before.size_gb != after.size_gb:
        changes.append(f"The backup's size was {size(before.size_gb)} and is {size(after.size_gb)} now.")
    return changes or ["The backup, its parent or the destination is not what it was. Please look again."]


def _draw(plan: CopyPlan, first: Sequence[Block], *, channel: str, now: datetime, close: str) -> View:
    problem = plan.problem
    shown = [*first, *_plan(plan, channel, now)]
    if problem:
        shown.append(blocks.alert("error", f"It cannot be started: {gist(problem)}."))
        if problem.reason not in {Reason.PARENT_MISSING, Reason.PARENT_GONE, Reason.COPY_UNDER_WAY}:
            shown.append(blocks.section(explain(problem)))
    remembered = _Remembered(
        request=plan.request, plan_digest=plan.digest, channel=channel, shown=Shown.of(plan)
    ).model_dump_json()
    return blocks.modal(
        TITLE,
        shown,
        callback_id=CALLBACK_ID,
        submit=None if problem else START,
        close=close,
        metadata=remembered,
    )


def _plan(plan: CopyPlan, channel: str, now: datetime) -> list[Block]:
    request, backup = plan.request, plan.backup
    made_of = f"{backup.origin.type} {backup.origin.id}" if backup.origin else "unknown"
    what = [
        ("Backup", f"{code(backup.title)}\n{code(backup.id)}"),
        ("New name", code(request.name)),
        ("From", escape(region_label(request.source))),
        ("To", escape(region_label(request.destination))),
        ("Kind", f"{plan_status.kind(plan)}, {escape(str(backup.datastore or 'unknown datastore'), 60)}"),
        ("Size", size(backup.size_gb)),
        ("Made", slack_date(backup.created)),
        ("Made of", code(made_of)),
    ]
    shown = [blocks.fields(what)]
    if request.description:
        shown.append(blocks.section(f"*Description*\n{escape(request.description, 300)}"))
    asked = f"Both regions were asked {age(plan.looked_at, now)}."
    if plan.problem:
        return [*shown, *plan_status.draw(plan, now=now), blocks.context(asked)]
    return [
        *shown,
        *plan_status.draw(plan, now=now),
        blocks.section(
            f"*Storage:* the copy takes as much room in {escape(request.destination)} as the original, "
            f"{size(backup.size_gb)}, and costs the same for as long as it is kept.\n"
            f"*Told:* {channel_mention(channel)} sees how it goes; you are mentioned there when it has ended.\n"
            "*Once it has begun it cannot be stopped:* Cloud Databases has no way to. The original stays as it is."
        ),
        blocks.context(
            f"{asked} They are asked again before anything is sent; if something has changed, you are asked again."
        ),
    ]


def read(view: Mapping[str, object]) -> Confirmed:
    """What was confirmed.

    Args:
        view: the ``view`` of a ``view_submission`` payload.

    Raises:
        ReadError: it is not a view that this module drew.
    """
    try:
        seen = _View.model_validate(view)
        remembered = _Remembered.model_validate_json(seen.private_metadata)
    except ValidationError as error:
        raise ReadError(f"the confirmation came back broken: {error.error_count()} mistakes") from error
    return Confirmed(seen.id, remembered.request, remembered.plan_digest, remembered.channel, remembered.shown)


class _View(_Model):
    id: str
    private_metadata: str


def draw_looking(region: str) -> View:
    """While the plan is made."""
    return _notice("Copy a backup", blocks.alert("info", f"Looking at {region} …"))


def draw_sending() -> View:
    """While both regions are looked at once more and the request is written down."""
    return _notice(
        "Starting …",
        blocks.alert("info", "Looking at both regions once more …"),
        blocks.section("One moment."),
        closes_all=True,
    )


def draw_started(copy: Copy, *, permalink: str | None = None) -> View:
    """It is in the audit log, and under way."""
    where = link(permalink, "the message in the channel") if permalink else f"the message in {_told_in(copy)}"
    return _notice(
        "Copy started",
        blocks.alert("success", "The bot takes it from here. You can close this."),
        blocks.section(
            f"{code(copy.backup.title)} goes from {escape(copy.backup.region)} to {escape(copy.destination)} as "
            f"{code(copy.name)}. How it goes is told in {where}; you are mentioned there when it has ended."
        ),
        blocks.context(f"Id of the copy: {code(copy.id)}"),
        closes_all=True,
    )


def draw_already(copy: Copy, *, now: datetime, permalink: str | None = None) -> View:
    """Such a copy is under way already: whose it is, and where it is told."""
    where = link(permalink, "its message") if permalink else f"its message in {_told_in(copy)}"
    return _notice(
        "Copied already",
        blocks.alert("info", "This backup is on its way to that region already. One copy is enough."),
        blocks.section(
            f"{mention(copy.requested_by.id)} asked for {code(copy.backup.title)} to {escape(copy.destination)} "
            f"{age(copy.requested_at, now)}. Nothing was sent a second time. See {where} for how it goes."
        ),
        blocks.context(f"Id of the copy: {code(copy.id)}"),
        closes_all=True,
    )


def _told_in(copy: Copy) -> str:
    return channel_mention(copy.channel)


def draw_refused(problems: Sequence[Problem]) -> View:
    """It cannot be done, and why."""
    told = [blocks.section(explain(problem)) for problem in problems[:10]]
    return _notice("Not copied", blocks.alert("error", "This copy cannot be made. Nothing was sent."), *told)


def draw_channel_closed(channel: str, error: str) -> View:
    """The bot cannot post in the channel that is to be told: nothing is sent.

    Args:
        channel: its id.
        error: Slack's name of the error.
    """
    return _notice(
        "Nobody would be told",
        blocks.alert("warning", "The bot cannot post in that channel. Nothing was sent."),
        blocks.section(channel_errors.explain(channel, error)),
    )


def draw_message(message: Message) -> View:
    """A short answer, where a modal is open already."""
    return _notice("Copy a backup", *message.blocks)


def draw_outdated(*, command: str) -> View:
    """A form or a confirmation that another version of the bot opened: what is in it cannot be read any more.

    Args:
        command: the slash command's name.
    """
    return _notice(
        "Please start again",
        blocks.alert("warning", "The bot was replaced while this was open. Nothing was sent."),
        blocks.section(f"What is in it cannot be read any more. Close it and type {code(command)} again."),
        closes_all=True,
    )


def draw_unexpected(error_id: str) -> View:
    """Something in the bot broke."""
    return _notice(
        "Something broke",
        blocks.alert("error", "This is a mistake in the bot, not in what you did."),
        blocks.section(
            f"Tell whoever runs this bot the id {code(error_id)}: it is in the bot's log. Before you try again, see "
            "whether the copy is under way: `status` after the command lists it."
        ),
    )


def _notice(title: str, *drawn: Block, closes_all: bool = False) -> View:
    return blocks.modal(title, drawn, callback_id=CALLBACK_ID, closes_all=closes_all)
