"""The panel that says what a copy needs and whether that is there: in the form, and again in the confirmation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from bot.domain.backup import Backup
from bot.domain.learned import Learned
from bot.domain.lineage import (
    Chain,
    Evidence,
    FullBackup,
    ParentAbsent,
    ParentArriving,
    ParentGone,
    ParentReady,
    ParentStatus,
    ParentUnchecked,
    Recognised,
)
from bot.domain.plan import CopyPlan, ExistingCopy, OrderPlan
from bot.domain.reasons import Problem, Reason
from bot.slack.views.blocks import Block, Level, alert, in_sections, section
from bot.slack.views.reasons import answer, explain, gist
from bot.slack.views.text import age, code, count, duration, escape, link, mention, plain, size, slack_date


@dataclass(frozen=True, slots=True)
class Looking:
    """Regions are being asked just now."""

    regions: tuple[str, ...]


Panel = OrderPlan | Looking | tuple[Problem, ...] | None
"""What is known of what is chosen now; ``None`` while too little is chosen to know anything."""

MOST_NAMES = 5
"""Backups of a chain that are called by name."""

SURE: Mapping[Evidence, tuple[str, str]] = MappingProxyType(
    {
        Evidence.SAME_ID: ("it has the same id", "certain"),
        Evidence.OWN_RECORD: ("this bot copied it there and wrote down its id", "certain"),
        Evidence.SAME_FILES: ("the original's id is in the address of its files", "nearly certain"),
        Evidence.MATCHING_FACTS: ("its name, size and instance agree; its id is another", "likely, not certain"),
        Evidence.SAID_BY_PERSON: ("a person said so", "as sure as that person was"),
    }
)
"""How a backup in another region was recognised, and how sure that is."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a plan, or a part of it, comes to.

    Attributes:
        short: the gist in one sentence of plain text.
        full: the rest of it in ``mrkdwn``.
    """

    level: Level
    short: str
    full: str


def evidence(found: Recognised) -> str:
    """How a backup was recognised and how sure that is, for the end of a sentence."""
    how, how_sure = SURE[found.evidence]
    return f"{how} ({how_sure})"


def kind(plan: CopyPlan) -> str:
    """``Incremental`` or ``Full backup``."""
    return "Incremental" if plan.backup.is_incremental else "Full backup"


def verdict(plan: CopyPlan, *, now: datetime, link_to_running: str | None = None) -> Verdict:
    """What a plan comes to: the first thing that stands in its way, or what it rests on.

    Args:
        plan: as the cloud showed it.
        now: for ages.
        link_to_running: address of the message of the copy that is under way already.
    """
    if running := plan.under_way:
        where = link(link_to_running, "its message") if link_to_running else f"id {code(running.order_id)}"
        return Verdict(
            "info",
            f"This backup is being copied to {plan.request.destination} already.",
            f"{mention(running.requested_by.id)} asked for it {age(running.requested_at, now)} ({where}). "
            "One copy is enough, and Cloud Databases would refuse a second one now.",
        )
    if not plan.backup.is_copyable:
        problem = Problem(Reason.BACKUP_NOT_COPYABLE, about=plan.backup.status)
        return Verdict("error", f"{gist(problem)}.", explain(problem))
    said = _of_chain(plan, plan.chain) if plan.chain else of_parent(plan.parent, plan.request.destination, now)
    if plan.problem and plan.problem.reason is Reason.COPY_EXISTS:
        short = f"There is already a copy in {plan.request.destination}. Copy again only on purpose."
        return Verdict("warning", short, said.full)
    return said


def _of_chain(plan: CopyPlan, chain: Chain) -> Verdict:
    """The whole chain is going to be copied."""
    destination = plan.request.destination
    return Verdict(
        "success",
        f"Incremental. {count(len(chain.missing), 'backup')} beneath it will be copied to {destination} first.",
        f"Oldest first: {chain_names(chain.missing)}, then {code(plan.backup.title)}. Each is sent when the one before "
        f"it has arrived. {_base(chain, destination)}",
    )


def of_parent(parent: ParentStatus, destination: str, now: datetime) -> Verdict:  # one return for each status
    """What a backup's parent comes to."""
    match parent:
        case FullBackup():
            return Verdict(
                "success",
                f"Full backup. Needs nothing in {destination}. Ready to copy.",
                f"A full backup stands alone: nothing has to be in {destination} before it is copied.",
            )
        case ParentReady(found=found):
            return _ready(parent.parent.title if parent.parent else found.backup.title, found, destination)
        case ParentArriving():
            return _arriving(parent, destination, now)
        case ParentAbsent(parent=absent):
            return Verdict(
                "warning",
                f"Incremental. Its parent {plain(absent.title)} is not in {destination}.",
                f"Cloud Databases would refuse this copy, because its parent {code(absent.title)} (id "
                f"{code(absent.id)}, {size(absent.size_gb)}) *is not in {destination}*.\n"
                f"{_what_to_do(parent, destination)}",
            )
        case ParentGone():
            return Verdict(
                "error",
                "Incremental. Its chain is broken: nothing can be copied.",
                explain(Problem(Reason.PARENT_GONE, about=_name_of_gone(parent))),
            )
        case ParentUnchecked(region=region, fault=fault):
            return Verdict(
                "warning",
                f"Could not check {region}: {gist(fault)}.",
                f"Whether the parent of this incremental is in {destination} is not known. {answer(fault)}\n"
                "*What to do:* check again, or send the copy anyway and let Cloud Databases decide: it refuses the "
                "copy if the parent is not there, and nothing else happens.",
            )


