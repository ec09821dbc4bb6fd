"""Whether an installation is fit to work: everything it depends on is looked at, at once, and nothing is changed.

The rooms of the outer ring look (`Probe`), the words are the command line's. What is found is one of a closed list
(`Finding`), so that each has its words and its cure.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import Generic, TypeVar

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

PATIENCE = 30.0
"""Seconds one probe may take."""


class Subject(StrEnum):
    """What is looked at."""

    SETTINGS = "settings"
    RULES = "rules"
    RULE = "rule"
    TRACES = "traces"
    DATABASE = "database"
    BOT_TOKEN = "bot_token"  # noqa: S105 - a name
    SCOPES = "scopes"
    APP_TOKEN = "app_token"  # noqa: S105 - a name
    SIGNING_SECRET = "signing_secret"  # noqa: S105 - a name
    CLOCK = "clock"
    SCREENS = "screens"
    CHANNEL = "channel"
    USER_GROUP = "user_group"
    PERSON = "person"
    LOGIN = "login"
    ROLE = "role"
    REGION = "region"


class Verdict(Enum):
    """What a finding comes to."""

    FINE = auto()
    PROBLEM = auto()
    """Something has to be done."""
    UNKNOWN = auto()
    """It could not be looked at, and what stands in the way is no fault or is told elsewhere."""


class Finding(StrEnum):
    """Everything that can be found. What is neither `FINE` nor `UNKNOWN` is a problem."""

    SETTINGS_USABLE = "settings_usable"

    RULES_USABLE = "rules_usable"
    RULES_MISTAKE = "rules_mistake"
    RULE_SAYS = "rule_says"

    TRACES_CAN_BE_SENT = "traces_can_be_sent"
    TRACES_NOT_INSTALLED = "traces_not_installed"

    DATABASE_USABLE = "database_usable"
    DATABASE_IN_USE = "database_in_use"
    DATABASE_NOT_THERE_YET = "database_not_there_yet"
    DATABASE_NOT_WRITABLE = "database_not_writable"
    DATABASE_UNREADABLE = "database_unreadable"
    DATABASE_NEWER = "database_newer"
    DATABASE_AWAY = "database_away"
    DATABASE_NOT_ALLOWED = "database_not_allowed"
    DATABASE_ENCODING = "database_encoding"
    AUDIT_KEY_DOES_NOT_FIT = "audit_key_does_not_fit"

    BOT_TOKEN_WORKS = "bot_token_works"  # noqa: S105 - a name
    APP_TOKEN_WORKS = "app_token_works"  # noqa: S105 - a name
    TOKEN_UNKNOWN = "token_unknown"  # noqa: S105 - a name
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - a name
    TOKEN_OF_ANOTHER_KIND = "token_of_another_kind"  # noqa: S105 - a name
    SIGNING_SECRET_SET = "signing_secret_set"  # noqa: S105 - a name
    SCOPES_GRANTED = "scopes_granted"
    SCOPES_NOT_SAID = "scopes_not_said"
    SCOPE_MISSING = "scope_missing"
    APP_SCOPE_MISSING = "app_scope_missing"
    CLOCK_RIGHT = "clock_right"
    CLOCK_WRONG = "clock_wrong"
    CLOCK_NOT_COMPARED = "clock_not_compared"
    SCREENS_TAKEN = "screens_taken"
    SCREEN_REFUSED = "screen_refused"
    SCREENS_NOT_CHECKED = "screens_not_checked"
    CHANNEL_OPEN = "channel_open"
    CHANNEL_NOT_SEEN = "channel_not_seen"
    CHANNEL_NOT_JOINED = "channel_not_joined"
    CHANNEL_ARCHIVED = "channel_archived"
    CHANNEL_IS_DIRECT = "channel_is_direct"
    USER_GROUP_KNOWN = "user_group_known"
    USER_GROUP_UNKNOWN = "user_group_unknown"
    PERSON_MAY = "person_may"
    PERSON_NEVER_MAY = "person_never_may"
    PERSON_UNKNOWN = "person_unknown"
    SLACK_SILENT = "slack_silent"
    SLACK_BUSY = "slack_busy"
    SLACK_REFUSES = "slack_refuses"

    LOGIN_WORKS = "login_works"
    CREDENTIALS_REFUSED = "credentials_refused"
    IDENTITY_SILENT = "identity_silent"
    ROLE_MAY_COPY = "role_may_copy"
    ROLE_MAY_NOT_COPY = "role_may_not_copy"
    ROLE_NOT_KNOWN = "role_not_known"
    REGION_ANSWERS = "region_answers"
    REGION_NOT_IN_CATALOGUE = "region_not_in_catalogue"
    REGION_FORBIDDEN = "region_forbidden"
    REGION_BUSY = "region_busy"
    REGION_DOWN = "region_down"

    NOT_LOOKED_AT = "not_looked_at"
    """Something that comes first does not work, and is told by its own check."""
    TOO_SLOW = "too_slow"
    UNEXPECTED = "unexpected"


FINE = frozenset(
    {
        Finding.SETTINGS_USABLE,
        Finding.RULES_USABLE,
        Finding.RULE_SAYS,
        Finding.TRACES_CAN_BE_SENT,
        Finding.DATABASE_USABLE,
        Finding.DATABASE_IN_USE,
        Finding.DATABASE_NOT_THERE_YET,
        Finding.BOT_TOKEN_WORKS,
        Finding.APP_TOKEN_WORKS,
        Finding.SIGNING_SECRET_SET,
        Finding.SCOPES_GRANTED,
        Finding.CLOCK_RIGHT,
        Finding.SCREENS_TAKEN,
        Finding.CHANNEL_OPEN,
        Finding.USER_GROUP_KNOWN,
        Finding.PERSON_MAY,
        Finding.LOGIN_WORKS,
        Finding.ROLE_MAY_COPY,
        Finding.REGION_ANSWERS,
    }
)
"""Nothing has to be done."""

UNKNOWN = frozenset(
    {
        Finding.SCOPES_NOT_SAID,
        Finding.CLOCK_NOT_COMPARED,
        Finding.SCREENS_NOT_CHECKED,
        Finding.CHANNEL_IS_DIRECT,
        Finding.SLACK_BUSY,
        Finding.ROLE_NOT_KNOWN,
        Finding.REGION_BUSY,
        Finding.NOT_LOOKED_AT,
    }
)
"""Could not be looked at."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of ``doctor``.

    Attributes:
        item: which of several: a channel's id, a region.
        facts: what its words name. Never a secret.
    """

    subject: Subject
    finding: Finding
    item: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """What it comes to."""
        if self.finding in FINE:
            return Verdict.FINE
        return Verdict.UNKNOWN if self.finding in UNKNOWN else Verdict.PROBLEM


@dataclass(frozen=True, slots=True)
class Probe:
    """Looks at one thing, and changes nothing.

    Attributes:
        look: finds one thing or several; trouble it knows of is a finding.
        item: which of several.
    """

    subject: Subject
    look: Callable[[], Awaitable[Sequence[Check]]]
    item: str = ""


class Once(Generic[Answer]):
    """Asks once, for all who want to know."""

    def __init__(self, ask: Callable[[], Awaitable[Answer]]) -> None:
        self._ask = ask
        self._asking = asyncio.Lock()
        self._answers: list[Answer] = []

    async def __call__(self) -> Answer:
        """The answer. Who gives up waiting does not take it from the others."""
        async with self._asking:
            if not self._answers:
                self._answers.append(await self._ask())
        return self._answers[0]


async def examine(
    probes: Sequence[Probe], tell: Callable[[Sequence[Check]], None], *, patience: float = PATIENCE
) -> tuple[Check, ...]:
    """Look at everything at once. Whatever happens to one probe, the others are heard.

    Args:
        probes: what looks.
        tell: called with what each probe found, in their order, as soon as it and all before it are done.
        patience: seconds one probe may take.
    """
    looking = [asyncio.create_task(_look(probe, patience), name=f"look at {probe.subject}") for probe in probes]
    try:
        checks: list[Check] = []
        for probe, task in zip(probes, looking, strict=True):
            await asyncio.wait([task])
            error = task.exception()
            found = [_unexpected(probe, error)] if error else task.result()
            tell(found)
            checks.extend(found)
        return tuple(checks)
    finally:
        for task in looking:
            task.cancel()
        await asyncio.gather(*looking, return_exceptions=True)


async def _look(probe: Probe, patience: float) -> Sequence[Check]:
    try:
        async with asyncio.timeout(patience):
            return await probe.look()
    except TimeoutError:
        return [Check(probe.subject, Finding.TOO_SLOW, probe.item, {"seconds": f"{patience:g}"})]


def _unexpected(probe: Probe, error: BaseException) -> Check:
    """Told by its kind alone; the rest is in the log."""
    logger.error("unexpected error while looking at %s %s", probe.subject.value, probe.item, exc_info=error)
    return Check(probe.subject, Finding.UNEXPECTED, probe.item, {"error": type(error).__name__})
