"""Every limit of slack-platform.md, Sizes: what fits is taken, one more is refused, with Slack's words."""

import random
from typing import Any, TypeAlias

import pytest

from bot.sandbox.workspace.refusals import SlackError
from bot.sandbox.workspace.validation import accept_blocks, accept_home, accept_modal

Json: TypeAlias = dict[str, Any]
NUMBERS = random.Random(1)


def plain(length: int) -> Json:
    return {"type": "plain_text", "text": "x" * length}


def mrkdwn(length: int) -> Json:
    return {"type": "mrkdwn", "text": "x" * length}


def option(text: int = 3, value: int = 3, description: int | None = None, number: int = 0) -> Json:
    made: Json = {"text": plain(text), "value": f"{number}".rjust(value, "v")}
    return made if description is None else {**made, "description": plain(description)}


def options(count: int) -> list[Json]:
    return [option(number=number) for number in range(count)]


def button(**more: object) -> Json:
    return {"type": "button", "text": plain(3), "action_id": "press", **more}


def select(**more: object) -> Json:
    return {"type": "static_select", "action_id": "choose", "options": options(2), **more}


def section(**more: object) -> Json:
    return {"type": "section", "text": mrkdwn(3), **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def field(**more: object) -> Json:
    return {"type": "input", "label": plain(3), "element": {"type": "plain_text_input"}, **more}


def typed(**more: object) -> Json:
    return field(element={"type": "plain_text_input", **more})


def confirm(**more: object) -> Json:
    return {"title": plain(3), "text": plain(3), "confirm": plain(3), "deny": plain(3), **more}


def modal(*blocks: Json, **more: object) -> Json:
    return {"type": "modal", "title": plain(3), "submit": plain(3), "blocks": list(blocks), **more}


def groups(count: int) -> list[Json]:
    return [{"label": plain(3), "options": [option(number=number)]} for number in range(count)]


def marked(kind: str, initial: int = 1) -> Json:
    chosen = option(number=initial)
    first = {"initial_option": chosen} if kind == "radio_buttons" else {"initial_options": [chosen]}
    return actions({"type": kind, "action_id": "one", "options": options(2), **first})


def image(alt_text: int) -> Json:
    return {"type": "image", "image_url": "https://example.com/x.png", "alt_text": "x" * alt_text}


def rows(count: int, columns: int) -> Json:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * columns] * count}


