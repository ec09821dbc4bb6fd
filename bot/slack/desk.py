"""What every listener works with, and what they all need to do."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from bot.domain.backup import COPYABLE_STATUSES
from bot.domain.coverage import Report
from bot.domain.judgement import Judgement
from bot.domain.orders import OrderStanding
from bot.domain.people import Person
from bot.domain.plan import OrderPlan
from bot.domain.reasons import Reason
from bot.domain.sight import Sight
from bot.operations.find_backups import last_source_region
from bot.operations.judge_order import judge_order, may_act_on
from bot.operations.ports import Ports
from bot.operations.report_coverage import Surveyor, report_coverage, seen
from bot.operations.standing_orders import Keeping
from bot.slack.answers import Identity, PostedMessage
from bot.slack.client import SlackClient
from bot.slack.errands import Errands, Tell
from bot.slack.guard import Guard, Undecided, Visit
from bot.slack.notifier import Posts
from bot.slack.open_homes import OpenHomes
from bot.slack.trouble import SlackTroubleError
from bot.slack.views import answers, channel_errors
from bot.slack.views.blocks import Message, View
from bot.slack.views.copy_form import CopyForm, FormContext

Value = TypeVar("Value")

ShowView = Callable[[View], Awaitable[object]]
"""Shows something else in a view that a person has before them."""

BEFORE_ANSWERING = 1.5
"""Seconds that Slack may be asked who somebody is before it has to be answered itself: it waits for 3."""

PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds between tries to change a view that Slack may not have yet."""


class Remembered(Generic[Value]):
    """A few answers, for a few seconds: what a burst of people would ask for again and again."""

    def __init__(self, seconds: float, most: int = 1000) -> None:
        self._seconds = seconds
        self._most = most
        self._answers: OrderedDict[str, tuple[float, Value]] = OrderedDict()

    def get(self, key: str) -> tuple[Value] | None:
        """The answer, wrapped, if it is fresh."""
        known = self._answers.get(key)
        return (known[1],) if known and time.monotonic() - known[0] < self._seconds else None

    def put(self, key: str, value: Value) -> Value:
        """Remember an answer."""
        self._answers[key] = (time.monotonic(), value)
        self._answers.move_to_end(key)
        while len(self._answers) > self._most:
            self._answers.popitem(last=False)
        return value


