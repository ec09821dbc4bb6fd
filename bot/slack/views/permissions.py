"""What the rules let one person do: a part of the help."""

from collections.abc import Sequence

from bot.domain.rules import AllowRule, ApprovalRule, Scope
from bot.slack.views.text import approvals_by, channel_mention, code, escape

MOST = 10
"""Rules that are told."""


def lines_for(allowed: Sequence[AllowRule], approvals: Sequence[ApprovalRule], *, may_break_glass: bool) -> list[str]:
    """Lines of ``mrkdwn``; none where the rules narrow nothing.

    Args:
        allowed: the rules that let this person ask.
        approvals: the rules by which others may have to agree to what they ask for.
        may_break_glass: whether they may go on without that.
    """
    if not approvals and all(rule.scope == Scope() for rule in allowed):
        return []
    lines = ["*What you may copy*", *(f"• {_scope(rule.scope)}" for rule in allowed[:MOST])]
    lines += [_approval(rule) for rule in approvals[:MOST]]
    if may_break_glass:
        lines.append("• In an emergency you may go on without that: the confirmation asks you why.")
    return lines


def _scope(scope: Scope) -> str:
    source = ", ".join(map(escape, sorted(scope.sources))) or "any region"
    to = ", ".join(map(escape, sorted(scope.destinations))) or "any other"
    only = [*scope.instances, *scope.backups]
    of = (
        f", of {', '.join(code(each, 60) for each in only[:5])}{' and others' if len(only) > 5 else ''}" if only else ""
    )
    return f"from {source} to {to}{of}"


def _approval(rule: ApprovalRule) -> str:
    conditions = [f"over {rule.larger_than_gb:g} GB" if rule.larger_than_gb is not None else ""]
    conditions.append("out of hours" if rule.out_of_hours else "")
    conditions.append(f"that cost more than {rule.costs_more_than:g}" if rule.costs_more_than is not None else "")
    which = " ".join(filter(None, conditions))
    approvals = approvals_by(rule.approvals, rule.approvers.groups, rule.approvers.people)
    asked = f"{approvals}, asked for in {channel_mention(rule.channel)}"
    return f"• copies {_scope(rule.scope)}{f' {which}' if which else ''} need {asked}"
