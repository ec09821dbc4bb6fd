"""The panel that says what a copy needs and whether that is there: in the form, and again in the confirmation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from bot.domain.lineage import (
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
from bot.domain.plan import CopyPlan, ExistingCopy
from bot.domain.reasons import Problem, Reason
from bot.slack.views.blocks import Block, Level, alert, section
from bot.slack.views.reasons import answer, explain, gist
from bot.slack.views.text import age, code, link, mention, plain, size, slack_date


@dataclass(frozen=True, slots=True)
class Looking:
    """A region is being asked just now."""

    region: str


Panel = CopyPlan | Looking | tuple[Problem, ...] | None
"""What is known of what is chosen now; ``None`` while too little is chosen to know anything."""

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
        where = link(link_to_running, "its message") if link_to_running else f"id {code(running.id)}"
        return Verdict(
            "info",
            f"This backup is being copied to {plan.request.destination} already.",
            f"{mention(running.requested_by.id)} asked for it {age(running.requested_at, now)} ({where}). "
            "One copy is enough, and Cloud Databases would refuse a second one now.",
        )
    if not plan.backup.is_copyable:
        problem = Problem(Reason.BACKUP_NOT_COPYABLE, about=plan.backup.status)
        return Verdict("error", f"{gist(problem)}.", explain(problem))
    said = of_parent(plan.parent, plan.request.destination, now)
    if plan.problem and plan.problem.reason is Reason.COPY_EXISTS:
        short = f"There is already a copy in {plan.request.destination}. Copy again only on purpose."
        return Verdict("warning", short, said.full)
    return said


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
                f"*What to do:* copy {code(absent.title)} to {destination} first; when that is done, copy this one. "
                f"{_parents_own_need(parent)}",
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


def _parents_own_need(absent: ParentAbsent) -> str:
    if absent.parent.is_incremental:
        return f"{code(absent.parent.title)} is an incremental itself, so it needs its own parent there as well."
    return f"{code(absent.parent.title)} is a full backup, so it needs nothing else."


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
        case Looking(region=region):
            return [alert("info", f"Looking at {region} …")]
        case CopyPlan():
            return _of_plan(panel, now, link_to_running)
        case _:
            first, *_ = panel
            return [
                alert("error", f"{gist(first)}."),
                *(section(explain(problem)) for problem in panel),
            ]


def _of_plan(plan: CopyPlan, now: datetime, link_to_running: str | None) -> list[Block]:
    said = verdict(plan, now=now, link_to_running=link_to_running)
    existing = [section(of_existing(plan.existing, plan.request.destination))] if plan.existing else []
    return [alert(said.level, said.short), *existing, section(said.full)]
