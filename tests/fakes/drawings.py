"""Believable backups, plans and copies to draw, a judge of what is drawn, and a person who fills it in."""

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.backup import Backup, Datastore, Origin
from bot.domain.copies import Copy
from bot.domain.events import Event, EventKind, RecordedEvent
from bot.domain.lineage import Chain, Evidence, ParentAbsent, ParentReady, ParentStatus, Recognised
from bot.domain.orders import Order, OrderStanding
from bot.domain.people import BOT, Person
from bot.domain.plan import CopyPlan, OrderPlan, OrderRequest
from bot.domain.reasons import Fault, Reason
from bot.sandbox.workspace.validation import accept_blocks, accept_modal
from bot.slack.views.blocks import Message

Drawn = Any
"""What a view draws: JSON, looked into by tests."""

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANA = Person("U0ANA", "ana")
BEN = Person("U0BEN", "ben")
DOWN = Fault(Reason.SERVICE_UNAVAILABLE, 503, "serviceUnavailable", "The service is not available.")
HOSTILE = "<!channel> & <b>"

WEEKLY = Backup(
    id="0c1b5616-fdc5-45ae-b2dc-6f1440d55d0e",
    region="DFW",
    name="weekly-2026-11-20",
    status="COMPLETED",
    size_gb=12.8,
    created=NOW - timedelta(days=2),
    datastore=Datastore("mysql", "5.6"),
    origin=Origin("instance", "130922a2-b9ab-4e95-86be-9c5d79171b5e"),
)
NIGHTLY = replace(
    WEEKLY,
    id="ff44da4e-91eb-40ba-aa5b-841e1c308f55",
    name="nightly-2026-11-22",
    size_gb=1.4,
    parent_id=WEEKLY.id,
    created=NOW - timedelta(hours=6),
)


@dataclass(frozen=True)
class Freshness:
    """How fresh a list of backups is."""

    complete_at: datetime | None = NOW - timedelta(minutes=3)
    fault: Fault | None = None
    running: int | None = None
    backups: int = 342


def parent_ready(evidence: Evidence = Evidence.SAME_ID) -> ParentReady:
    return ParentReady(WEEKLY, Recognised(replace(WEEKLY, region="IAD"), evidence))


def request_of(**changes: Drawn) -> OrderRequest:
    request = OrderRequest("DFW", (NIGHTLY.id,), ("IAD",), "nightly-2026-11-22-copy")
    return replace(request, **changes)


def plan_of(parent: ParentStatus | None = None, request: OrderRequest | None = None, **changes: Drawn) -> OrderPlan:
    """The plan of an order of one copy; changes are those of its one `CopyPlan`."""
    wanted = request or request_of()
    single = CopyPlan(wanted.single[0], NIGHTLY, parent or parent_ready(), None, NOW - timedelta(seconds=20))
    return OrderPlan(wanted, (replace(single, **changes),))


def absent(*beneath: Backup, parent: Backup = WEEKLY) -> ParentAbsent:
    """The parent is not there, and neither is what is beneath it."""
    return ParentAbsent(parent, Chain((*beneath, parent)))


def copy_of(**changes: Drawn) -> Copy:
    copy = Copy(
        id="7f3a91c2d4e5",
        revision=3,
        order_id="7f3a91c2d4e5",
        backup=NIGHTLY,
        destination="IAD",
        name="nightly-2026-11-22-copy",
        description="before the migration",
        requested_by=ANA,
        requested_at=NOW - timedelta(minutes=14),
        channel="C0OPS",
        attempts=1,
        sent_at=NOW - timedelta(minutes=13),
    )
    return replace(copy, **{"order_id": changes.get("id", copy.id), **changes})


def order_of(*copies: Copy, wanted: tuple[str, ...] = (), **changes: Drawn) -> OrderStanding:
    """An order of these copies; of one, if none is given. The last was asked for, if not said otherwise."""
    all_of_them = copies or (copy_of(),)
    last = all_of_them[-1]
    order = Order(
        id=last.order_id,
        confirmation_id="V0CONFIRM",
        requested_by=last.requested_by,
        requested_at=last.requested_at,
        channel=last.channel,
        plan_digest="d" * 32,
        copy_ids=tuple(copy.id for copy in all_of_them),
        wanted_ids=wanted or (last.id,),
    )
    return OrderStanding(replace(order, **changes), all_of_them)


def event_of(kind: EventKind, *, sequence: int = 1, **changes: Drawn) -> RecordedEvent:
    event = Event(
        kind=kind,
        at=NOW,
        who=BOT,
        copy_id="7f3a91c2d4e5",
        backup_id=NIGHTLY.id,
        backup_name=NIGHTLY.name,
        source="DFW",
        destination="IAD",
        where="C0OPS",
    )
    return RecordedEvent(sequence, replace(event, **changes), hash="0" * 64)


# --- The judge -------------------------------------------------------------------------------------------------

_OWN_TOKEN = re.compile(
    r"<!date\^\d+\^\{date_short_pretty\} \{time\}\|[^<>|]*>"
    r"|<#[A-Z0-9]+>|<https://team\.slack\.com/archives/[A-Z0-9/p]+\|[a-z ]+>"
)
_MENTION = re.compile(r"<(?:@|!subteam\^)([A-Z0-9]+)>")


