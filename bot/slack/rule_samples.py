"""One of each view and message that the rules ask for: a part of `bot.slack.samples`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.approval import Agreement, Approval, BrokenGlass
from bot.domain.copies import Copy, CopyState
from bot.domain.events import EventKind, RecordedEvent
from bot.domain.judgement import Cost, Judgement
from bot.domain.orders import OrderStanding
from bot.domain.people import Person
from bot.domain.policy import AccessRules
from bot.domain.reasons import Problem, Reason
from bot.domain.rules import AllowRule, ApprovalRule, People, Scope
from bot.slack.views import answers, approval_message, decisions, permissions
from bot.slack.views.blocks import Message

LONGEST_RULE = 60
"""Characters of a rule's name that are shown."""

RULE = ApprovalRule(
    "R" * LONGEST_RULE,
    People(frozenset({"U024BE7LH"}), frozenset({"S0614TZR7"})),
    channel="C024BE91L",
    approvals=2,
)

JUDGEMENTS: dict[str, Judgement] = {
    "needs approval": Judgement("dba", needs=(RULE,), cost=Cost(12.5, 30.0, "USD"), may_break_glass=True),
    "frozen": Judgement("dba", refusals=(Problem(Reason.FROZEN, about="f" * 200),), may_break_glass=True),
    "not in the rules": Judgement(None, refusals=(Problem(Reason.NOT_IN_RULES, about="DFW to IAD"),)),
}
"""What the rules may say of a plan, by name."""


PERMISSIONS = permissions.lines_for(
    [AllowRule("dba", AccessRules(), Scope(instances=("i" * 60,) * 6))] * permissions.MOST,
    [replace(RULE, larger_than_gb=500.0, costs_more_than=100.0, out_of_hours=True)] * permissions.MOST,
    may_break_glass=True,
)


@dataclass(frozen=True, slots=True)
class OfApprovers:
    """What is made of one order.

    Attributes:
        order: that was asked for.
        events: of its story.
    """

    order: OrderStanding
    events: Sequence[RecordedEvent]
    now: datetime

    def messages(self) -> Iterator[Message]:
        """Those in the approvers' channel, and their threads."""
        unseen = [each for each in self.events if each.event.kind is not EventKind.GLASS_SEEN]
        for standing in self.orders():
            for story in (unseen, self.events):
                yield approval_message.draw(standing, story=story, now=self.now)
            for recorded in self.events:
                event = replace(recorded.event, copy_id=standing.gate.id)
                line = approval_message.line(replace(recorded, event=event), standing)
                if line:
                    yield line

    def answers(self) -> Iterator[Message]:
        """Those to somebody who decides."""
        waiting = next(self.orders())
        yield answers.not_asked(waiting, "C024BE91L", "channel_not_found", now=self.now)
        yield decisions.approved(waiting, [(RULE.name, 1)])
        yield decisions.declined(waiting)
        yield decisions.looked_at(waiting)
        for obstacle in decisions.SENTENCES:
            yield decisions.not_decided(obstacle, waiting, [Problem(Reason.FROZEN, about="f" * 200)])

    def orders(self) -> Iterator[OrderStanding]:
        """One that waits, those that were decided in each way, and one for which the glass was broken."""
        gate = replace(self.order.copies[0], state=CopyState.AWAITING_APPROVAL, order_id=self.order.order.id)
        approval = Approval.asked([RULE], self.now)
        agreement = Agreement(Person("U024BE7LH", "somebody"), (RULE.name,))
        stopped = replace(gate, state=CopyState.STOPPED)
        for name, copy in {
            "waits": replace(gate, agreements=(agreement,)),
            "declined": replace(stopped, reason=Reason.DECLINED),
            "expired": replace(stopped, reason=Reason.APPROVAL_EXPIRED, ended_by=None),
            "withdrawn": replace(stopped, reason=Reason.STOPPED),
            "approved": replace(gate, state=CopyState.REQUESTED, agreements=(agreement,), ready_at=self.now),
        }.items():
            yield self._order(name, copy, approval=approval)
        late = replace(approval, expires_at=self.now - timedelta(hours=1))
        yield self._order("late", gate, approval=late)
        glass = BrokenGlass("g" * 500, "C024BE91L", (RULE.name, Reason.FROZEN.value))
        yield self._order("glass", replace(gate, state=CopyState.RUNNING), glass=glass)

    def _order(
        self, name: str, copy: Copy, *, approval: Approval | None = None, glass: BrokenGlass | None = None
    ) -> OrderStanding:
        order_id = f"{self.order.order.id}-{name}"
        order = replace(self.order.order, id=order_id, approval=approval, glass=glass)
        return OrderStanding(order, (replace(copy, order_id=order_id),))
