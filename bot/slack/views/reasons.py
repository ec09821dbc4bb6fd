"""Why something cannot be done or failed, told with the words of `reason_words`.

The status, the fault's name and its message are always there for the expert; its ``details`` never are.
"""

from dataclasses import replace

from bot.domain.copies import Copy
from bot.domain.reasons import Fault, Problem, Reason
from bot.slack.views.reason_text import Who, Words
from bot.slack.views.reason_words import WORDS
from bot.slack.views.text import code, cut, duration, escape, plain

LONGEST_MESSAGE = 500
"""Characters of a fault's own message that are shown."""

_ASKED_IDENTITY = frozenset({Reason.CREDENTIALS_REFUSED, Reason.IDENTITY_UNAVAILABLE})


def words(what: Problem | Fault | Reason, *, copy: Copy | None = None) -> Words:
    """The words for a reason.

    Args:
        what: the reason, or what carries it.
        copy: the copy it happened to, where that makes the words more exact.
    """
    reason = what if isinstance(what, Reason) else what.reason
    usual = WORDS[reason]
    return _exact(usual, reason, copy) if copy is not None else usual


def _exact(usual: Words, reason: Reason, copy: Copy) -> Words:
    """The words, as exact as the copy makes them."""
    destination = escape(copy.destination, 20)
    if reason is Reason.BAD_REQUEST and copy.backup.is_incremental:
        return replace(
            usual,
            meaning="It refused the copy because something in the request is not valid. This is an incremental "
            f"backup: most likely its parent is not in {destination} (any more). Nothing was copied.",
            cure=f"See whether the parent is in {destination} and COMPLETED; copy it there if it is not, then try "
            "again. If it is there, the service's own message below says what is wrong.",
        )
    if reason is Reason.WATCHED_TOO_LONG and copy.attempts == 0:
        return replace(
            usual,
            title="It could not begin in time",
            meaning="What it waited for did not come, and the bot has stopped waiting. Nothing was copied.",
            cure="See what became of its parent, then try again.",
            who=Who.YOU,
        )
    return usual


def problem_of(copy: Copy, reason: Reason | None = None, fault: Fault | None = None) -> Problem:
    """Why a copy failed, waits or is undecided, with what that is about.

    Args:
        copy: the copy.
        reason: where it is not the copy's present one.
        fault: the answer behind it; else the copy's last one, if the reason came from that.
    """
    why = reason or copy.reason or Reason.UNEXPECTED
    about = {
        Reason.PARENT_MISSING: copy.backup.parent_id,
        Reason.PARENT_GONE: copy.backup.parent_id,
        Reason.BACKUP_NOT_FOUND: copy.backup.region,
        Reason.NO_ENDPOINT: copy.backup.region,
    }
    return Problem(why, about=about.get(why), fault=fault or _fault_behind(copy, why))


def _fault_behind(copy: Copy, reason: Reason) -> Fault | None:
    """The cloud's last answer about a copy, if the reason came from it."""
    if copy.fault is None:
        return None
    looked_up = reason is Reason.PARENT_MISSING and copy.fault.reason is Reason.BAD_REQUEST
    asked = reason is Reason.OUTCOME_UNKNOWN
    return copy.fault if looked_up or asked or copy.fault.reason is reason else None


def explain(what: Problem | Fault | Reason, *, copy: Copy | None = None) -> str:
    """Everything there is to say about a reason, in ``mrkdwn``: what happened, what it means, what to do, who can,
    and what the service said.

    Args:
        what: the reason, or what carries it.
        copy: the copy it happened to, where that makes the words more exact.
    """
    said = words(what, copy=copy)
    about = code(what.about) if isinstance(what, Problem) and what.about else said.unnamed
    lines = [
        f"*{said.title}*",
        said.meaning.replace("{about}", about),
        f"*What to do:* {said.cure}",
        f"*Who can do that:* {said.who}.",
    ]
    fault = what.fault if isinstance(what, Problem) else what if isinstance(what, Fault) else None
    return "\n".join([*lines, answer(fault)] if fault else lines)


def sentence(what: Problem | Fault | Reason, *, copy: Copy | None = None) -> str:
    """What happened and what to do, in plain text: for a field of the form, a notification, a screen reader."""
    said = words(what, copy=copy)
    about = cut(plain(what.about), 80) if isinstance(what, Problem) and what.about else said.unnamed
    return f"{said.title}. {said.meaning} {said.cure}".replace("`", "").replace("{about}", about)


def gist(what: Problem | Fault | Reason, *, copy: Copy | None = None) -> str:
    """What happened, in a few plain words without a full stop."""
    return words(what, copy=copy).title


def answer(fault: Fault) -> str:
    """What the service itself said, for the expert, in ``mrkdwn``."""
    service = "Rackspace Identity" if fault.reason in _ASKED_IDENTITY else "Cloud Databases"
    if fault.status is None and not fault.message:
        return f"{service} did not answer."
    status = " ".join(str(part) for part in (fault.status, fault.name) if part)
    message = f": {code(fault.message, LONGEST_MESSAGE)}" if fault.message else ", without a message"
    said = f"{service} answered {code(status)}" if fault.status else f"{service} did not answer"
    wait = f" It asks to wait {duration(fault.retry_after)}." if fault.retry_after else ""
    return f"{said}{message}.{wait}"
