"""What the rules in force say of a plan."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from bot.domain.copies import Copy
from bot.domain.judgement import Judgement, Wish, judge
from bot.domain.orders import OrderStanding
from bot.domain.plan import OrderPlan
from bot.domain.policy import Member
from bot.domain.reasons import Problem, Reason
from bot.domain.rules import Per, Rules
from bot.operations.ports import Ports

A_DAY = timedelta(days=1)


async def judge_order(ports: Ports, plan: OrderPlan, member: Member, channel: str) -> Judgement:
    """What the rules say of a plan, of which nothing is asked for yet.

    Args:
        ports: the world.
        plan: what would be copied.
        member: who asks.
        channel: id of the channel that is told.
    """
    copies = tuple((each.backup, each.destination) for each in plan.copies)
    now = ports.clock.now()
    rules = ports.rules.now()
    usage = {}
    if rules.limits:
        usage = {
            Per.PERSON: await ports.record.usage(now - A_DAY, person_id=member.id),
            Per.CHANNEL: await ports.record.usage(now - A_DAY, channel=channel),
        }
    return await by_the_account(ports, judge(rules, Wish(member, channel, copies, now, usage)))


async def by_the_account(ports: Ports, judgement: Judgement) -> Judgement:
    """The judgement, with what the account of the bot itself may not."""
    role = await ports.cloud.role_that_cannot_copy()
    if role is None:
        return judgement
    return replace(judgement, refusals=(*judgement.refusals, Problem(Reason.ROLE_CANNOT_COPY, about=role)))


def judge_again(ports: Ports, standing: OrderStanding, member: Member) -> Judgement:
    """What the rules say now of an order that was asked for: its own copies count in no limit a second time.

    Args:
        ports: the world.
        standing: the order.
        member: who asked for it.
    """
    rules = _without_limits(ports.rules.now())
    return judge(rules, wish_for(standing.own, member, standing.order.channel, ports))


def may_ask_for(ports: Ports, copies: Iterable[Copy], member: Member, channel: str) -> bool:
    """Whether a rule lets somebody ask for copies that others have asked for."""
    return judge(ports.rules.now(), wish_for(copies, member, channel, ports)).allowed_by is not None


def may_act_on(ports: Ports, standing: OrderStanding, member: Member) -> bool:
    """Whether somebody may stop an order, try it again, or say what became of it: who asked for it may, and whom a rule
    lets ask for the same.
    """
    return standing.order.requested_by.id == member.id or may_ask_for(
        ports, standing.own, member, standing.order.channel
    )


def wish_for(copies: Iterable[Copy], member: Member, channel: str, ports: Ports) -> Wish:
    """Somebody's wish for copies that are there already."""
    wanted = tuple((copy.backup, copy.destination) for copy in copies)
    return Wish(member, channel, wanted, ports.clock.now())


def _without_limits(rules: Rules) -> Rules:
    return replace(rules, limits=())
