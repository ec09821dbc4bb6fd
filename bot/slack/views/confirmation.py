"""The confirmation: the whole plan, and the button that makes it happen. What is confirmed is what runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.copies import Copy
from bot.domain.plan import CopyPlan, CopyRequest
from bot.domain.reasons import Problem
from bot.slack.views.blocks import View

CALLBACK_ID = "copy_confirmation"


@dataclass(frozen=True, slots=True)
class Shown:
    """What the plan that was shown rested on, to say later what has changed."""

    parent: str
    parent_there: str | None = None
    existing: str | None = None
    size_gb: float | None = None


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a person confirmed.

    Attributes:
        id: of the modal: the same however often the submission is delivered.
        plan_digest: of the plan that was shown.
    """

    id: str
    request: CopyRequest
    plan_digest: str
    channel: str
    shown: Shown


def draw(plan: CopyPlan, *, channel: str, now: datetime) -> View:
    """The plan with **Start copy**; without the button where the plan has a problem."""
    return {}


def draw_looking(region: str) -> View:
    """While the plan is made."""
    return {}


def draw_changed(plan: CopyPlan, confirmed: Confirmed, *, now: datetime) -> View:
    """The new plan, and what has changed since the one that was confirmed."""
    return {}


def draw_sending() -> View:
    """While the request is written down."""
    return {}


def draw_started(copy: Copy, *, permalink: str | None = None) -> View:
    """It is on its way."""
    return {}


def draw_already(copy: Copy, *, now: datetime, permalink: str | None = None) -> View:
    """Such a copy is under way already."""
    return {}


def draw_refused(problems: Sequence[Problem]) -> View:
    """It cannot be done."""
    return {}


def draw_unexpected(error_id: str) -> View:
    """Something broke."""
    return {}


def read(view: Mapping[str, object]) -> Confirmed:
    """What was confirmed.

    Args:
        view: the ``view`` of a ``view_submission`` payload.

    Raises:
        ReadError: it is not a view that this module drew.
    """
    raise NotImplementedError