def _what_to_do(absent: ParentAbsent, destination: str) -> str:
    if absent.chain is None:
        return f"*What to do:* what {code(absent.parent.title)} was made from could not be looked up. Check again."
    missing = absent.chain.missing
    return (
        f"*What to do:* copy the chain, oldest first: {chain_names(missing)}, then this one. "
        f"{_base(absent.chain, destination)} Or go back, and choose a full backup, which needs nothing."
    )


def _base(chain: Chain, destination: str) -> str:
    """What the chain rests on, in the destination already or on its way there."""
    match chain.base:
        case Recognised() as found:
            return (
                f"What the oldest was made from, {code(found.backup.title)}, is in {destination} already, because "
                f"{evidence(found)}."
            )
        case ParentArriving(parent_name=name):
            return f"What the oldest was made from, {code(name)}, is on its way to {destination} and is waited for."
        case None:
            return "The oldest is a full backup, which needs nothing."


def chain_names(chain: Sequence[Backup]) -> str:
    """The names of some backups in a row; the middle of a long row is only counted."""
    names = [code(backup.title, 64) for backup in chain]
    if len(names) > MOST_NAMES:
        names = [*names[:2], f"{len(names) - 3} more", names[-1]]
    return ", ".join(names)


def chain_offer(plan: OrderPlan) -> tuple[str, str]:
    """The words of the box that asks for the whole chain, and what is written beneath: both in plain text."""
    whole = replace(
        plan,
        request=replace(plan.request, whole_chain=True),
        plans=tuple(replace(each, request=replace(each.request, whole_chain=True)) for each in plan.plans),
    )
    copies = count(len(whole.copies), "backup")
    return f"Copy the chain, oldest first: {copies}, {size(whole.size_gb)}", "What is there already is left out."


def _name_of_gone(gone: ParentGone) -> str:
    return gone.parent.title if gone.parent else gone.parent_id


def _ready(name: str, found: Recognised, destination: str) -> Verdict:
    return Verdict(
        "success",
        f"Incremental. Its parent {plain(name)} is in {destination}. Ready to copy.",
        f"The parent {code(name)} was recognised in {destination} because {evidence(found)}; "
        f"its id there is {code(found.backup.id)}, its status {code(found.backup.status)}.",
    )


def _arriving(parent: ParentArriving, destination: str, now: datetime) -> Verdict:
    asked = f"asked for by {mention(parent.requested_by)}, " if parent.requested_by else "started elsewhere, "
    ours = f" (id {code(parent.copy_id)})" if parent.copy_id else ""
    return Verdict(
        "info",
        f"Incremental. Its parent {plain(parent.parent_name)} is being copied to {destination} now: "
        "this copy will wait for it.",
        f"The parent {code(parent.parent_name)} is on its way to {destination}{ours}: {asked}"
        f"{age(parent.since, now)}. This copy is sent as soon as it has arrived.",
    )


