"""The form that the references open: what somebody would write who has only that, as a constant."""

from typing import Any

_REGIONS = ("DFW", "IAD", "ORD", "HKG", "SYD")


def _text(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": True}


def _region(region: str) -> dict[str, Any]:
    return {"text": _text(region), "value": region}


def _input(name: str, label: str, element: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"type": "input", "block_id": name, "label": _text(label), "element": {"action_id": name, **element}, **more}


FORM: dict[str, Any] = {
    "type": "modal",
    "callback_id": "copy_form",
    "title": _text("Copy a backup"),
    "submit": _text("Review"),
    "close": _text("Cancel"),
    "private_metadata": "{}",
    "blocks": [
        _input(
            "source",
            "From",
            {
                "type": "static_select",
                "options": [_region(region) for region in _REGIONS],
                "initial_option": _region("DFW"),
            },
            dispatch_action=True,
        ),
        _input(
            "backup",
            "Backup",
            {
                "type": "external_select",
                "min_query_length": 0,
                "placeholder": _text("Type a name, an id, an instance or a datastore"),
            },
            dispatch_action=True,
        ),
        _input(
            "destination",
            "To",
            {"type": "static_select", "options": [_region(region) for region in _REGIONS[1:]]},
            dispatch_action=True,
        ),
        {"type": "section", "text": {"type": "mrkdwn", "text": "Choose a backup and a region."}},
        _input("name", "Name of the copy", {"type": "plain_text_input", "max_length": 64}, optional=True),
        _input("description", "Description", {"type": "plain_text_input", "max_length": 255}, optional=True),
        _input("channel", "Tell", {"type": "conversations_select", "initial_conversation": "C0BENCH01"}),
    ],
}
"""A modal with seven blocks, of about the size of the bot's own."""
