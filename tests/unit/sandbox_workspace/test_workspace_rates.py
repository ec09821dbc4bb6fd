"""Slack's rates, each with its own clock: what is within is taken, the next call is told when to come back."""

import pytest

from bot.sandbox.workspace.chat_methods import CHAT_METHODS
from bot.sandbox.workspace.conversation_methods import CONVERSATION_METHODS
from bot.sandbox.workspace.trouble import Rates
from bot.sandbox.workspace.view_methods import VIEW_METHODS

A_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100}
PUBLISHED = {  # slack-platform.md, Rates
    "chat.update": 3,
    "conversations.history": 3,
    "chat.getPermalink": 3,
    "reactions.add": 3,
    "views.open": 4,
    "views.push": 4,
    "views.update": 4,
    "views.publish": 4,
    "users.info": 4,
    "usergroups.users.list": 2,
}


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_each_method_has_the_tier_that_slack_publishes() -> None:
    tiers = {one.name: one.tier for one in (*CHAT_METHODS, *CONVERSATION_METHODS, *VIEW_METHODS)}
    assert {name: tiers[name] for name in PUBLISHED} == PUBLISHED


@pytest.mark.parametrize(("tier", "most"), A_MINUTE.items())
def test_a_tier_takes_so_many_a_minute(tier: int, most: int) -> None:
    clock = Clock()
    rates = Rates(clock)
    assert [rates.wait_for("a.method", tier, None) for _ in range(most)] == [0.0] * most
    assert rates.wait_for("a.method", tier, None) == 60
    assert rates.wait_for("another.method", tier, None) == 0
    clock.now += 59
    assert rates.wait_for("a.method", tier, None) == 1
    clock.now += 1
    assert rates.wait_for("a.method", tier, None) == 0


def test_messages_go_to_a_channel_one_a_second() -> None:
    clock = Clock()
    rates = Rates(clock)
    assert rates.wait_for("chat.postMessage", None, "C1") == 0
    assert 0 < rates.wait_for("chat.postMessage", None, "C1") <= 1
    assert rates.wait_for("chat.postMessage", None, "C2") == 0
    clock.now += 1
    assert rates.wait_for("chat.postMessage", None, "C1") == 0


def test_what_has_no_tier_is_never_refused() -> None:
    rates = Rates(Clock())
    assert {rates.wait_for("auth.test", None, None) for _ in range(1000)} == {0.0}
