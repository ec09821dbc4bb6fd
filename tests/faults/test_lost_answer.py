"""Somebody starts a copy, and the bot does not hear that PostgreSQL has committed it."""

from pathlib import Path

from tests.fakes.lossy_wire import lossy_wire
from tests.fakes.postgres import PostgresServer
from tests.faults.checks import nothing_is_lost_and_nothing_is_done_twice
from tests.faults.patience import PATIENCE
from tests.faults.stage import COMMAND, Wish, set_stage

REQUEST = '"copy_requested"'


async def test_it_is_done_all_the_same_and_once_and_nobody_is_told_that_it_was_not(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    place = postgres.new_database()
    async with (
        lossy_wire(place) as wire,
        set_stage(tmp_path, speed=1.0, DATABASE_URL=place.get_secret_value()) as stage,
    ):
        stage.bot.environment["DATABASE_URL"] = wire.place.get_secret_value()
        wish, alice = Wish(stage.full), stage.workspace.person("alice")
        await stage.bot.start()
        confirmation = await stage.confirms(wish)
        wire.loses_the_answer_to_the_commit_of(REQUEST)
        await confirmation.submits()
        broke = await alice.sees_form("Something broke", timeout=PATIENCE)
        assert wire.lost.is_set()
        assert "Before you try again, see whether the copy is under way" in broke.rendered
        assert "whether anything was changed is not known" in stage.bot.said
        assert "Nothing was changed" not in broke.rendered + stage.bot.said
        await stage.until_running(wish)  # which the news of the database brought about

        await broke.closes()
        await alice.types(f"{COMMAND} {wish.backup.id} {wish.region}", wish.channel)
        form = await alice.sees_form(timeout=PATIENCE)
        await form.shows("It is being copied already", timeout=PATIENCE)
        stage.copies_finish()
        await stage.until_told(wish)
        nothing_is_lost_and_nothing_is_done_twice(stage, wish)
