"""The bot on a PostgreSQL database: what people see is the same, and everything it remembers is there."""

from tests.fakes.postgres import PostgresServer
from tests.journeys.acting import Begin, asks_for, copies_in, copy_id_of, ends, eventually, kinds
from tests.journeys.test_copy_to_the_end import STRAIGHT_THROUGH


async def test_a_copy_from_the_command_to_the_end(begin: Begin, postgres: PostgresServer) -> None:
    place = postgres.new_database()
    sandbox = await begin(database_url=place)
    full = sandbox.cloud.estate.full

    message = await asks_for(sandbox, sandbox.workspace.person("alice"), full)
    await ends(message, "Done")

    assert await kinds(sandbox, message) == STRAIGHT_THROUGH
    assert copies_in(sandbox, full) == ["COMPLETED"]
    assert postgres.run("SELECT state FROM copies", place) == [("completed",)]
    work = f"SELECT DISTINCT status FROM dbos.workflow_status WHERE workflow_uuid LIKE '{copy_id_of(message)}%'"  # noqa: S608 - the id is the bot's own
    await eventually(lambda: postgres.run(work, place) == [("SUCCESS",)])
