"""The bot on a PostgreSQL database: what people see is the same, and everything it remembers is there."""

from tests.fakes.postgres import PostgresServer
from tests.journeys.acting import (
    BACKUP,
    Begin,
    asks_for,
    copies_in,
    copy_id_of,
    ends,
    eventually,
    is_answered,
    kinds,
    learns,
    opens_form,
    types_short,
)
from tests.journeys.test_copy_to_the_end import STRAIGHT_THROUGH


async def test_a_copy_from_the_command_to_the_end(begin: Begin, postgres: PostgresServer) -> None:
    place = postgres.new_database()
    sandbox = await begin(database_url=place)
    full = sandbox.cloud.estate.full

    message = await asks_for(sandbox, sandbox.workspace.person("alice"), full)
    await ends(message, "Done")

    assert await kinds(sandbox, message) == STRAIGHT_THROUGH
    assert copies_in(sandbox, full) == ["COMPLETED"]
    assert postgres.run("SELECT cardinality(spent) FROM cloud_calls WHERE call = 'copy'", place) == [(1,)]
    work = f"SELECT DISTINCT status FROM dbos.workflow_status WHERE workflow_uuid LIKE '{copy_id_of(message)}%'"  # noqa: S608 - the id is the bot's own
    await eventually(lambda: postgres.run(work, place) == [("SUCCESS",)])


async def test_a_nul_in_an_id_breaks_nothing(begin: Begin, postgres: PostgresServer) -> None:
    sandbox = await begin(database_url=postgres.new_database())
    alice = sandbox.workspace.person("alice")
    for name, backup_id in (("neighbour", "whole"), ("not to be named", "half\0id")):
        sandbox.cloud.add_backup(name=name, id=backup_id)
    for _ in range(2):
        await learns(sandbox, "DFW")

    told = await types_short(alice, "half\0id IAD")
    assert "No backup has the id or name half\0id" in told.rendered
    await told.closes()
    form = await opens_form(alice)
    assert [offered.text for offered in await form.searches(BACKUP, "neighbour")] == ["neighbour"]
    for unknown in ("not to be named", "half\0id"):
        assert await form.searches(BACKUP, unknown) == []
    await form.closes(all_of_them=True)
    assert "There is no copy with the id half\0id" in await is_answered(alice, "cancel half\0id")
    assert await is_answered(alice, "history half\0id") == "Nothing in the audit log fits that."
