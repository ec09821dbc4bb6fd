"""Coverage: for each instance or HA group and each region, the newest backup that could be restored there."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum

from bot.domain.backup import Origin
from bot.domain.radar import Radar
from bot.domain.survey import NO_TIME, Held, Place, Survey

Wanted = Callable[[Origin, str], timedelta | None]
"""How old the newest backup of an instance may be that can be restored in a region; ``None``: none is wanted there."""


class Standing(IntEnum):
    """How an instance stands in a region, the worst first."""

    MISSING = 0
    """Something is wanted there, and nothing can be restored there."""
    TOO_OLD = 1
    """What can be restored there is older than is wanted, or its age is not known."""
    NOT_WANTED = 2
    """Nothing is there, and nothing is wanted."""
    FINE = 3
    """Something can be restored there, and is as young as is wanted, if anything is."""


@dataclass(frozen=True, slots=True)
class Cell:
    """An instance in a region.

    Attributes:
        newest: the newest backup that can be restored there; ``None``: there is none.
        made: when its data was made, which may be long before it was copied; ``None`` where that is not known.
        wanted: how old it may be; ``None``: none is wanted there.
        cure: what to copy there: the newest backup that can be copied from another region and is newer than what can be
            restored here; ``None`` where there is none.
    """

    region: str
    standing: Standing
    newest: Held | None = None
    made: datetime | None = None
    wanted: timedelta | None = None
    cure: Held | None = None

    @property
    def is_gap(self) -> bool:
        """Whether it is not as it is wanted."""
        return self.standing in {Standing.MISSING, Standing.TOO_OLD}


@dataclass(frozen=True, slots=True)
class Row:
    """An instance or HA group in all regions.

    Attributes:
        newest: its newest backup that can be restored anywhere; ``None`` if there is none at all.
    """

    origin: Origin
    cells: tuple[Cell, ...]
    newest: Held | None

    @property
    def gaps(self) -> tuple[Cell, ...]:
        """Where it is not as it is wanted, the worst first."""
        return tuple(sorted((cell for cell in self.cells if cell.is_gap), key=lambda cell: cell.standing))

    @property
    def is_alone(self) -> bool:
        """Whether it could be restored in one region at most: with that region, all of it would be lost."""
        return sum(cell.newest is not None for cell in self.cells) <= 1

    @property
    def rank(self) -> int:
        """Its place among others, the worst first."""
        worst = min((cell.standing for cell in self.gaps), default=None)
        return worst.value if worst is not None else (2 if self.is_alone else 3)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Everything, gaps first.

    Attributes:
        regions: the columns.
        unknown: how many backups are left out, as nobody knows what they were made of.
    """

    regions: tuple[str, ...]
    rows: tuple[Row, ...]
    unknown: int = 0

    @property
    def gaps(self) -> int:
        """How many there are."""
        return sum(len(row.gaps) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of coverage, and what stands out beside it.

    Attributes:
        not_read: the regions that were never read to the end: what is missing there may only not have been seen.
        stale: the regions that could not be read lately; what is said of them may be out of date.
    """

    coverage: Coverage
    radar: Radar = field(default_factory=Radar)
    not_read: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()


def nothing_wanted(_origin: Origin, _region: str) -> timedelta | None:
    """Where nobody says how old the newest backup may be."""
    return None


def coverage_of(survey: Survey, regions: Sequence[str], wanted: Wanted, now: datetime) -> Coverage:
    """Where what could be restored.

    Args:
        survey: of all backups.
        regions: the columns; what is in others is left out.
        wanted: how old the newest may be.
        now: for ages.
    """
    places = _newest_first(survey)
    table = _Table(survey, tuple(regions), wanted, now)
    rows = [table.row(origin, places.get(origin, [])) for origin in frozenset(survey.origins.values())]
    rows.sort(key=lambda row: (row.rank, row.newest.title if row.newest else "~", row.origin.id))
    unknown = sum(survey.data_of(each.id) not in survey.origins for each in survey.held)
    return Coverage(table.regions, tuple(rows), unknown)


def _newest_first(survey: Survey) -> dict[Origin, list[Place]]:
    """What of each instance could be restored where, the newest first."""
    places: defaultdict[Origin, list[Place]] = defaultdict(list)
    for place in survey.order:
        origin = survey.origins.get(place[1])
        if origin is not None:
            places[origin].append(place)
    for some in places.values():
        some.sort(key=lambda place: (survey.earliest.get(place[1], NO_TIME), place), reverse=True)
    return dict(places)


@dataclass(frozen=True, slots=True)
class _Table:
    """Makes the rows."""

    survey: Survey
    regions: tuple[str, ...]
    wanted: Wanted
    now: datetime

    def row(self, origin: Origin, places: Sequence[Place]) -> Row:
        """An instance, by what of it could be restored where, the newest first."""
        seen = [place for place in places if place[0] in self.regions]
        newest: dict[str, Place] = {}
        for place in seen:
            newest.setdefault(place[0], place)
        cells = tuple(self._cell(origin, region, newest.get(region), seen) for region in self.regions)
        return Row(origin, cells, self.survey.order[seen[0]] if seen else None)

    def _cell(self, origin: Origin, region: str, here: Place | None, places: Sequence[Place]) -> Cell:
        wanted = self.wanted(origin, region)
        if here is None:
            standing = Standing.NOT_WANTED if wanted is None else Standing.MISSING
            return Cell(region, standing, wanted=wanted, cure=self._cure(places, region, None))
        made = self.survey.earliest.get(here[1])
        if wanted is None or (made is not None and self.now - made <= wanted):
            return Cell(region, Standing.FINE, self.survey.order[here], made, wanted)
        cure = self._cure(places, region, made)
        return Cell(region, Standing.TOO_OLD, self.survey.order[here], made, wanted, cure)

    def _cure(self, places: Sequence[Place], region: str, made: datetime | None) -> Held | None:
        """What to copy to a region: the newest that is newer than what is there, from where its instance is if it can
        be.
        """
        found: list[Held] = []
        best: datetime | None = None
        for place in places:
            time = self.survey.earliest.get(place[1], NO_TIME)
            if (made is not None and time <= made) or (found and time != best):
                break
            copyable = [each for each in self.survey.members[place] if each.is_copyable and place[0] != region]
            found += copyable
            best = time if copyable else best
        return min(found, key=self._distance, default=None)

    def _distance(self, each: Held) -> tuple[bool, bool, int]:
        data = self.survey.data_of(each.id)
        home = self.survey.homes.get(self.survey.origins[data])
        return each.region != home, each.id != data, self.regions.index(each.region)
