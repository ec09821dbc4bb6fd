"""Short answers to somebody who decides about the order of somebody else; for them only."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.domain.orders import OrderStanding
from bot.domain.reasons import Problem
from bot.slack.views import blocks
from bot.slack.views.blocks import Message
from bot.slack.views.reasons import explain
from bot.slack.views.text import code, count, escape, fit, person_name


def approved(standing: OrderStanding, missing: Sequence[tuple[str, int]]) -> Message:
    """They agreed.

    Args:
        standing: the order.
        missing: how many more have to agree, by the name of the rule.
    """
    more = "; ".join(f"{count(number, 'more approval')} by rule {escape(rule, 60)}" for rule, number in missing)
    then = f"It still needs {more}." if more else "It goes on now."
    return _message(f"You agreed to {_which(standing)}. {then}")


def declined(standing: OrderStanding) -> Message:
    """They said no."""
    return _message(f"You declined {_which(standing)}. Nothing is copied; who asked is told why.")


def looked_at(standing: OrderStanding) -> Message:
    """They looked at an order that went on without agreement."""
    return _message(f"Thank you. It is written down that you have looked at {_which(standing)}.")


def not_decided(obstacle: str, standing: OrderStanding | None, problems: Sequence[Problem]) -> Message:
    """It is as it was.

    Args:
        obstacle: why; one of `SENTENCES`.
        standing: the order, if there is one.
        problems: what the rules have against it now.
    """
    which = f" About {_which(standing)}." if standing else ""
    return _message(
        f"Nothing was changed: {SENTENCES[obstacle]}{which}", *(explain(problem) for problem in problems[:3])
    )


SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "unknown": "there is no such order (any more).",
        "not_waiting": "there is nothing to decide any more. It was decided or withdrawn, or its time is over.",
        "other_plan": "this message shows another plan than the one that was asked for. Look for the newest message.",
        "asked_for_it": "you asked for it yourself, so somebody else has to agree, also if you are an approver.",
        "no_approver": "the rules do not name you as somebody who may decide this.",
        "agreed_already": "you have agreed already. Another approver has to agree as well.",
        "against_the_rules": "the rules do not let it be now. When that has changed, press the button again.",
    }
)
"""What is said of each obstacle (`bot.operations.approve_order.Obstacle`, by value)."""


def _which(standing: OrderStanding) -> str:
    copy = standing.main
    others = f" and {count(len(standing.own) - 1, 'other')}" if len(standing.own) > 1 else ""
    return (
        f"the copy of {code(copy.backup.title, 64)}{others} to {escape(copy.destination, 20)}, asked for by "
        f"{person_name(standing.order.requested_by)} (id {code(standing.order.id)})"
    )


def _message(*paragraphs: str) -> Message:
    said = [fit(paragraph, blocks.LONGEST_SECTION) for paragraph in paragraphs]
    return Message(text=fit("\n".join(said), blocks.LONGEST_TEXT), blocks=[blocks.section(each) for each in said])
