"""The confirmation: the whole plan, and the button that makes it happen. What is confirmed is what runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.domain.judgement import Judgement
from bot.domain.lineage import PARENT_WORDS, ParentReady
from bot.domain.plan import CopyPlan, OrderPlan, OrderRequest
from bot.domain.reasons import Reason
from bot.slack.views import blocks, plan_status
from bot.slack.views import judgement as by_rules
from bot.slack.views.backup_choice import ReadError
from bot.slack.views.blocks import Block, View
from bot.slack.views.reasons import explain, gist
from bot.slack.views.text import (
    age,
    channel_mention,
    code,
    count,
    escape,
    region_label,
    size,
    slack_date,
)
from bot.slack.views.typed import TypedState

CALLBACK_ID = "copy_confirmation"

TITLE = "Copy this backup?"
START = "Start copy"
ASK = "Ask for approval"

RULES_SAY_NOTHING = Judgement(allowed_by=None)

MOST_LISTED = 25
"""Copies that are listed one by one."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Shown(_Model):
    """What the plan that was shown rested on, to say later what has changed.

    Attributes:
        parent: the state of the parent.
        parent_there: id under which it is in the destination.
        existing: id of a copy that was there already.
        beneath: how many backups had to be copied first.
    """

    parent: str
    parent_there: str | None = None
    existing: str | None = None
    size_gb: float | None = None
    status: str = ""
    beneath: int = 0

    @classmethod
    def of(cls, plan: CopyPlan) -> "Shown":
        """What this plan rests on."""
        return cls(
            parent=PARENT_WORDS[type(plan.parent)],
            parent_there=plan.parent.found.backup.id if isinstance(plan.parent, ParentReady) else None,
            existing=plan.existing.found.backup.id if plan.existing else None,
            size_gb=plan.backup.size_gb,
            status=plan.backup.status,
            beneath=len(plan.backups) - 1,
        )


