"""What the command ``sandbox`` says once everything runs: where it is, who is there, and what can be done with it."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from bot.cli.sandbox_rules import HINT, WHO_IS_WHO


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything is.

    Attributes:
        page: the address of the page.
        bot: the bot's address.
        slack_api_url: of the simulated workspace.
        identity_url: of the simulated Identity.
        username: with which the bot logs in there.
        api_key: of the simulated account; worth nothing elsewhere.
        regions: the addresses of the simulated databases, by region.
        cloud_port: of the simulated cloud.
        database_url: of the bot's files.
    """

    page: str
    bot: str
    slack_api_url: str
    identity_url: str
    username: str
    api_key: str
    regions: Mapping[str, str]
    cloud_port: int
    database_url: str


def greeting(places: Places) -> str:
    """The whole text, for a terminal.

    Args:
        places: where everything is.
    """
    slack = places.slack_api_url.removesuffix("/api/")
    databases = "\n".join(f"  databases in {region}   {url}" for region, url in places.regions.items())
    return f"""\
This is a sandbox: nothing in it is real, and nothing leaves this machine.

Open this page       {places.page}

Where everything else is
  the bot            {places.bot}
  simulated Slack    {places.slack_api_url}
  simulated Identity {places.identity_url}   (username {places.username}, API key {places.api_key})
{databases}

Who is there
{_people()}
{textwrap.fill(HINT, 100, initial_indent="  ", subsequent_indent="  ")}
  Channels with the bot: #databases, #ops-private. Without it: #general, #archive (archived).

What you can do, from another terminal
  See the channel     curl {slack}/control/channels/databases/messages
  See the cloud       curl http://127.0.0.1:{places.cloud_port}/control/backups/IAD
  Make trouble        curl -d '{{"status": 503, "times": 2, "operation": "copy"}}' \\
                           http://127.0.0.1:{places.cloud_port}/control/trouble/refuse
  Read the audit log  DATABASE_URL={places.database_url} python -m bot audit list
  Be a person         in Python, with a sandbox of its own:
                        async with running_sandbox(folder) as sandbox:      # from bot.cli.sandbox
                            alice = sandbox.workspace.person("alice")
                            await alice.types("/copy-backup")
                            form = await alice.sees_form()

Ctrl-C ends it, and leaves nothing behind."""


def _people() -> str:
    return "\n".join(f"  {name:<18} {role}" for name, role in WHO_IS_WHO.items())
