"""Opening the form or the confirmation, for whoever may."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from bot.domain.backup import Backup
from bot.domain.names import suggested_name
from bot.domain.plan import OrderPlan, OrderRequest
from bot.domain.reasons import Problem
from bot.operations.find_backups import find_by_reference, remembered_by_reference
from bot.operations.plan_order import plan_order
from bot.slack.desk import Desk, ShowView
from bot.slack.guard import Visit
from bot.slack.views import answers, confirmation, copy_form, notices
from bot.slack.views.blocks import Message, View
from bot.slack.views.command import ShortForm
from bot.slack.views.copy_form import CopyForm


@dataclass(frozen=True, slots=True)
class Opening:
    """Somebody wants a view.

    Attributes:
        trigger_id: lives for 3 seconds.
        response_url: for a short answer instead; empty where there is none.
        is_known: whether memory knows that this person may come in.
    """

    visit: Visit
    trigger_id: str
    response_url: str
    is_known: bool


async def open_form(desk: Desk, opening: Opening, form: CopyForm | None = None) -> None:
    """Open the form: filled in at once for a known person, else after Slack was asked who it is."""
    if opening.is_known:
        form = form or await desk.first_form(opening.visit.person.id, opening.visit.channel)
        opened = await desk.client.open_view(opening.trigger_id, await _drawn(desk, form))
        seen_hash: str | None = opened.hash
    else:
        opened = await desk.client.open_view(opening.trigger_id, copy_form.draw_loading())
        if await _refused(desk, opening, opened.id):
            return
        form = form or await desk.first_form(opening.visit.person.id, opening.visit.channel)
        seen_hash = await desk.show(opened.id, await _drawn(desk, form))
    if form.channel and seen_hash and await desk.channel_error(form.channel):
        await desk.client.update_view(opened.id, await _drawn(desk, form), seen_hash=seen_hash)


async def _drawn(desk: Desk, form: CopyForm) -> View:
    return copy_form.draw(form, None, await desk.context(form), now=desk.ports.clock.now())


async def _refused(desk: Desk, opening: Opening, view_id: str) -> bool:
    reason = await desk.refusal(opening.visit)
    if reason is None:
        return False
    await desk.show(view_id, copy_form.draw_refused([Problem(reason)]))
    return True


async def open_confirmation(desk: Desk, opening: Opening, request: OrderRequest, channel: str) -> None:
    """Open the confirmation, and fill it once both regions were looked at."""
    opened = await desk.client.open_view(opening.trigger_id, notices.draw_looking(request.destinations))
    if not opening.is_known and await _refused(desk, opening, opened.id):
        return
    await show_plan(desk, partial(desk.show, opened.id), request, channel, pushed=False)


async def show_plan(desk: Desk, show: ShowView, request: OrderRequest, channel: str, *, pushed: bool) -> None:
    """Make the plan and show it in a confirmation that is open."""
    plan = await plan_order(desk.ports, request)
    error = await desk.channel_error(channel)
    if error is not None:
        view = notices.draw_channel_closed(channel, error)
    elif isinstance(plan, OrderPlan):
        view = confirmation.draw(plan, channel=channel, now=desk.ports.clock.now(), pushed=pushed)
    else:
        view = notices.draw_refused(plan)
    await show(view)


async def open_short_form(desk: Desk, opening: Opening, wish: ShortForm) -> None:
    """Jump to the confirmation of what was typed."""
    channel = opening.visit.channel or ""
    known = _sources(await remembered_by_reference(desk.ports, wish.backup), wish.regions)
    if len(known) > 1 and opening.is_known:
        await desk.answer(opening.response_url, _ambiguous(desk, wish, known))
        return
    opened = await desk.client.open_view(opening.trigger_id, notices.draw_looking(wish.regions))
    if not opening.is_known and await _refused(desk, opening, opened.id):
        return
    found = known or _sources(await find_by_reference(desk.ports, wish.backup), wish.regions)
    if len(found) != 1:
        message = (
            _ambiguous(desk, wish, found) if found else answers.backup_not_found(wish.backup, command=desk.command)
        )
        await desk.show(opened.id, notices.draw_message(message))
        return
    (backup,) = found
    request = OrderRequest(
        source=backup.region,
        backup_ids=(backup.id,),
        destinations=wish.regions,
        name=wish.name or suggested_name(backup.name),
    )
    await show_plan(desk, partial(desk.show, opened.id), request, channel, pushed=False)


def _ambiguous(desk: Desk, wish: ShortForm, found: Sequence[Backup]) -> Message:
    return answers.ambiguous(wish.backup, found, region=wish.region, now=desk.ports.clock.now(), command=desk.command)


def _sources(found: Sequence[Backup], destinations: Sequence[str]) -> Sequence[Backup]:
    """Where a backup can be copied from: not from where the copies go, unless it is nowhere else."""
    elsewhere = [backup for backup in found if backup.region not in destinations]
    return elsewhere or list(found)
