"""All backups of all regions at once: which of them are the same data, and which could be restored where they are.

For one backup at a time `bot.domain.lineage` says what a copy is recognised by. Here the same evidence is used for all
of them, the surest first: the same id, this bot's own record, the original's id in the address of the files, and facts
that agree. Where two originals fit equally well, the older one is taken: nothing is shown as fresher than it is.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, Self

from bot.domain.backup import COPYABLE_STATUSES, FAILED_STATUSES, BackupStatus, Datastore, Origin

USABLE = frozenset({BackupStatus.COMPLETED, BackupStatus.COPYING})
SUFFIX_OF_COPIES = "-copy"
"""What Rackspace's own panel puts behind the name of a copy (``cloud-databases-api.md``, The copy)."""

NO_TIME = datetime.min.replace(tzinfo=UTC)
LAST_TIME = datetime.max.replace(tzinfo=UTC)


class Held(NamedTuple):
    """What matters of a backup among very many. Its attributes are those of `bot.domain.backup.Backup`.

    Attributes:
        files_of: the id in the address of its files: that of the backup they were first made for.
    """

    region: str
    id: str
    name: str
    status: str
    parent_id: str | None = None
    created: datetime | None = None
    origin: Origin | None = None
    datastore: Datastore | None = None
    size_gb: float | None = None
    files_of: str | None = None

    @property
    def is_usable(self) -> bool:
        """Whether its data is whole."""
        return self.status in USABLE

    @property
    def is_copyable(self) -> bool:
        """Whether the service would take a copy of it now, its parent aside."""
        return self.status in COPYABLE_STATUSES

    @property
    def has_failed(self) -> bool:
        """Whether it will never become usable."""
        return self.status in FAILED_STATUSES

    @property
    def title(self) -> str:
        """Its name; its id where it has none."""
        return self.name.strip() or self.id


class Made(NamedTuple):
    """A copy that this bot was asked for.

    Attributes:
        created: when the source was made.
        name: of the copy.
        copied_id: under which it was seen to arrive; ``None`` where it was not.
        completed_at: when it was seen COMPLETED; ``None`` where it was not.
        was_sent: whether it was, or may have been, begun.
    """

    id: str
    source: str
    backup_id: str
    created: datetime | None
    destination: str
    name: str
    copied_id: str | None = None
    completed_at: datetime | None = None
    was_sent: bool = True


Place = tuple[str, str]
"""A region, and the data that is in it: the id of what it was first made as."""


@dataclass(frozen=True, slots=True)
class Survey:
    """All that is known of all backups.

    Attributes:
        held: every backup, as last seen.
        made: every copy that this bot was asked for.
        same: the id of the data that an id stands for, where that is another one.
        members: the backups that are the same data, by region and data.
        order: what could be restored where it is, each after its parent: its whole chain is there and COMPLETED.
        earliest: when the data was made, as far as that is known: whether a copy carries its own time or its source's
            is unknown, so of all times the earliest.
        origins: what each data was made of.
        homes: the region an instance is in, as far as its backups tell: the one that has the most of them.
    """

    held: Sequence[Held]
    made: Sequence[Made]
    same: Mapping[str, str]
    members: Mapping[Place, Sequence[Held]]
    order: Mapping[Place, Held]
    earliest: Mapping[str, datetime]
    origins: Mapping[str, Origin]
    homes: Mapping[Origin, str]

    @classmethod
    def of(cls, held: Sequence[Held], made: Iterable[Made] = ()) -> Self:
        """A survey of these backups.

        Args:
            held: all backups of all regions.
            made: all copies that this bot was asked for.
        """
        copies = list(made)
        same = _same_data(held, copies)
        members: defaultdict[Place, list[Held]] = defaultdict(list)
        for each in held:
            members[each.region, same.get(each.id, each.id)].append(each)
        origins = _origins(held, same)
        return cls(
            held=held,
            made=copies,
            same=same,
            members=members,
            order=_whole(members, same),
            earliest=_earliest(held, copies, same),
            origins=origins,
            homes=_homes(members, origins),
        )

    def data_of(self, backup_id: str) -> str:
        """The data that a backup is, in whatever region: the id of what it was first made as."""
        return self.same.get(backup_id, backup_id)

    def is_restorable(self, region: str, backup_id: str) -> bool:
        """Whether the data of a backup could be restored in a region."""
        return (region, self.data_of(backup_id)) in self.order


def _same_data(held: Sequence[Held], made: Sequence[Made]) -> dict[str, str]:
    """What an id stands for, where it is a copy of something else."""
    same = {each.copied_id: each.backup_id for each in made if each.copied_id and each.copied_id != each.backup_id}
    ours = frozenset(same)
    known = {each.id for each in held} | {each.parent_id for each in held} | {each.backup_id for each in made}
    for each in held:
        if each.files_of is not None and each.files_of != each.id and each.files_of in known:
            same.setdefault(each.id, each.files_of)
    by_facts = {copy.id: original.id for copy, original in _by_facts(held, made, same, ours)}
    same |= by_facts
    return {each: _first(each, same) for each in same}


