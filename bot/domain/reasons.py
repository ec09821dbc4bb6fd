"""One closed list of why something cannot be done, or failed.

The words for a reason live in ``slack/views/reasons.py``; the statuses that lead to one in ``cloud/faults.py``.
Whether a request may be repeated is a rule, and lives here (``cloud-databases-api.md``, Faults).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from types import MappingProxyType


class Reason(StrEnum):
    """Why something cannot be done or failed."""

    # What was asked for is not possible
    REGION_NOT_ALLOWED = "region_not_allowed"
    SAME_REGION = "same_region"
    BACKUP_NOT_FOUND = "backup_not_found"
    BACKUP_NOT_COPYABLE = "backup_not_copyable"
    PARENT_MISSING = "parent_missing"
    PARENT_GONE = "parent_gone"
    TOO_MANY_COPIES = "too_many_copies"
    NAME_MISSING = "name_missing"
    NAME_TOO_LONG = "name_too_long"
    DESCRIPTION_TOO_LONG = "description_too_long"
    COPY_EXISTS = "copy_exists"
    COPY_UNDER_WAY = "copy_under_way"
    PLAN_CHANGED = "plan_changed"
    CHANNEL_CLOSED = "channel_closed"
    NOTHING_NEWER = "nothing_newer"
    """No backup that could be restored is newer than the copy there is."""

    # Who asked may not
    PERSON_NOT_ALLOWED = "person_not_allowed"
    PERSON_IS_GUEST = "person_is_guest"
    PERSON_IS_BOT = "person_is_bot"
    PERSON_UNKNOWN = "person_unknown"
    CHANNEL_NOT_ALLOWED = "channel_not_allowed"
    WRONG_WORKSPACE = "wrong_workspace"
    NOT_IN_RULES = "not_in_rules"
    FROZEN = "frozen"
    TOO_MANY_RUNNING = "too_many_running"
    TOO_MANY_COPIES_A_DAY = "too_many_copies_a_day"
    TOO_MUCH_A_DAY = "too_much_a_day"
    ROLE_CANNOT_COPY = "role_cannot_copy"
    DECLINED = "declined"
    APPROVAL_EXPIRED = "approval_expired"
    NOT_FROM_SLACK = "not_from_slack"

    # What Cloud Databases answered
    BAD_REQUEST = "bad_request"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    OVER_LIMIT = "over_limit"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    UNPROCESSABLE = "unprocessable"
    INSTANCE_FAULT = "instance_fault"
    NOT_IMPLEMENTED = "not_implemented"
    SERVICE_UNAVAILABLE = "service_unavailable"
    UNEXPECTED_ANSWER = "unexpected_answer"
    NO_ANSWER = "no_answer"
    CREDENTIALS_REFUSED = "credentials_refused"
    IDENTITY_UNAVAILABLE = "identity_unavailable"
    NO_ENDPOINT = "no_endpoint"

    # How a copy that had begun ended, or what is not known about it
    COPY_FAILED = "copy_failed"
    COPY_NEVER_APPEARED = "copy_never_appeared"
    WATCHED_TOO_LONG = "watched_too_long"
    OUTCOME_UNKNOWN = "outcome_unknown"
    STOPPED = "stopped"
    PARENT_NOT_COPIED = "parent_not_copied"
    BACKUP_CHANGED = "backup_changed"
    ROTATED_AWAY = "rotated_away"
    UNEXPECTED = "unexpected"


class Repeat(Enum):
    """Whether a copy request that met this reason may be sent again."""

    NEVER = auto()
    AFTER_WAITING = auto()
    """As often as the service asks for it, after the time it asks for."""
    A_FEW_TIMES = auto()
    """Later, a bounded number of times."""
    AFTER_LOOKING = auto()
    """Only when a look has shown that the copy did not begin."""


REPEATS: Mapping[Reason, Repeat] = MappingProxyType(
    {
        Reason.OVER_LIMIT: Repeat.AFTER_WAITING,
        Reason.UNPROCESSABLE: Repeat.A_FEW_TIMES,
        Reason.SERVICE_UNAVAILABLE: Repeat.A_FEW_TIMES,
        Reason.IDENTITY_UNAVAILABLE: Repeat.A_FEW_TIMES,
        Reason.INSTANCE_FAULT: Repeat.AFTER_LOOKING,
        Reason.NO_ANSWER: Repeat.AFTER_LOOKING,
        Reason.UNEXPECTED_ANSWER: Repeat.AFTER_LOOKING,
    }
)
"""Every reason that is not here is `Repeat.NEVER`. A 401 is repeated once with a new token by the client
itself, before anybody else hears of it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """An answer of the cloud that is not the one that was asked for, or no answer.

    Attributes:
        status: the HTTP status; ``None`` where no answer came.
        name: the fault's root element, such as ``badRequest``; ``None`` where the body had none (a proxy's page).
        message: the fault's own message, meant for people. ``details`` is dropped where it arrives.
        retry_after: seconds the service asks to wait; ``None`` where it did not say.
    """

    reason: Reason
    status: int | None = None
    name: str | None = None
    message: str | None = None
    retry_after: float | None = None

    @property
    def repeat(self) -> Repeat:
        """Whether a copy request that met this fault may be sent again."""
        return REPEATS.get(self.reason, Repeat.NEVER)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something that a person asked for cannot be done.

    Attributes:
        about: what the reason is about (a name, a status, a region), for the sentence that tells it.
        fault: the cloud's answer behind it, where there is one.
    """

    reason: Reason
    about: str | None = None
    fault: Fault | None = None