FITS_AND_NOT = {
    "section text": (section(text=mrkdwn(3000)), section(text=mrkdwn(3001))),
    "section fields": (section(fields=[mrkdwn(2000)] * 2), section(fields=[mrkdwn(2001)])),
    "number of section fields": (section(fields=[mrkdwn(3)] * 10), section(fields=[mrkdwn(3)] * 11)),
    "header": ({"type": "header", "text": plain(150)}, {"type": "header", "text": plain(151)}),
    "header is plain text": ({"type": "header", "text": plain(3)}, {"type": "header", "text": mrkdwn(3)}),
    "context elements": (
        {"type": "context", "elements": [mrkdwn(3)] * 10},
        {"type": "context", "elements": [mrkdwn(3)] * 11},
    ),
    "actions elements": (
        actions(*(button(action_id=f"a{number}") for number in range(25))),
        actions(*(button(action_id=f"a{number}") for number in range(26))),
    ),
    "button text": (actions(button(text=plain(75))), actions(button(text=plain(76)))),
    "button text is plain text": (actions(button()), actions(button(text=mrkdwn(3)))),
    "button value": (actions(button(value="x" * 2000)), actions(button(value="x" * 2001))),
    "block_id": (section(block_id="x" * 255), section(block_id="x" * 256)),
    "action_id": (actions(button(action_id="x" * 255)), actions(button(action_id="x" * 256))),
    "options": (actions(select(options=options(100))), actions(select(options=options(101)))),
    "at least one option": (actions(select(options=options(1))), actions(select(options=[]))),
    "option text": (actions(select(options=[option(text=75)])), actions(select(options=[option(text=76)]))),
    "option value": (actions(select(options=[option(value=150)])), actions(select(options=[option(value=151)]))),
    "option description": (
        actions(select(options=[option(description=75)])),
        actions(select(options=[option(description=76)])),
    ),
    "option groups": (
        actions({**select(), "options": None, "option_groups": [{"label": plain(75), "options": options(2)}]}),
        actions({**select(), "options": None, "option_groups": [{"label": plain(76), "options": options(2)}]}),
    ),
    "options or groups": (
        actions(select()),
        actions(select(option_groups=[{"label": plain(3), "options": options(2)}])),
    ),
    "option values are unique": (actions(select()), actions(select(options=[option(), option(text=4)]))),
    "initial option among options": (
        actions(select(initial_option=option(number=1))),
        actions(select(initial_option=option(number=2))),
    ),
    "placeholder": (actions(select(placeholder=plain(150))), actions(select(placeholder=plain(151)))),
    "confirm title": (
        actions(button(confirm=confirm(title=plain(100)))),
        actions(button(confirm=confirm(title=plain(101)))),
    ),
    "confirm text": (
        actions(button(confirm=confirm(text=plain(300)))),
        actions(button(confirm=confirm(text=plain(301)))),
    ),
    "confirm button": (
        actions(button(confirm=confirm(deny=plain(30)))),
        actions(button(confirm=confirm(deny=plain(31)))),
    ),
    "input label": (field(label=plain(2000)), field(label=plain(2001))),
    "input hint": (field(hint=plain(2000)), field(hint=plain(2001))),
    "input max_length": (typed(max_length=3000), typed(max_length=3001)),
    "initial_value within max_length": (
        typed(max_length=64, initial_value="x" * 64),
        typed(max_length=64, initial_value="x" * 65),
    ),
    "min_length within max_length": (
        typed(max_length=64, min_length=64),
        typed(max_length=64, min_length=65),
    ),
    "number of option groups": (
        actions({**select(), "options": None, "option_groups": groups(100)}),
        actions({**select(), "options": None, "option_groups": groups(101)}),
    ),
    "initial radio button among options": (marked("radio_buttons"), marked("radio_buttons", initial=5)),
    "initial checkboxes among options": (marked("checkboxes"), marked("checkboxes", initial=5)),
    "options of a menu of three dots": (
        actions({"type": "overflow", "action_id": "more", "options": options(5)}),
        actions({"type": "overflow", "action_id": "more", "options": options(6)}),
    ),
    "image alt text": (image(2000), image(2001)),
    "radio buttons": (
        actions({"type": "radio_buttons", "action_id": "one", "options": options(10)}),
        actions({"type": "radio_buttons", "action_id": "one", "options": options(11)}),
    ),
    "no empty text": (section(text=mrkdwn(1)), section(text=mrkdwn(0))),
    "no unknown property": (section(), section(colour="red")),
    "no button in an input": (field(), field(element=button())),
    "action_ids unique in their block": (
        actions(button(action_id="a"), button(action_id="b")),
        actions(button(action_id="a"), button(action_id="a")),
    ),
    "no text and no fields": (section(), {"type": "section"}),
}
ONLY_IN_MESSAGES = {
    "table rows": (rows(100, 2), rows(101, 2)),
    "table columns": (rows(2, 20), rows(2, 21)),
    "card title": ({"type": "card", "title": mrkdwn(150)}, {"type": "card", "title": mrkdwn(151)}),
    "card says something": ({"type": "card", "body": mrkdwn(3)}, {"type": "card", "subtitle": mrkdwn(3)}),
    "card buttons": (
        {"type": "card", "actions": [button(action_id=f"a{number}") for number in range(3)]},
        {"type": "card", "actions": [button(action_id=f"a{number}") for number in range(4)]},
    ),
    "card body": ({"type": "card", "body": mrkdwn(200)}, {"type": "card", "body": mrkdwn(201)}),
    "task status": (
        {"type": "task_card", "task_id": "1", "title": "Copy", "status": "pending"},
        {"type": "task_card", "task_id": "1", "title": "Copy", "status": "asleep"},
    ),
    "plan title": (
        {"type": "plan", "title": "Copies", "tasks": []},
        {"type": "plan", "title": "", "tasks": []},
    ),
}


