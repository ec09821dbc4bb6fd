"""What a person types after the command."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.slack.views.command import (
    Cancel,
    ChangeKeeping,
    Help,
    History,
    Keep,
    KeepVerb,
    ListBackups,
    OpenForm,
    ShortForm,
    Status,
    Wish,
    parse,
)

ID = "ff44da4e-91eb-40ba-aa5b-841e1c308f55"


@pytest.mark.parametrize(
    ("typed", "wish"),
    [
        ("", OpenForm()),
        ("   ", OpenForm()),
        ("status", Status()),
        ("STATUS 7f3a91", Status("7f3a91")),
        ("help", Help()),
        ("Help me", Help()),
        (f"{ID} IAD", ShortForm(ID, ("IAD",))),
        ("ff44da4e iad", ShortForm("ff44da4e", ("IAD",))),
        (f"{ID} IAD my-copy", ShortForm(ID, ("IAD",), "my-copy")),
        (f'{ID} IAD "my name"', ShortForm(ID, ("IAD",), "my name")),
        (f"{ID} IAD “my name”", ShortForm(ID, ("IAD",), "my name")),
        (f"{ID} IAD my name", ShortForm(ID, ("IAD",), "my name")),
        (f'{ID} IAD ""', ShortForm(ID, ("IAD",))),
        (f"{ID} IAD ana's copy", ShortForm(ID, ("IAD",), "ana's copy")),
        ('"a backup with spaces" syd', ShortForm("a backup with spaces", ("SYD",))),
        ("status `7f3a91` please", Status("7f3a91")),
        (f"{ID} lon", ShortForm(ID, ("LON",))),
        (f"{ID} IAD &lt;!channel&gt; &amp; &lt;b&gt;", ShortForm(ID, ("IAD",), "<!channel> & <b>")),
        (f"{ID} IAD,ORD", ShortForm(ID, ("IAD", "ORD"))),
        (f"{ID} iad, ord , syd my-copy", ShortForm(ID, ("IAD", "ORD", "SYD"), "my-copy")),
        (f"{ID} IAD,IAD", ShortForm(ID, ("IAD",))),
        (f"{ID} IAD abc, def", ShortForm(ID, ("IAD",), "abc, def")),
        ("history", History("")),
        ("history <@U0ANA|ana> IAD", History("<@U0ANA|ana> IAD")),
        ("list", ListBackups("")),
        ("LIST IAD nightly page:2", ListBackups("IAD nightly page:2")),
        ("cancel 7f3a91c2", Cancel("7f3a91c2")),
        ("cancel `7f3a91c2`", Cancel("7f3a91c2")),
        ("keep 130922a2 in iad", Keep("130922a2", "IAD", timedelta(hours=24))),
        ("keep `130922a2` IN IAD every 7d", Keep("130922a2", "IAD", timedelta(days=7))),
        ('keep "weekly of orders" in SYD every 36 hours', Keep("weekly of orders", "SYD", timedelta(hours=36))),
        ("keep list", ChangeKeeping(KeepVerb.LIST)),
        ("keep list iad alice", ChangeKeeping(KeepVerb.LIST, "iad alice")),
        ("keep PAUSE 7f3a91c2", ChangeKeeping(KeepVerb.PAUSE, "7f3a91c2")),
        ("keep resume `7f3a91c2`", ChangeKeeping(KeepVerb.RESUME, "7f3a91c2")),
        ("keep end 7f3a91c2", ChangeKeeping(KeepVerb.END, "7f3a91c2")),
    ],
)
def test_what_is_understood(typed: str, wish: Wish) -> None:
    assert parse(typed) == wish


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("statu", "status"),
        ("hsitory nightly", "history nightly"),
        ("cancle 7f3a", "cancel 7f3a"),
        ("cancel", "cancel ID"),
        ("hlep", "help"),
        ("keep", "keep INSTANCE in REGION every 24h"),
        ("keep 130922a2", "keep INSTANCE in REGION every 24h"),
        ("keep 130922a2 IAD", "keep 130922a2 in IAD every 24h"),
        ("keep 130922a2 in IDA every 7d", "keep 130922a2 in IAD every 7d"),
        ("keep 130922a2 in IAD every 5m", "keep 130922a2 in IAD every 24h"),
        ("keep 130922a2 in MARS", "keep INSTANCE in REGION every 24h"),
        ("keep lst", "keep list"),
        ("keep puase 7f3a91c2", "keep pause 7f3a91c2"),
        ("keep end", "keep end ID"),
        ("kepe list", "keep list"),
        (f"{ID} IDA", f"{ID} IAD"),
        (f"{ID} DWF nightly", f"{ID} DFW nightly"),
        ('"a backup" IADD', '"a backup" IAD'),
        ("xyzzy", None),
        (f"{ID}", None),
        (f"{ID} nowhere", None),
        (f"{ID} IAD,XYZ", f"{ID} IAD"),
        ("lits", "list"),
    ],
)
def test_what_is_not_understood_shows_the_nearest_right_spelling(typed: str, near: str | None) -> None:
    wish = parse(typed)

    assert isinstance(wish, Help)
    assert wish.near == near
    assert wish.typed is not None


def test_a_region_that_exists_and_is_not_allowed_is_left_to_be_refused_with_its_reason() -> None:
    assert parse("b1 SYD", regions=("DFW", "IAD")) == ShortForm("b1", ("SYD",))


def test_a_misspelt_word_before_a_region_is_taken_for_a_backup_and_can_be_told_from_one() -> None:
    assert [ShortForm(backup, ("IAD",)).near for backup in ("lits", "nightly")] == ["list IAD", None]


@given(some.text(max_size=200))
def test_whatever_is_typed_is_one_of_the_wishes(typed: str) -> None:
    assert isinstance(parse(typed), Wish)
