"""Radar: what happened to copies without this bot, and which backups others stand and fall with."""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from bot.domain.survey import LAST_TIME, NO_TIME, Held, Made, Place, Survey


@dataclass(frozen=True, slots=True)
class CopyFound:
    """A copy that no order of this bot has made.

    Attributes:
        original: a backup of the same data in the region it was most likely made in.
    """

    copy: Held
    original: Held

    @property
    def way(self) -> tuple[str, str]:
        """From where to where."""
        return self.original.region, self.copy.region

    @property
    def key(self) -> str:
        """By which it is known to have been told."""
        return f"outside {self.copy.region}/{self.copy.id}"


@dataclass(frozen=True, slots=True)
class Orphan:
    """An incremental that cannot be restored: something beneath it is gone in its region.

    Attributes:
        backup: the incremental.
        missing_id: of the parent that is not there.
    """

    backup: Held
    missing_id: str


@dataclass(frozen=True, slots=True)
class Pillar:
    """A backup that others stand on.

    Attributes:
        dependents: how many would become useless in its region without it.
    """

    backup: Held
    dependents: int


@dataclass(frozen=True, slots=True)
class Radar:
    """What is pointed out to people.

    Attributes:
        orphans: newest first.
        pillars: those that most depend on first.
    """

    orphans: tuple[Orphan, ...] = ()
    pillars: tuple[Pillar, ...] = ()


def radar_of(survey: Survey, regions: Sequence[str]) -> Radar:
    """What is to be pointed out of these regions."""
    seen = frozenset(regions)
    return Radar(tuple(_orphans(survey, seen)), tuple(_pillars(survey, seen)))


def _orphans(survey: Survey, regions: Set[str]) -> list[Orphan]:
    found = [
        Orphan(each, each.parent_id)
        for each in survey.held
        if each.parent_id is not None
        and each.is_usable
        and each.region in regions
        and not _is_there(survey, each.region, each.parent_id)
    ]
    return sorted(found, key=lambda orphan: orphan.backup.created or LAST_TIME, reverse=True)


def _is_there(survey: Survey, region: str, backup_id: str) -> bool:
    """Whether data is in a region and whole, its own parents aside. What is still arriving may become so."""
    return any(not each.has_failed for each in survey.members.get((region, survey.data_of(backup_id)), ()))


def _pillars(survey: Survey, regions: Set[str]) -> list[Pillar]:
    dependents: defaultdict[Place, int] = defaultdict(int)
    for place, each in reversed(list(survey.order.items())):
        if each.parent_id is not None:
            dependents[place[0], survey.data_of(each.parent_id)] += 1 + dependents.get(place, 0)
    found = [
        Pillar(survey.order[place], number)
        for place, number in dependents.items()
        if place[0] in regions and sum(each.is_usable for each in survey.members[place]) == 1
    ]
    return sorted(found, key=lambda pillar: (-pillar.dependents, pillar.backup.region, pillar.backup.id))


def found_outside(survey: Survey, regions: Set[str]) -> list[CopyFound]:
    """The copies in these regions that this bot has not made.

    What may still be a copy of this bot, because one was begun and was never seen to arrive, is not among them.

    Args:
        survey: of all backups; the copies that the bot was asked for were read after the backups.
        regions: those that were seen to the end.
    """
    ours = {(made.destination, made.copied_id) for made in survey.made if made.copied_id and made.was_sent}
    perhaps = {
        (made.destination, survey.data_of(made.backup_id))
        for made in survey.made
        if made.was_sent and made.copied_id is None
    }
    by_data: defaultdict[str, list[Held]] = defaultdict(list)
    for (region, data), there in survey.members.items():
        if region in regions:
            by_data[data] += there
    return [
        CopyFound(each, original)
        for data, same in by_data.items()
        if len(same) > 1
        for original in [_original(survey, data, same)]
        for each in same
        if each.region != original.region
        and each.is_usable
        and (each.region, each.id) not in ours
        and (each.region, data) not in perhaps
    ]


def _original(survey: Survey, data: str, same: Sequence[Held]) -> Held:
    """Which of several is the one the others were made from: it has the data's own id; else it is the oldest; else it
    is in the region its instance is in.
    """
    home = survey.homes.get(survey.origins[data]) if data in survey.origins else None
    return min(
        same, key=lambda each: (each.id != data, each.created or LAST_TIME, each.region != home, each.region, each.id)
    )


def vanished(survey: Survey, seen_at: Mapping[str, datetime]) -> list[Made]:
    """The copies this bot has made that are not in their destination any more.

    Args:
        survey: of all backups.
        seen_at: when each region was last seen to the end, before the survey; others say nothing. What completed later
            says nothing either.
    """
    there = {(each.region, each.id) for each in survey.held}
    return [
        made
        for made in survey.made
        if made.was_sent
        and made.completed_at is not None
        and made.copied_id is not None
        and made.completed_at < seen_at.get(made.destination, NO_TIME)
        and (made.destination, made.copied_id) not in there
    ]
