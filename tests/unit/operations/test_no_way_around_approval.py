"""Whatever anybody presses, in whatever order: no copy is sent without the agreement that the rules ask for."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.copies import CopyState
from bot.domain.people import Person
from bot.domain.policy import AccessRules
from bot.domain.rules import ApprovalRule, BreakGlass, People, Rules
from bot.operations.approve_order import Decision, approve_order, decline_order
from bot.operations.carry_out_copy import carry_out_copy
from bot.operations.request_order import Confirmation, Requested, request_order
from bot.operations.settle_copy import say_it_was_copied, say_send_again
from bot.operations.stop_order import stop_order
from tests.fakes.clocks import settled
from tests.fakes.world import CHILD, FULL, World, member_of, request_for

PEOPLE = tuple(Person(f"U-{name}", name) for name in ("ana", "ben", "cleo"))
ANA, BEN, CLEO = PEOPLE
ASKERS, LEADS, STORAGE = (ANA, CLEO), (ANA, BEN), (BEN, CLEO)
MAY_BREAK = CLEO


def group(people: Sequence[Person]) -> People:
    return People(people=frozenset(person.id for person in people))


APPROVALS = (
    ApprovalRule("leads", group(LEADS), channel="C-leads"),
    ApprovalRule("storage", group(STORAGE), channel="C-leads", larger_than_gb=5.0),
)
RULES = replace(
    Rules.only(AccessRules(people=group(ASKERS).people)),
    approvals=APPROVALS,
    break_glass=BreakGlass(group([MAY_BREAK]), channel="C-leads"),
)


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody does something, about one of the orders there are."""

    what: str
    who: Person
    about: int = 0
    small: bool = False
    whole_chain: bool = True
    glass: bool = False


PRESSES = st.lists(
    st.builds(
        Press,
        what=st.sampled_from(["ask", "approve", "approve", "approve", "decline", "stop", "copied", "again"]),
        who=st.sampled_from(PEOPLE),
        about=st.integers(0, 3),
        small=st.booleans(),
        whole_chain=st.booleans(),
        glass=st.booleans(),
    ),
    max_size=10,
)


@dataclass(slots=True)
class Play:
    """What happened so far, judged apart from the program.

    Attributes:
        agreed: who has agreed to which order, of those who did not ask for it.
        broke: orders for which the glass was broken by who may.
    """

    world: World
    orders: list[str] = field(default_factory=list)
    askers: dict[str, str] = field(default_factory=dict)
    agreed: dict[str, set[str]] = field(default_factory=dict)
    broke: set[str] = field(default_factory=set)
    working: list[asyncio.Task[None]] = field(default_factory=list)

    async def does(self, number: int, press: Press) -> None:
        if press.what == "ask":
            await self._asks(number, press)
        elif self.orders:
            await self._decides(self.orders[press.about % len(self.orders)], press)
        await settled()

    async def _asks(self, number: int, press: Press) -> None:
        request = request_for(CHILD if press.small else FULL, whole_chain=press.whole_chain)
        plan = await self.world.order_plan(CHILD if press.small else FULL, whole_chain=press.whole_chain)
        confirmation = Confirmation(
            f"V{number}",
            request,
            plan.digest,
            member_of(press.who),
            "C-databases",
            asks_for_approval=True,
            glass_reason="fire" if press.glass else None,
        )
        outcome = await request_order(self.world.ports, confirmation)
        if isinstance(outcome, Requested):
            order = outcome.standing.order
            self.orders.append(order.id)
            self.askers[order.id] = press.who.id
            if press.glass and press.who == MAY_BREAK:
                self.broke.add(order.id)
            for copy in outcome.standing.own:
                self.working.append(asyncio.create_task(carry_out_copy(self.world.ports, copy.id)))

    async def _decides(self, order_id: str, press: Press) -> None:
        standing = await self.world.record.order(order_id)
        assert standing is not None
        decision = Decision(order_id, standing.order.plan_digest, member_of(press.who))
        ports = self.world.ports
        if press.what == "approve":
            if self.askers[order_id] != press.who.id:
                self.agreed.setdefault(order_id, set()).add(press.who.id)
            asker = next(person for person in PEOPLE if person.id == self.askers[order_id])
            await approve_order(ports, decision, member_of(asker))
        elif press.what == "decline":
            await decline_order(ports, decision, "no")
        elif press.what == "stop":
            await stop_order(ports, order_id, press.who, None)
        elif press.what == "copied":
            await say_it_was_copied(ports, standing.gate.id, press.who, None)
        else:
            await say_send_again(ports, standing.gate.id, press.who, None)

    async def nothing_is_sent_without_agreement(self) -> None:
        for order_id in self.orders:
            standing = await self.world.record.order(order_id)
            assert standing is not None
            agreed = self.agreed.get(order_id, set())
            size = sum(copy.backup.size_gb or 0.0 for copy in standing.own)
            enough = bool(agreed & group(LEADS).people)
            enough = enough and (size <= 5.0 or bool(agreed & group(STORAGE).people))
            for copy in standing.own:
                has_begun = copy.attempts > 0 or copy.state in {CopyState.SENDING, CopyState.RUNNING}
                assert not has_begun or enough or order_id in self.broke, (copy, agreed)


@settings(max_examples=200, deadline=None)
@given(PRESSES)
def test_no_sequence_of_presses_starts_a_copy_without_agreement(presses: list[Press]) -> None:
    asyncio.run(_played(presses))


async def _played(presses: list[Press]) -> None:
    world = World.new()
    world.rules.rules = RULES
    world.watch.before_look = lambda _: world.cloud.finish_copies()
    play = Play(world)
    try:
        for number, press in enumerate(presses):
            await play.does(number, press)
            await play.nothing_is_sent_without_agreement()
        await asyncio.wait(play.working, timeout=0.05) if play.working else None
        await play.nothing_is_sent_without_agreement()
    finally:
        for task in play.working:
            task.cancel()
        await asyncio.gather(*play.working, return_exceptions=True)