def _first(backup_id: str, same: Mapping[str, str]) -> str:
    """Follow what was made from what; a circle ends at its smallest id."""
    way = {backup_id: None}
    while (earlier := same.get(backup_id)) is not None:
        if earlier in way:
            return min(way)
        way[earlier] = None
        backup_id = earlier
    return backup_id


def _by_facts(
    held: Sequence[Held], made: Sequence[Made], same: Mapping[str, str], ours: Set[str]
) -> Iterator[tuple[Held, Held]]:
    """Copies of which nothing but their facts says what they are, each with its original. What this bot has made
    (``ours``) is known to be a copy, and is nobody's original.
    """
    originals: defaultdict[tuple[str, Origin | None], list[Held]] = defaultdict(list)
    for each in held:
        if each.id not in ours:
            originals[_base(each.name), each.origin].append(each)
    given: defaultdict[Place, list[Held]] = defaultdict(list)
    wished = {copy.backup_id: copy for copy in made if copy.copied_id is None}
    for each in held if wished else ():
        if each.id in wished:
            given[wished[each.id].destination, wished[each.id].name].append(each)
    ids = Counter(each.id for each in held)
    for each in held:
        if each.id in same or ids[each.id] > 1:
            continue
        likely = [*originals.get((_base(each.name), each.origin), ()), *given.get((each.region, each.name), ())]
        if each.origin is not None:
            likely += originals.get((_base(each.name), None), ())
        fits = [other for other in likely if _is_copy_of(each, other)]
        if fits:
            yield each, min(fits, key=_age_order)


def _base(name: str) -> str:
    return name.removesuffix(SUFFIX_OF_COPIES)


def _is_copy_of(copy: Held, original: Held) -> bool:
    """Whether a backup looks like a later copy of another one, in another region."""
    if copy.region == original.region or copy.id == original.id or not (original.is_usable or original.is_copyable):
        return False
    return _age_order(original) < _age_order(copy) and _facts_agree(original, copy)


def _age_order(each: Held) -> tuple[datetime, int, str, str]:
    return each.created or LAST_TIME, len(each.name), each.region, each.id


def _facts_agree(original: Held, copy: Held) -> bool:
    """The same as `bot.domain.lineage.facts_agree`."""
    if (original.parent_id is None) != (copy.parent_id is None) or copy.parent_id == original.id:
        return False
    origin = original.origin is None or copy.origin is None or original.origin == copy.origin
    datastore = original.datastore is None or copy.datastore is None or original.datastore == copy.datastore
    size = original.size_gb is None or copy.size_gb is None or original.size_gb == copy.size_gb
    speaks_for_it = (original.origin and copy.origin) or (original.size_gb and copy.size_gb)
    return bool(speaks_for_it) and origin and datastore and size


def _whole(members: Mapping[Place, Sequence[Held]], same: Mapping[str, str]) -> dict[Place, Held]:
    """What could be restored where it is, each after its parent."""
    whole: dict[Place, Held] = {}
    children: defaultdict[Place, list[tuple[Place, Held]]] = defaultdict(list)
    for place, there in members.items():
        for each in there:
            if not each.is_usable:
                continue
            if each.parent_id is None:
                whole[place] = each
            else:
                children[place[0], same.get(each.parent_id, each.parent_id)].append((place, each))
    waiting = list(whole)
    for parent in waiting:  # grows on the way
        for place, each in children.get(parent, ()):
            if place not in whole:
                whole[place] = each
                waiting.append(place)
    return whole


def _earliest(held: Sequence[Held], made: Sequence[Made], same: Mapping[str, str]) -> dict[str, datetime]:
    times: dict[str, datetime] = {}
    for backup_id, created in [*((each.id, each.created) for each in held), *((m.backup_id, m.created) for m in made)]:
        data = same.get(backup_id, backup_id)
        if created is not None and created < times.get(data, LAST_TIME):
            times[data] = created
    return times


def _origins(held: Sequence[Held], same: Mapping[str, str]) -> dict[str, Origin]:
    """What each data was made of; where copies say something else, what its original says."""
    origins: dict[str, Origin] = {}
    for each in held:
        if each.origin is not None:
            data = same.get(each.id, each.id)
            if each.id == data:
                origins[data] = each.origin
            else:
                origins.setdefault(data, each.origin)
    return origins


def _homes(members: Mapping[Place, Sequence[Held]], origins: Mapping[str, Origin]) -> dict[Origin, str]:
    numbers: defaultdict[Origin, Counter[str]] = defaultdict(Counter)
    for region, data in members:
        if (origin := origins.get(data)) is not None:
            numbers[origin][region] += 1
    return {origin: min(by, key=lambda region: (-by[region], region)) for origin, by in numbers.items()}