def of_existing(existing: ExistingCopy, destination: str) -> str:
    """What there is to say of a copy that is there already, in ``mrkdwn``."""
    there = existing.found.backup
    by = f"asked for by {mention(existing.requested_by)}" if existing.requested_by else "not made by this bot"
    when = slack_date(existing.completed_at or there.created)
    return (
        f":information_source: *There is already a copy in {destination}:* {code(there.title)}, {when}, {by}, "
        f"{size(there.size_gb)}, id {code(there.id)}. Recognised because {evidence(existing.found)}."
    )


def time_expected(learned: Learned | None, source: str, destination: str) -> str:
    """How long a copy is likely to take; nothing where that was not learned yet."""
    if learned is None:
        return ""
    return (
        f"Of {count(learned.copies, 'copy')} before it from {source} to {destination}, half "
        f"were done within {duration(learned.half)}, nine of ten within {duration(learned.nine_tenths)}."
    )


def rotation_warning(plan: CopyPlan, now: datetime) -> str:
    """That a schedule may delete what is needed before it is copied; nothing where there is time enough."""
    rotation = plan.rotation
    if rotation is None or not plan.is_threatened_by_rotation(now):
        return ""
    when = "is due" if rotation.expected_at > now else "was due"
    return (
        f":warning: *A schedule may be faster.* The next full backup of this instance {when} "
        f"{slack_date(rotation.expected_at)}. Schedules keep two, so it is then likely to delete "
        f"{code(rotation.full.name)} and all that was made from it. What is not copied by then cannot be copied any "
        "more: start soon, or choose a backup of the newer week."
    )


def draw(panel: Panel, *, now: datetime, link_to_running: str | None = None) -> list[Block]:
    """The panel, without the fields and buttons that some of its states ask for.

    Args:
        panel: what is known.
        now: for ages.
        link_to_running: address of the message of the copy that is under way already.
    """
    match panel:
        case None:
            return [alert("default", "Choose a backup and where to copy it: then this says whether it can be copied.")]
        case Looking(regions=regions):
            return [alert("info", f"Looking at {', '.join(regions)} …")]
        case OrderPlan(plans=(single,)):
            return _of_plan(single, now, link_to_running)
        case OrderPlan():
            return _of_several(panel, now)
        case _:
            first, *_ = panel
            return [
                alert("error", f"{gist(first)}."),
                *(section(explain(problem)) for problem in panel),
            ]


def _of_plan(plan: CopyPlan, now: datetime, link_to_running: str | None) -> list[Block]:
    said = verdict(plan, now=now, link_to_running=link_to_running)
    existing = of_existing(plan.existing, plan.request.destination) if plan.existing else ""
    told = filter(None, (existing, said.full, rotation_warning(plan, now)))
    return [alert(said.level, said.short), *(section(part) for part in told)]


def _of_several(plan: OrderPlan, now: datetime) -> list[Block]:
    """One line for each backup and region, the worst first; in front, what it all comes to."""
    verdicts = [(each, verdict(each, now=now)) for each in plan.plans]
    worst_first = sorted(verdicts, key=lambda each: _WORST_FIRST.index(each[1].level))
    copies = count(len(plan.copies), "copy")
    level, gist_of_all = (
        (worst_first[0][1].level, f"{len(plan.problems)} of {len(plan.plans)} cannot be copied as it is.")
        if plan.problems
        else ("success", f"{copies}, {size(plan.size_gb)}. Ready to copy.")
    )
    lines = [
        f"{_SIGNS[said.level]} {code(each.backup.title, 64)} → {each.request.destination}: {escape(said.short, 200)}"
        for each, said in worst_first
    ]
    existing = [of_existing(each.existing, each.request.destination) for each in plan.plans if each.existing]
    warnings = list(dict.fromkeys(filter(None, (rotation_warning(each, now) for each in plan.plans))))
    return [alert(level, gist_of_all), *(section(part) for part in (*in_sections(lines), *existing[:5], *warnings[:3]))]


_WORST_FIRST: tuple[Level, ...] = ("error", "warning", "info", "default", "success")

_SIGNS: Mapping[Level, str] = MappingProxyType(
    {
        "error": ":x:",
        "warning": ":warning:",
        "info": ":information_source:",
        "default": "•",
        "success": ":white_check_mark:",
    }
)