@pytest.mark.parametrize("limit", FITS_AND_NOT)
def test_a_modal_takes_what_fits_and_refuses_what_does_not(limit: str) -> None:
    fits, not_any_more = FITS_AND_NOT[limit]
    accept_modal(modal(fits), NUMBERS)
    with pytest.raises(SlackError) as refused:
        accept_modal(modal(not_any_more), NUMBERS)
    assert refused.value.error == "invalid_arguments"
    assert "[json-pointer:/view/blocks/0" in refused.value.messages[0]


@pytest.mark.parametrize("limit", [*FITS_AND_NOT, *ONLY_IN_MESSAGES])
def test_a_message_takes_what_fits_and_refuses_what_does_not(limit: str) -> None:
    fits, not_any_more = {**FITS_AND_NOT, **ONLY_IN_MESSAGES}[limit]
    accept_blocks([fits], NUMBERS)
    with pytest.raises(SlackError) as refused:
        accept_blocks([not_any_more], NUMBERS)
    assert refused.value.error == "invalid_blocks"
    assert "[json-pointer:/blocks/0" in refused.value.messages[0]


@pytest.mark.parametrize(
    ("fits", "not_any_more"),
    [
        ({"title": plain(24)}, {"title": plain(25)}),
        ({"title": plain(3)}, {"title": mrkdwn(3)}),
        ({"submit": plain(24)}, {"submit": plain(25)}),
        ({"close": plain(24)}, {"close": plain(25)}),
        ({"private_metadata": "x" * 3000}, {"private_metadata": "x" * 3001}),
        ({"callback_id": "x" * 255}, {"callback_id": "x" * 256}),
        ({"blocks": [{"type": "divider"}] * 100}, {"blocks": [{"type": "divider"}] * 101}),
        ({"blocks": [field()]}, {"blocks": [field()], "submit": None}),
    ],
)
def test_the_limits_of_a_modal_itself(fits: Json, not_any_more: Json) -> None:
    accept_modal(modal(**fits) if "blocks" not in fits else {**modal(), **fits}, NUMBERS)
    with pytest.raises(SlackError, match=r".*") as refused:
        accept_modal({**modal(), **not_any_more}, NUMBERS)
    assert refused.value.error == "invalid_arguments"


def test_a_message_has_at_most_50_blocks_and_a_home_view_100() -> None:
    divider = {"type": "divider"}
    accept_blocks([divider] * 50, NUMBERS)
    accept_home({"type": "home", "blocks": [divider] * 100}, NUMBERS)
    with pytest.raises(SlackError) as refused:
        accept_blocks([divider] * 51, NUMBERS)
    assert refused.value.messages == ("no more than 50 items allowed [json-pointer:/blocks]",)
    with pytest.raises(SlackError):
        accept_home({"type": "home", "blocks": [divider] * 101}, NUMBERS)


def test_a_message_as_a_whole_is_refused_though_each_block_is_legal() -> None:
    accept_blocks([section(text=mrkdwn(3000))] * 4, NUMBERS)
    with pytest.raises(SlackError) as refused:
        accept_blocks([section(text=mrkdwn(3000))] * 5, NUMBERS)
    assert refused.value.error == "msg_blocks_too_long"


def test_a_view_as_a_whole_is_refused_beyond_250_kilobytes() -> None:
    with pytest.raises(SlackError) as refused:
        accept_modal(modal(*[section(text=mrkdwn(2900))] * 90), NUMBERS)
    assert refused.value.error == "view_too_large"