class _Remembered(_Model):
    """What is confirmed, in the modal's ``private_metadata``: under 3,000 characters, as the number of backups, the
    name and the description have their own limits.
    """

    request: OrderRequest
    plan_digest: str
    channel: str
    shown: Shown | None = None
    asks_for_approval: bool = False


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a person confirmed.

    Attributes:
        id: of the modal: the same however often the submission is delivered.
        plan_digest: of the plan that was shown.
        shown: what that plan rested on, if it was about one copy.
        asks_for_approval: whether the person was told that others have to agree.
        glass_reason: why it cannot wait; ``None`` where the glass is not to be broken.
    """

    id: str
    request: OrderRequest
    plan_digest: str
    channel: str
    shown: Shown | None = None
    asks_for_approval: bool = False
    glass_reason: str | None = None


def draw(
    plan: OrderPlan,
    *,
    channel: str,
    now: datetime,
    judgement: Judgement | None = None,
    pushed: bool = True,
    link_to_running: str | None = None,
) -> View:
    """The plan with **Start copy**; without that button where the plan has a problem.

    Args:
        plan: as it was just made.
        channel: id of the channel to tell.
        now: for ages.
        judgement: what the rules say of it, as far as that is known.
        pushed: whether there is a form behind it to go back to.
        link_to_running: address of the message of the copy that is under way already.
    """
    close = "Back" if pushed else "Cancel"
    return _draw(
        plan, [], judgement or RULES_SAY_NOTHING, channel=channel, now=now, close=close, link_to_running=link_to_running
    )


def draw_changed(
    plan: OrderPlan, confirmed: Confirmed, *, now: datetime, judgement: Judgement = RULES_SAY_NOTHING
) -> View:
    """The plan as it is now, and what has changed since the one that was confirmed: the person is asked again."""
    differences = what_changed(confirmed, plan) if confirmed.plan_digest != plan.digest else []
    if judgement.needs and not confirmed.asks_for_approval:
        differences.append("The rules ask for the agreement of somebody else now.")
    changed = [
        blocks.alert("warning", "Something has changed since you looked. Nothing was sent."),
        blocks.section("\n".join(f"• {each}" for each in differences or [_SOMETHING])),
        blocks.divider(),
    ]
    return _draw(plan, changed, judgement, channel=confirmed.channel, now=now, close="Cancel")


_SOMETHING = "The backup, its parent or the destination is not what it was. Please look again."


def what_changed(confirmed: Confirmed, plan: OrderPlan) -> list[str]:
    """Each difference between the plan that was confirmed and the one there is now, in ``mrkdwn``."""
    if confirmed.shown is None or len(plan.plans) != 1:
        return [_SOMETHING]
    before, after = confirmed.shown, Shown.of(plan.plans[0])
    destination = escape(plan.plans[0].request.destination)
    changes = []
    if before.parent != after.parent:
        changes.append(f"The parent in {destination} was _{escape(before.parent)}_, and is _{after.parent}_ now.")
    elif before.parent_there != after.parent_there:
        changes.append(f"The parent in {destination} is another backup now: {code(after.parent_there or '')}.")
    if before.beneath != after.beneath:
        changes.append(
            f"{count(before.beneath, 'backup')} had to go first, and {count(after.beneath, 'backup')} have to now."
        )
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
    return changes or [_SOMETHING]


def _draw(
    plan: OrderPlan,
    first: Sequence[Block],
    judgement: Judgement,
    *,
    channel: str,
    now: datetime,
    close: str,
    link_to_running: str | None = None,
) -> View:
    problems = plan.problems
    shown = [*first, *_plan(plan, channel, now, link_to_running)]
    if not problems:
        shown += [*by_rules.draw(judgement), *by_rules.draw_glass(judgement)]
    if problems:
        shown.append(blocks.alert("error", f"It cannot be started: {gist(problems[0])}."))
        unexplained = [each for each in problems if each.reason not in _EXPLAINED_ABOVE]
        shown += [blocks.section(explain(problem)) for problem in unexplained[:3]]
    remembered = _Remembered(
        request=plan.request,
        plan_digest=plan.digest,
        channel=channel,
        shown=Shown.of(plan.plans[0]) if len(plan.plans) == 1 else None,
        asks_for_approval=bool(judgement.needs),
    ).model_dump_json()
    copies = len(plan.copies)
    return blocks.modal(
        TITLE if copies == 1 else f"Make {copies} copies?",
        shown,
        callback_id=CALLBACK_ID,
        submit=None if problems else _submit(judgement, copies),
        close=close,
        metadata=remembered,
    )


def _submit(judgement: Judgement, copies: int) -> str | None:
    """What the button says; ``None`` where the rules allow none."""
    if not by_rules.can_be_confirmed(judgement):
        return None
    if judgement.refusals:
        return "Break the glass"
    return ASK if judgement.needs else START if copies == 1 else "Start copies"


_EXPLAINED_ABOVE = frozenset({Reason.PARENT_MISSING, Reason.PARENT_GONE, Reason.COPY_UNDER_WAY})


def _plan(plan: OrderPlan, channel: str, now: datetime, link_to_running: str | None) -> list[Block]:
    shown = [blocks.fields(_facts(plan.plans[0]))] if len(plan.plans) == 1 else []
    if plan.request.description:
        shown.append(blocks.section(f"*Description*\n{escape(plan.request.description, 300)}"))
    shown += plan_status.draw(plan, now=now, link_to_running=link_to_running)
    if len(plan.copies) > 1:
        shown += [blocks.section(part) for part in blocks.in_sections(_list(plan))]
    return [*shown, *_terms(plan, channel, now)]


def _facts(plan: CopyPlan) -> list[tuple[str, str]]:
    request, backup = plan.request, plan.backup
    made_of = f"{backup.origin.type} {backup.origin.id}" if backup.origin else "unknown"
    return [
        ("Backup", f"{code(backup.title)}\n{code(backup.id)}"),
        ("New name", code(request.name)),
        ("From", escape(region_label(request.source))),
        ("To", escape(region_label(request.destination))),
        ("Kind", f"{plan_status.kind(plan)}, {escape(str(backup.datastore or 'unknown datastore'), 60)}"),
        ("Size", size(backup.size_gb)),
        ("Made", slack_date(backup.created)),
        ("Made of", code(made_of)),
    ]


def _list(plan: OrderPlan) -> list[str]:
    """Every copy that is made, in the order in which they are sent."""
    lines = [
        f"{number}. {code(each.backup.title, 64)} → {escape(each.destination)}, {size(each.backup.size_gb)}, as "
        f"{code(each.name, 64)}"
        for number, each in enumerate(plan.copies[:MOST_LISTED], start=1)
    ]
    left = len(plan.copies) - len(lines)
    return ["*In this order:*", *lines, *([f"… and {count(left, 'copy')} more"] if left else [])]


def _terms(plan: OrderPlan, channel: str, now: datetime) -> list[Block]:
    """What it costs, who is told, and what cannot be taken back; nothing of that where nothing can be started."""
    asked = f"Both regions were asked {age(plan.looked_at, now)}."
    if plan.problems:
        return [blocks.context(asked)]
    destinations = ", ".join(escape(each) for each in plan.request.destinations)
    first = plan.plans[0]
    expected = plan_status.time_expected(first.learned, escape(first.request.source), escape(first.request.destination))
    is_one = len(plan.copies) == 1
    storage = (
        f"the copy takes as much room in {destinations} as the original, {size(plan.size_gb)}, "
        "and costs the same for as long as it is kept."
        if is_one
        else f"the copies take as much room in {destinations} as the originals, {size(plan.size_gb)}, "
        "and cost the same for as long as they are kept."
    )
    return [
        blocks.section(
            f"*Storage:* {storage}\n"
            f"*Told:* {channel_mention(channel)} sees how it goes; you are mentioned there when it has ended.\n"
            f"*Once {'it' if is_one else 'a copy'} has begun it cannot be stopped:* Cloud Databases has no way to. "
            f"The original{' stays' if is_one else 's stay'} as {'it is' if is_one else 'they are'}."
            + (f"\n*Time:* {expected}" if expected else "")
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
    return Confirmed(
        seen.id,
        remembered.request,
        remembered.plan_digest,
        remembered.channel,
        remembered.shown,
        remembered.asks_for_approval,
        seen.state.text_in(by_rules.GLASS) or None,
    )


class _View(_Model):
    id: str
    private_metadata: str
    state: TypedState = TypedState()
