"""The rules in force, while their file is changed: looked at every few seconds, and never left without rules."""

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path

from bot.domain.events import Event, EventFilter, EventKind
from bot.domain.people import BOT
from bot.domain.rules import Rules
from bot.operations.ports import Clock, Record, StoreTroubleError
from bot.operations.readiness import RULES, Standing
from bot.rules_file.reading import RulesFileError, content_of, digest_of, read_rules

logger = logging.getLogger(__name__)

LOOK_EVERY = 2.0
"""Seconds between looks at the file. A change counts when two looks in a row have seen the same: half a file, as an
editor leaves it for a moment, may be rules as well, and others."""

LONGEST_MISTAKES = 1000
"""Characters of all mistakes together in the audit log."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a look saw.

    Attributes:
        digest: of the content; empty where there is none to be had.
        rules: or why they cannot be used.
    """

    digest: str
    rules: Rules | RulesFileError


class RulesFileInForce:
    """The port `RulesInForce`, from a file. A file that is broken or gone leaves the rules as they are."""

    def __init__(self, path: Path, regions: tuple[str, ...]) -> None:
        """Read the file. Blocks.

        Args:
            path: of the file.
            regions: that this bot copies between.

        Raises:
            RulesFileError: with everything that is wrong.
        """
        self._path = path
        self._regions = regions
        content = content_of(path)
        self._rules = read_rules(content, regions)
        self._digest = digest_of(content)
        self._last_seen = self._dealt_with = self._digest

    def now(self) -> Rules:
        """The rules, from memory."""
        return self._rules

    async def standing(self) -> Standing:
        """A warning while the file cannot be used; nobody is kept out by that."""
        if self._dealt_with == self._digest:
            return Standing()
        return Standing(warnings={RULES: "the file cannot be used, and those before it stay in force: see `doctor`"})

    async def note_start(self, record: Record, clock: Clock) -> None:
        """Write to the audit log which rules are in force, where they are others than the log has last.

        Raises:
            StoreTroubleError: the audit log cannot be written.
        """
        await _note(record, _changed(self._digest, self._rules, clock))

    async def keep_current(self, record: Record, clock: Clock) -> None:
        """Look at the file for as long as the bot runs.

        Args:
            record: is told of other rules before they are in force, and once of each file that cannot be used.
            clock: time, and waiting.
        """
        while True:
            await clock.sleep(LOOK_EVERY)
            try:
                await self.look(record, clock)
            except StoreTroubleError as trouble:
                logger.warning("the file of rules was changed, and that could not be written down: %s", trouble)

    async def look(self, record: Record, clock: Clock) -> None:
        """Look at the file once.

        Raises:
            StoreTroubleError: the audit log cannot be written; the rules stay as they are until the next look.
        """
        seen = await asyncio.to_thread(self._read)
        is_settled, self._last_seen = seen.digest == self._last_seen, seen.digest
        if not is_settled or seen.digest == self._dealt_with:
            return
        if isinstance(seen.rules, RulesFileError):
            logger.error("%s cannot be used, and the rules stay as they were: %s", self._path, seen.rules)
            mistakes = str(seen.rules)[:LONGEST_MISTAKES]
            facts = {"digest": seen.digest, "mistakes": mistakes}
            await _note(record, Event(EventKind.RULES_REJECTED, at=clock.now(), who=BOT, facts=facts))
        elif seen.digest == self._digest:
            logger.info("%s is again as the rules in force", self._path)
        else:
            await _note(record, _changed(seen.digest, seen.rules, clock))
            self._rules, self._digest = seen.rules, seen.digest
            logger.info("other rules are in force, by %s", self._path)
        self._dealt_with = seen.digest

    def _read(self) -> _Seen:
        """What the file says, unless that was dealt with already."""
        digest = ""
        try:
            content = content_of(self._path)
            digest = digest_of(content)
            return _Seen(digest, self._rules if digest == self._dealt_with else read_rules(content, self._regions))
        except RulesFileError as error:
            return _Seen(digest, error)


async def _note(record: Record, event: Event) -> None:
    """Write it down, unless the log says so already, of this file: other bots may look at the same."""
    known = await record.events(EventFilter(kinds=(event.kind,)), limit=1)
    if not known or known[0].event.facts.get("digest") != event.facts["digest"]:
        await record.append(event)


def _changed(digest: str, rules: Rules, clock: Clock) -> Event:
    facts: dict[str, str | int | float | None] = {"digest": digest, "rules": rules.number}
    return Event(EventKind.RULES_CHANGED, at=clock.now(), who=BOT, facts=facts)
