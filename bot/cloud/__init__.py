"""Cloud Databases and Identity over HTTP: the only room that knows httpx.

Modules: `client` implements the port `bot.operations.ports.Cloud`; `identity` logs in and signs requests;
`payloads` reads what the service sends, `faults` what it sends when it says no; `budget` keeps to its rates.
The facts are those of ``cloud-databases-api.md`` and ``copy-backup-operation.rst``.
"""

from bot.cloud.budget import Limits
from bot.cloud.client import CloudDatabases
from bot.cloud.identity import IDENTITY_URL

__all__ = ["IDENTITY_URL", "CloudDatabases", "Limits"]