@pytest.mark.parametrize("block", [{"type": "alert", "text": mrkdwn(3)}])
def test_alerts_are_for_modals_only(block: Json) -> None:
    accept_modal(modal(block), NUMBERS)
    for refusing in (
        lambda: accept_blocks([block], NUMBERS),
        lambda: accept_home({"type": "home", "blocks": [block]}, NUMBERS),
    ):
        with pytest.raises(SlackError) as refused:
            refusing()
        assert "unsupported type: alert" in refused.value.messages[0]


@pytest.mark.parametrize("limit", ["table rows", "card title", "task status", "plan title"])
def test_tables_cards_and_plans_are_for_messages_only(limit: str) -> None:
    with pytest.raises(SlackError, match="unsupported type"):
        accept_modal(modal(ONLY_IN_MESSAGES[limit][0]), NUMBERS)


def test_an_unknown_block_is_refused_where_it_stands() -> None:
    with pytest.raises(SlackError) as refused:
        accept_blocks([section(), {"type": "marquee"}], NUMBERS)
    assert refused.value.answer() == {
        "ok": False,
        "error": "invalid_blocks",
        "errors": ["unsupported type: marquee [json-pointer:/blocks/1/type]"],
        "response_metadata": {"messages": ["[ERROR] unsupported type: marquee [json-pointer:/blocks/1/type]"]},
    }


def test_the_message_points_to_the_text_that_is_too_long() -> None:
    with pytest.raises(SlackError) as refused:
        accept_blocks([section(text=mrkdwn(3001))], NUMBERS)
    assert refused.value.messages == ("must be less than 3001 characters [json-pointer:/blocks/0/text/text]",)


def test_block_ids_are_unique_in_a_message_and_in_a_view() -> None:
    twice = [section(block_id="same"), section(block_id="same")]
    with pytest.raises(SlackError, match="already exists"):
        accept_blocks(twice, NUMBERS)
    with pytest.raises(SlackError, match="already exists"):
        accept_modal(modal(*twice), NUMBERS)


def test_a_message_has_one_table_at_most() -> None:
    with pytest.raises(SlackError, match="only_one_table_allowed"):
        accept_blocks([rows(1, 1), rows(1, 1)], NUMBERS)


@pytest.mark.parametrize("raw", ["no json", "{}", {"type": "section"}, 7])
def test_blocks_that_are_no_list_are_a_wrong_format(raw: object) -> None:
    with pytest.raises(SlackError) as refused:
        accept_blocks(raw, NUMBERS)
    assert refused.value.error == "invalid_blocks_format"


def test_ids_that_the_app_left_out_are_made_up_anew_each_time() -> None:
    first = accept_modal(modal(typed()), NUMBERS).view.blocks[0].block_id
    second = accept_modal(modal(typed()), NUMBERS).view.blocks[0].block_id
    assert first
    assert second
    assert first != second


def test_only_one_element_has_the_focus() -> None:
    focused = {"type": "plain_text_input", "focus_on_load": True}
    accept_modal(modal(field(element=focused)), NUMBERS)
    with pytest.raises(SlackError, match="focus_on_load"):
        accept_modal(modal(field(element=focused), field(element=focused)), NUMBERS)


def test_a_response_url_comes_only_from_an_input_of_a_modal() -> None:
    select = {"type": "conversations_select", "action_id": "tell", "response_url_enabled": True}
    accept_modal(modal(field(element=select)), NUMBERS)
    with pytest.raises(SlackError, match="response_url_enabled"):
        accept_modal(modal(section(accessory=select)), NUMBERS)
    with pytest.raises(SlackError, match="response_url_enabled"):
        accept_home({"type": "home", "blocks": [field(element=select)]}, NUMBERS)
    with pytest.raises(SlackError, match="response_url_enabled"):
        accept_blocks([field(element=select)], NUMBERS)