@dataclass(slots=True)
class Desk:
    """The Slack room's equipment.

    Attributes:
        command: the slash command's name.
        surveyor: knows all backups.
        homes: those that are open.
        keeping: what standing orders need.
        wanted: how old the newest backup may be that can be restored in a region.
        checks: the check that is under way for each open form: a newer choice replaces it.
    """

    ports: Ports
    client: SlackClient
    guard: Guard
    errands: Errands
    posts: Posts
    command: str
    surveyor: Surveyor
    homes: OpenHomes
    keeping: Keeping
    checks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _me: Identity | None = None
    _lists: Remembered[FormContext] = field(default_factory=lambda: Remembered(2.0))
    _channels: Remembered[str | None] = field(default_factory=lambda: Remembered(30.0))
    _regions: Remembered[str | None] = field(default_factory=lambda: Remembered(60.0))
    _links: Remembered[str] = field(default_factory=lambda: Remembered(3600.0))

    # Who may come in

    def decide(self, visit: Visit) -> Reason | Undecided | None:
        """Why somebody may not come in, from memory alone; ``None`` if they may. A refusal is written down."""
        decision = self.guard.decide(visit)
        if isinstance(decision, Reason):
            self.guard.write_down(visit, decision)
        return decision

    async def refusal(self, visit: Visit, *, patience: float = 10.0) -> Reason | None:
        """Why somebody may not come in; ``None`` if they may. A refusal is written down.

        Args:
            visit: who wants what.
            patience: seconds Slack may be asked if memory cannot say.
        """
        decision = self.decide(visit)
        return await self.guard.check(visit, patience=patience) if isinstance(decision, Undecided) else decision

    async def judgement(self, plan: OrderPlan, person_id: str, channel: str) -> Judgement | None:
        """What the rules say of a plan of somebody; ``None`` where it cannot be found out who that is."""
        member = await self.guard.member(person_id)
        return await judge_order(self.ports, plan, member, channel) if member else None

    async def may_act_on(self, standing: OrderStanding, person_id: str) -> bool:
        """Whether somebody may stop an order, try it again, or say what became of it."""
        member = await self.guard.member(person_id)
        return member is not None and may_act_on(self.ports, standing, member)

    # What somebody may see

    def sight_of(self, person: Person) -> Sight:
        """What a person may see: the one place that says so, for whatever shows backups or what was done with them.
        Whom memory does not know sees only what they asked for themselves.
        """
        member = self.guard.known_member(person.id)
        return Sight(person.id, self.ports.rules.now().scopes_seen_by(member) if member else ())

    async def coverage_for(self, person: Person) -> Report:
        """Where what could be restored, as far as somebody may see it."""
        report = await report_coverage(self.ports, self.surveyor, self.ports.rules.now().wanted_age)
        return seen(report, self.sight_of(person))

    # Telling one person

    async def answer(self, response_url: str, message: Message, *, replaces: bool = False) -> None:
        """Tell one person, where they typed or clicked; in place of what they clicked at, if it ``replaces`` that."""
        await self.client.respond(response_url, message, replaces=replaces)

    def telling(self, response_url: str) -> Tell:
        """Tells a person, where they typed or clicked, the id of something unexpected."""

        async def tell(incident: str) -> None:
            await self.answer(response_url, answers.unexpected(incident))

        return tell

    def run(self, work: Coroutine[object, object, object], what: str, response_url: str = "") -> None:
        """Do something after Slack has been answered; the person hears of it if it goes wrong."""
        self.errands.start(work, what, self.telling(response_url) if response_url else None)

    async def show(
        self, view_id: str, view: View, *, seen_hash: str | None = None, is_newest: bool = True
    ) -> str | None:
        """Change an open view.

        Args:
            view_id: of the view.
            view: what it shows from now on.
            seen_hash: of the view as it was seen.
            is_newest: if the view has moved on since, it is changed all the same: fields keep what was typed. Otherwise
                it is left as it is: another replica may have shown what came of a newer choice.

        Returns:
            Its hash now; ``None`` if it was closed, or left as it is.
        """
        shown = await self.client.update_view(view_id, view, seen_hash=seen_hash)
        if shown is None and seen_hash is not None and is_newest:
            shown = await self.client.update_view(view_id, view)
        return shown.hash if shown else None

    async def show_next(self, name: str, view: View) -> None:
        """Change the view that the answer to a submission brings. Slack may hear of the change before it has read
        that answer: then it does not know the view yet, and is told again.

        Args:
            name: the ``external_id`` that the answer gives the view. It stays, so that a submission that is delivered
                twice brings one view.
            view: what it shows.
        """
        for pause in (*PAUSES, None):
            shown = await self.client.update_view(name, view | {"external_id": name})
            if shown or pause is None:
                return
            await asyncio.sleep(pause)

    # What the form shows

    async def first_form(self, person_id: str, channel: str | None) -> CopyForm:
        """The form as it opens: with the region this person used last."""
        known = self._regions.get(person_id)
        region = known[0] if known else self._regions.put(person_id, await last_source_region(self.ports, person_id))
        regions = self.ports.cloud.regions
        told = channel if channel is None or channel_errors.is_channel(channel) else ""
        return CopyForm(source=region if region in regions else regions[0], channel=told)

    async def context(self, form: CopyForm, person: Person) -> FormContext:
        """What the form shows a person beside what is chosen, from what is here: the cloud and Slack are not asked."""
        sight = self.sight_of(person)
        key = f"{form.source} {person.id}" if sight.is_narrowed else form.source
        known = self._lists.get(key)
        if known:
            lists = known[0]
        else:
            by_status = await self.ports.catalogue.by_status(form.source, scopes=sight.scopes)
            freshness = await self.ports.catalogue.refreshed(form.source)
            if sight.is_narrowed:
                freshness = replace(freshness, backups=sum(by_status.values()), running=None)
            cannot = {status: number for status, number in by_status.items() if status not in COPYABLE_STATUSES}
            lists = FormContext(regions=self.ports.cloud.regions, freshness=freshness, not_copyable=cannot)
            if freshness.complete_at is not None:
                self._lists.put(key, lists)
        error = self.known_channel_error(form.channel) if form.channel else None
        return replace(lists, channel_error=error) if error else lists

    async def channel_error(self, channel: str) -> str | None:
        """Slack's name of the error for which the bot could not post in a channel; ``None`` if it can, or if that
        cannot be known at the moment.
        """
        if rule := self._rule_against(channel):
            return rule
        known = self._channels.get(channel)
        if known and known[0] is None:
            return None
        try:
            seen = await self.client.channel(channel)
        except SlackTroubleError as trouble:
            return None if trouble.is_passing else self._channels.put(channel, trouble.error)
        if seen.is_archived:
            return self._channels.put(channel, "is_archived")
        return self._channels.put(channel, "channel_not_found" if seen.is_private and not seen.is_member else None)

    def known_channel_error(self, channel: str) -> str | None:
        """The same as `channel_error`, from memory."""
        known = self._channels.get(channel)
        return self._rule_against(channel) or (known[0] if known else None)

    def _rule_against(self, channel: str) -> str | None:
        if not self.guard.may_tell(channel):
            return channel_errors.NOT_ALLOWED
        return None if channel_errors.is_channel(channel) else channel_errors.NOT_A_CHANNEL

    # Where an order is told

    async def link_to(self, order_id: str) -> str | None:
        """The address of an order's message; ``None`` while it has none, or Slack does not say."""
        if known := self._links.get(order_id):
            return known[0]
        post = await self.posts.post_of(order_id)
        if post is None or post.message_ts is None:
            return None
        try:
            return self._links.put(order_id, await self.client.permalink(post.channel, post.message_ts))
        except SlackTroubleError:
            return None

    async def order_told_in(self, channel: str, message: PostedMessage) -> str | None:
        """The id of the order that one of the bot's own messages is about, or a line in its thread.

        By the message's metadata; whether Slack sends that with a message shortcut is not documented, so what was
        remembered of the message, or of the one above the thread, counts as well.
        """
        if self._me is None:
            self._me, _ = await self.client.who_am_i()
        if not self._me.has_written(message):
            return None
        named = message.metadata.event_payload.get("order_id") if message.metadata else None
        if isinstance(named, str):
            return named
        return await self.posts.order_at(channel, message.thread_ts or message.ts)

    async def links_to(self, order_ids: Sequence[str]) -> dict[str, str]:
        """The addresses of the messages of orders, as far as they have one."""
        found = await asyncio.gather(*(self.link_to(order_id) for order_id in order_ids))
        return {order_id: link for order_id, link in zip(order_ids, found, strict=True) if link}

    def used(self, person_id: str, region: str) -> None:
        """Remember the region somebody has just copied from."""
        self._regions.put(person_id, region)
