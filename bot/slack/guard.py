"""Who may come in.

A request is Slack's own by its signature; a person may use the bot by the rules (`bot.domain.policy`). Whoever may
not gets a sentence that says nothing about backups, and a line in the audit log. In doubt, nobody is let in.
"""

import asyncio
import logging
from dataclasses import dataclass
from enum import Enum, auto

from pydantic import SecretStr
from slack_sdk.signature import SignatureVerifier

from bot.domain.people import Person
from bot.domain.policy import Member
from bot.domain.reasons import Reason
from bot.operations.ports import Ports, StoreTroubleError
from bot.operations.refuse import record_refusal
from bot.slack.directory import Directory
from bot.slack.errands import Errands

logger = logging.getLogger(__name__)

NOBODY = Person(id="", name="unknown")


@dataclass(frozen=True, slots=True)
class Visit:
    """Who wants what, and where: what is known before anything is done.

    Attributes:
        team: id of the workspace it came from; ``None`` where the payload does not say.
        person_team: id of the workspace the person belongs to, where the payload says it.
        channel: id of the channel; ``None`` where there is none (a global shortcut).
        attempted: what is done, in the bot's own words; never what a person typed.
        in_own_view: whether it was done in a view, which was opened for this person from a place that counts.
        as_approver: whether it is something that approvers may do, who need not be people who may ask.
    """

    person: Person
    team: str | None
    person_team: str | None
    channel: str | None
    attempted: str
    in_own_view: bool = False
    as_approver: bool = False


class Undecided(Enum):
    """Memory cannot say whether somebody may come in."""

    ASK_SLACK = auto()


class SignatureCheck:
    """Whether a request is Slack's own (``slack-platform.md``, Requests to the app)."""

    def __init__(self, signing_secret: SecretStr) -> None:
        self._verifier = SignatureVerifier(signing_secret.get_secret_value())

    def accepts(self, body: bytes, timestamp: str | None, signature: str | None) -> bool:
        """Whether the signature fits the body, and was made in the last 5 minutes."""
        try:
            return self._verifier.is_valid(body, timestamp, signature)
        except (ValueError, TypeError, OverflowError):  # a timestamp or body that is none; a signature not in ASCII
            return False


class Tally:
    """Writes down requests that are not Slack's: one line a minute at most, with their number."""

    def __init__(self, ports: Ports, errands: Errands, *, every: float = 60.0) -> None:
        self._ports = ports
        self._errands = errands
        self._every = every
        self._count = 0
        self._writing = False
        self._closing = asyncio.Event()

    def note(self) -> None:
        """Count one more."""
        self._count += 1
        if not self._writing:
            self._writing = True
            self._errands.start(self._write(), "write down refused requests")

    def close(self) -> None:
        """Write down at once what was counted."""
        self._closing.set()

    async def _write(self) -> None:
        try:
            while self._count:
                count, self._count = self._count, 0
                logger.warning("%d request(s) without a valid signature were refused", count)
                try:
                    await record_refusal(
                        self._ports,
                        who=NOBODY,
                        reason=Reason.NOT_FROM_SLACK,
                        where=None,
                        attempted="a request without a valid signature",
                        count=count,
                    )
                except StoreTroubleError as trouble:
                    logger.warning("they could not be written down: %s", trouble)
                try:
                    await asyncio.wait_for(self._closing.wait(), self._every)
                except TimeoutError:
                    continue
        finally:
            self._writing = False


class Guard:
    """Decides on people."""

    def __init__(self, ports: Ports, directory: Directory, errands: Errands) -> None:
        self._ports = ports
        self._directory = directory
        self._errands = errands

    def decide(self, visit: Visit) -> Reason | Undecided | None:
        """Why somebody may not come in, from memory alone; ``None`` if they may."""
        if wrong := self._wrong_workspace(visit):
            return wrong
        member = self._directory.known(visit.person.id)
        return Undecided.ASK_SLACK if member is None else self._at_door(member, visit)

    async def check(self, visit: Visit, *, patience: float = 10.0) -> Reason | None:
        """Why somebody may not come in, by what Slack says now or said a few minutes ago; ``None`` if they may.

        A refusal is written down.

        Args:
            visit: who wants what.
            patience: seconds Slack is given to answer; after that, what memory knows counts.
        """
        reason = self._wrong_workspace(visit)
        if reason is None:
            member = await self._directory.member(visit.person.id, patience=patience)
            reason = Reason.PERSON_UNKNOWN if member is None else self._at_door(member, visit)
        if reason is not None:
            self.write_down(visit, reason)
        return reason

    def known_member(self, person_id: str) -> Member | None:
        """Somebody, from memory; ``None`` for whom Slack has to be asked about first."""
        return self._directory.known(person_id)

    async def member(self, person_id: str, *, patience: float = 10.0) -> Member | None:
        """Somebody as Slack knows them now, or knew them a few minutes ago; ``None`` where that cannot be found out.

        Args:
            person_id: who.
            patience: seconds Slack is given to answer.
        """
        return await self._directory.member(person_id, patience=patience)

    def write_down(self, visit: Visit, reason: Reason) -> None:
        """Write a refusal to the audit log, after Slack has been answered."""
        work = record_refusal(
            self._ports, who=visit.person, reason=reason, where=visit.channel, attempted=visit.attempted
        )
        self._errands.start(work, "write down a refusal")

    def may_tell(self, channel: str) -> bool:
        """Whether the rules let the bot post to a channel."""
        channels = self._ports.rules.now().channels_for_work
        return not channels or channel in channels

    def _at_door(self, member: Member, visit: Visit) -> Reason | None:
        rules = self._ports.rules.now()
        if visit.as_approver and rules.is_approver(member):
            return None
        return rules.door_anywhere(member) if visit.in_own_view else rules.door(member, visit.channel)

    def _wrong_workspace(self, visit: Visit) -> Reason | None:
        home = self._directory.home
        if home is None:
            return Reason.PERSON_UNKNOWN
        if visit.team is not None and visit.team != home:
            return Reason.WRONG_WORKSPACE
        if visit.team is None and visit.person_team != home:
            return Reason.WRONG_WORKSPACE
        return None
