"""One of each view and message about standing orders: a part of `bot.slack.samples`."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.backup import Backup, Origin
from bot.domain.coverage import Cell, Standing
from bot.domain.events import Event, EventKind
from bot.domain.people import Person
from bot.domain.reasons import Problem, Reason
from bot.domain.standing_orders import KeepRequest, Preview, StandingOrder, StandingState
from bot.domain.survey import Held
from bot.slack.rule_samples import JUDGEMENTS
from bot.slack.views import keep
from bot.slack.views.blocks import Message, View


def keeping_views(backup: Backup, channel: str, now: datetime) -> dict[str, View]:
    """The confirmation of a standing order as it may be, and what follows, by name.

    Args:
        backup: of the instance.
        channel: id of the channel that is told.
        now: for ages.
    """
    standing = _standing_order(channel, now)
    request = KeepRequest(standing.origin, "IAD", standing.every, channel)
    held = Held("DFW", backup.id, backup.name, backup.status, created=backup.created)
    cell = Cell("IAD", Standing.TOO_OLD, held, now - timedelta(days=9), standing.every, held)
    previews = {name: Preview(request, cell, each) for name, each in JUDGEMENTS.items()}
    previews["nothing there"] = replace(previews["needs approval"], cell=Cell("IAD", Standing.MISSING))
    allowed = previews["needs approval"]
    previews["kept already"] = replace(allowed, existing=standing)
    previews["nothing to copy"] = replace(allowed, problems=(Problem(Reason.NOTHING_NEWER, about="i" * 36),))
    drawn = {name: keep.draw(each, now=now) for name, each in previews.items()}
    return drawn | {"made": keep.draw_kept(standing)}


def keeping_messages(channel: str, now: datetime) -> Iterator[Message]:
    """Short answers about standing orders, and what their channel is told.

    Args:
        channel: id of the channel that is told.
        now: when they were made.
    """
    standing = _standing_order(channel, now)
    paused = replace(standing, state=StandingState.PAUSED, paused_for=Reason.PERSON_IS_GUEST)
    failed = Event(EventKind.KEEP_FAILED, now, standing.ordered_by, reason=Reason.NOTHING_NEWER)
    yield keep.no_such_instance("i" * 64, [standing.origin.id] * 3)
    yield keep.which_instance("i" * 64, [standing.origin.id] * 5)
    yield keep.listed([])
    yield keep.listed([standing, paused] * 20)
    yield keep.changed(paused, is_new=False)
    yield keep.unknown("i" * 40, [standing] * 3, verb="resume")
    yield keep.draw_news(standing, failed)
    yield keep.draw_news(paused, replace(failed, kind=EventKind.KEEP_PAUSED, reason=Reason.PERSON_IS_GUEST))
    yield keep.draw_news(standing, replace(failed, kind=EventKind.KEEP_RECOVERED, reason=None))


def _standing_order(channel: str, now: datetime) -> StandingOrder:
    return StandingOrder(
        id="7f3a91c2d5e6",
        origin=Origin("instance", "130922a2-b9ab-4e95-86be-9c5d79171b5e"),
        region="IAD",
        every=timedelta(hours=24),
        ordered_by=Person("U024BE7LH", "somebody"),
        channel=channel,
        made_at=now,
        order_id="7f3a91c2d5e6",
        told=(Reason.FROZEN,),
    )