def assert_slack_takes_view(view: Drawn, *, mentions: tuple[str, ...] = ()) -> None:
    """A modal that Slack takes and that misleads nobody. People it names pings nobody there."""
    accept_modal(view, random.Random(1))
    assert len(view.get("private_metadata", "")) < 3000
    _assert_texts_are_safe(view, mentions)


def assert_slack_takes_message(message: Message, *, mentions: tuple[str, ...] = ()) -> None:
    """A message that Slack takes, also as an update, and that mentions only the people given."""
    accept_blocks(message.blocks, random.Random(1))
    assert 0 < len(message.text) <= 4000
    assert len(message.text) + sum(len(text) for _, text in _texts_of(message.blocks)) < 10_000
    assert_mrkdwn_is_safe(message.text, mentions)
    _assert_texts_are_safe(message.blocks, mentions)


def assert_mrkdwn_is_safe(text: str, mentions: tuple[str, ...] = ()) -> None:
    """Nothing in it can ping or link but what the bot itself put there."""
    mentioned = _MENTION.findall(text)
    assert set(mentioned) <= set(mentions), mentioned
    left = _OWN_TOKEN.sub("", _MENTION.sub("", text))
    assert "<" not in left, left
    assert ">" not in left, left
    assert not re.search(r"&(?!amp;|lt;|gt;)", left), left


def _assert_texts_are_safe(drawn: Drawn, mentions: tuple[str, ...]) -> None:
    for text_object, text in _texts_of(drawn):
        if text_object["type"] == "mrkdwn":
            assert text_object["verbatim"] is True, text
            assert_mrkdwn_is_safe(text, mentions)


def _texts_of(drawn: Drawn) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Every text object of what was drawn, and its text."""
    if isinstance(drawn, Mapping):
        if drawn.get("type") in {"mrkdwn", "plain_text"} and isinstance(drawn.get("text"), str):
            yield drawn, drawn["text"]
        drawn = list(drawn.values())
    if isinstance(drawn, list):
        for value in drawn:
            yield from _texts_of(value)


# --- A person who reads ----------------------------------------------------------------------------------------


def words_of(drawn: Drawn) -> str:
    """All text of a modal or of a message's blocks."""
    return "\n".join(text for _, text in _texts_of(drawn.blocks if isinstance(drawn, Message) else drawn))


def alerts_of(view: Drawn) -> list[tuple[str, str]]:
    """Level and text of each alert."""
    return [(block["level"], block["text"]["text"]) for block in view["blocks"] if block["type"] == "alert"]


def field_of(view: Drawn, action_id: str) -> Drawn:
    """The input block with this element."""
    return next(
        block for block in view["blocks"] if block["type"] == "input" and block["element"]["action_id"] == action_id
    )


def buttons_of(drawn: Drawn) -> dict[str, str | None]:
    """Buttons: their ``action_id`` and value."""
    blocks: Drawn = drawn.blocks if isinstance(drawn, Message) else drawn["blocks"]
    rows = (block["elements"] for block in blocks if block["type"] == "actions")
    return {element["action_id"]: element.get("value") for row in rows for element in row}


# --- A person who fills in -------------------------------------------------------------------------------------


class Typist:
    """Fills in a form as Slack does: a field keeps its value over an update while its ids stay the same."""

    def __init__(self, view: Drawn) -> None:
        self.values: dict[tuple[str, str], Drawn] = {}
        self.view: Drawn = {"blocks": []}
        self.sees(view)

    def sees(self, view: Drawn) -> "Typist":
        """The view is opened or updated."""
        fields = {
            (b["block_id"], b["element"]["action_id"]): b["element"] for b in view["blocks"] if b["type"] == "input"
        }
        self.values = {key: self.values.get(key, _initial(element)) for key, element in fields.items()}
        self.view = view
        return self

    def fills(self, action_id: str, value: Drawn) -> "Typist":
        """A field is filled in: with text, an option, options, or a channel's id."""
        block = field_of(self.view, action_id)
        self.values[block["block_id"], action_id] = _value(block["element"], value)
        return self

    def sends(self) -> Drawn:
        """The ``view`` of the payload that Slack sends now."""
        state: dict[str, dict[str, Drawn]] = {}
        for (block_id, action_id), value in self.values.items():
            state.setdefault(block_id, {})[action_id] = value
        return {"id": "V0FORM", "hash": "1.a", **self.view, "state": {"values": state}}


def _initial(element: Drawn) -> Drawn:
    kinds = ("initial_option", "initial_value", "initial_conversation", "initial_options")
    return _value(element, next((element[kind] for kind in kinds if kind in element), None))


def _value(element: Drawn, value: Drawn) -> Drawn:
    name = {
        "plain_text_input": "value",
        "conversations_select": "selected_conversation",
        "checkboxes": "selected_options",
        "multi_static_select": "selected_options",
        "multi_external_select": "selected_options",
    }.get(element["type"], "selected_option")
    return {"type": element["type"], name: value if value is not None or name != "selected_options" else []}
