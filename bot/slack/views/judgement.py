"""What the rules say of a plan: in the form, and again in the confirmation."""

from slack_sdk.models.blocks import PlainTextInputElement

from bot.domain.judgement import BEHIND_GLASS, Cost, Judgement
from bot.domain.rules import ApprovalRule
from bot.slack.views import blocks
from bot.slack.views.blocks import Block
from bot.slack.views.reasons import explain, gist
from bot.slack.views.text import approvals_by, channel_mention, duration, escape

GLASS = "glass_reason"
"""The field with the reason for breaking the glass: both its ``block_id`` and its ``action_id``."""

SHORTEST_REASON = 5
LONGEST_REASON = 500
"""Characters of that reason."""


def draw(judgement: Judgement) -> list[Block]:
    """What stands in the way, who has to agree, and what it costs; nothing where the rules have nothing to say."""
    drawn: list[Block] = []
    for problem in judgement.refusals:
        drawn.append(blocks.alert("error", f"The rules do not allow it: {gist(problem)}."))
        drawn.append(blocks.section(explain(problem)))
    if judgement.needs and not judgement.refusals:
        drawn.append(blocks.alert("info", "Somebody else has to agree to this before anything is sent."))
        drawn += [blocks.section(part) for part in blocks.in_sections([_need(rule) for rule in judgement.needs])]
    if judgement.cost:
        drawn.append(blocks.section(_cost(judgement.cost)))
    return drawn


def _need(rule: ApprovalRule) -> str:
    asked = approvals_by(rule.approvals, rule.approvers.groups, rule.approvers.people)
    return (
        f"*{escape(rule.name, 60)}:* {asked}, asked for in {channel_mention(rule.channel)}. "
        f"After {duration(rule.expires_after.total_seconds())} it is dropped."
    )


def _cost(cost: Cost) -> str:
    currency = escape(cost.currency, 10)
    once = f"{cost.once:,.2f} {currency} once, and " if cost.once else ""
    return f"*Cost:* about {once}{cost.monthly:,.2f} {currency} a month for as long as it is kept."


def can_be_confirmed(judgement: Judgement) -> bool:
    """Whether there is a button: also where only breaking the glass would let it be."""
    refusals = {problem.reason for problem in judgement.refusals}
    return not refusals or (judgement.may_break_glass and refusals <= BEHIND_GLASS)


def draw_glass(judgement: Judgement) -> list[Block]:
    """The field for who may go on all the same."""
    if not (judgement.may_break_glass and judgement.stands_in_the_way and can_be_confirmed(judgement)):
        return []
    return [
        blocks.field(
            "Break the glass: why it cannot wait",
            PlainTextInputElement(
                action_id=GLASS,
                min_length=SHORTEST_REASON,
                max_length=LONGEST_REASON,
                placeholder="Leave empty to wait",
            ),
            block_id=GLASS,
            hint="With a reason it starts at once. The approvers are told, and it stays in the audit log.",
            optional=not judgement.refusals,
        )
    ]
