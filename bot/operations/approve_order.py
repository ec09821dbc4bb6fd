"""Other people agree to an order, or do not."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.approval import Agreement, missing
from bot.domain.copies import Copy, CopyState
from bot.domain.events import EventKind
from bot.domain.judgement import Judgement
from bot.domain.orders import OrderStanding
from bot.domain.people import Person
from bot.domain.policy import Member
from bot.domain.reasons import Problem, Reason
from bot.domain.rules import ApprovalRule
from bot.operations.judge_order import judge_again
from bot.operations.moves import event_about, move
from bot.operations.ports import Ports


@dataclass(frozen=True, slots=True)
class Decision:
    """Somebody decides.

    Attributes:
        plan_digest: of the plan that was shown to them.
        approver: who decides, as the chat knows them now.
        where: id of the channel it is done in.
    """

    order_id: str
    plan_digest: str
    approver: Member
    where: str | None = None

    @property
    def person(self) -> Person:
        """Who decides."""
        return Person(self.approver.id, self.approver.name)


@dataclass(frozen=True, slots=True)
class Approved:
    """Somebody agreed.

    Attributes:
        missing: how many more people have to, by the name of the rule; none: it goes on.
    """

    standing: OrderStanding
    missing: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Declined:
    """Somebody said no; nothing of it is copied."""

    standing: OrderStanding


class Obstacle(StrEnum):
    """Why an order is not decided by somebody who presses a button."""

    UNKNOWN = "unknown"
    NOT_WAITING = "not_waiting"
    """It was decided, withdrawn, or it is too late."""
    OTHER_PLAN = "other_plan"
    """What was shown to this person is not what was asked for."""
    ASKED_FOR_IT = "asked_for_it"
    """Nobody agrees to what they asked for themselves."""
    NO_APPROVER = "no_approver"
    AGREED_ALREADY = "agreed_already"
    AGAINST_THE_RULES = "against_the_rules"
    """The person who asked may not ask for it any more, or it is frozen now."""


@dataclass(frozen=True, slots=True)
class LookedAt:
    """Somebody looked at an order that went on without agreement."""

    standing: OrderStanding


@dataclass(frozen=True, slots=True)
class NotDecided:
    """It is as it was.

    Attributes:
        reason: why this person cannot decide it, or not now.
        standing: the order; ``None``: there is none.
        problems: what the rules have against it now.
    """

    reason: Obstacle
    standing: OrderStanding | None = None
    problems: tuple[Problem, ...] = ()


async def approve_order(ports: Ports, decision: Decision, requester: Member | None) -> Approved | NotDecided:
    """Agree to an order on behalf of somebody. When nobody else has to, it goes on. The rules of now count.

    Args:
        ports: the world.
        decision: who agrees to what.
        requester: who asked for it, as the chat knows them now; ``None`` where it cannot be asked.
    """
    while True:
        standing = await _to_decide(ports, decision)
        if isinstance(standing, NotDecided):
            return standing
        judgement = judge_again(ports, standing, requester) if requester else None
        if judgement is None or judgement.refusals:
            problems = judgement.refusals if judgement else (Problem(Reason.PERSON_UNKNOWN),)
            return NotDecided(Obstacle.AGAINST_THE_RULES, standing, problems)
        mine = _rules_of(judgement, decision.approver, standing.gate)
        if isinstance(mine, Obstacle):
            return NotDecided(mine, standing)
        agreed = (*standing.gate.agreements, Agreement(decision.person, mine))
        left = tuple((rule.name, number) for rule, number in missing(judgement.needs, agreed))
        if await _agree(ports, standing.gate, agreed, left, decision.where):
            return Approved(await ports.record.order(decision.order_id) or standing, left)


def _rules_of(judgement: Judgement, approver: Member, gate: Copy) -> tuple[str, ...] | Obstacle:
    """The rules for which an agreement of this person counts; none where nobody has to agree any more."""
    mine = tuple(rule.name for rule in judgement.needs if rule.approvers.include(approver))
    if judgement.needs and not mine:
        return Obstacle.NO_APPROVER
    known = {name for each in gate.agreements if each.person.id == approver.id for name in each.rules}
    return Obstacle.AGREED_ALREADY if mine and known.issuperset(mine) else mine


async def _agree(
    ports: Ports, gate: Copy, agreed: tuple[Agreement, ...], left: tuple[tuple[str, int], ...], where: str | None
) -> Copy | None:
    return await move(
        ports,
        gate,
        CopyState.AWAITING_APPROVAL if left else gate.first_state,
        EventKind.APPROVED,
        who=agreed[-1].person,
        where=where,
        facts={"rules": ", ".join(agreed[-1].rules), "missing": sum(number for _, number in left)},
        agreements=agreed,
        ready_at=None if left else ports.clock.now(),
    )


async def decline_order(ports: Ports, decision: Decision, reason: str) -> Declined | NotDecided:
    """Say no to an order on behalf of somebody.

    Args:
        ports: the world.
        decision: who says no to what.
        reason: why, in their own words.
    """
    while True:
        standing = await _to_decide(ports, decision)
        if isinstance(standing, NotDecided):
            return standing
        ended = await move(
            ports,
            standing.gate,
            CopyState.STOPPED,
            EventKind.DECLINED,
            who=decision.person,
            where=decision.where,
            facts={"because": reason},
            reason=Reason.DECLINED,
            ended_at=ports.clock.now(),
            ended_by=decision.person,
        )
        if ended:
            return Declined(await ports.record.order(decision.order_id) or standing)


async def look_at_broken_glass(ports: Ports, decision: Decision) -> LookedAt | NotDecided:
    """Write down that an approver has looked at an order that went on without agreement; once is enough.

    Args:
        ports: the world.
        decision: who has looked at what.
    """
    standing = await ports.record.order(decision.order_id)
    if standing is None or standing.order.glass is None:
        return NotDecided(Obstacle.UNKNOWN, standing)
    if standing.order.requested_by.id == decision.approver.id:
        return NotDecided(Obstacle.ASKED_FOR_IT, standing)
    if not ports.rules.now().is_approver(decision.approver):
        return NotDecided(Obstacle.NO_APPROVER, standing)
    if any(each.event.kind is EventKind.GLASS_SEEN for each in await ports.record.story(standing.order.id)):
        return NotDecided(Obstacle.NOT_WAITING, standing)
    seen = event_about(standing.gate, EventKind.GLASS_SEEN, ports.clock.now(), decision.person, where=decision.where)
    await ports.record.append(seen)
    return LookedAt(standing)


async def _to_decide(ports: Ports, decision: Decision) -> OrderStanding | NotDecided:
    standing = await ports.record.order(decision.order_id)
    if standing is None:
        return NotDecided(Obstacle.UNKNOWN)
    obstacle = _obstacle(ports, standing, decision)
    return NotDecided(obstacle, standing) if obstacle else standing


def _obstacle(ports: Ports, standing: OrderStanding, decision: Decision) -> Obstacle | None:
    """Why this person cannot decide this order, whatever they would say."""
    if not standing.awaits_approval:
        return Obstacle.NOT_WAITING
    if standing.order.approval and ports.clock.now() >= standing.order.approval.expires_at:
        return Obstacle.NOT_WAITING
    if standing.order.plan_digest != decision.plan_digest:
        return Obstacle.OTHER_PLAN
    if standing.order.requested_by.id == decision.approver.id:
        return Obstacle.ASKED_FOR_IT
    return None if may_decide(ports, standing, decision.approver) else Obstacle.NO_APPROVER


def may_decide(ports: Ports, standing: OrderStanding, member: Member) -> bool:
    """Whether somebody is an approver of an order, by the rules of now, and has not asked for it themselves."""
    return standing.order.requested_by.id != member.id and any(
        rule.approvers.include(member) for rule in _rules_about(ports, standing)
    )


def _rules_about(ports: Ports, standing: OrderStanding) -> list[ApprovalRule]:
    """The rules by which people were asked to agree, as they are now, and all others about these copies."""
    needed = {need.rule for need in standing.order.approval.needs} if standing.order.approval else set()
    return [
        rule
        for rule in ports.rules.now().approvals
        if rule.name in needed or any(rule.scope.fits(copy.backup, copy.destination) for copy in standing.own)
    ]
