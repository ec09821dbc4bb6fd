"""Simulated Cloud Databases: a real HTTP server on loopback that refuses what the real service refuses.

    cloud = SimulatedCloud(seed=7, speed=60.0)
    async with cloud.serving() as running:
        ...                                   # a client uses running.identity_url, .username, .api_key
        cloud.trouble.refuse(503, times=2)    # and what goes wrong is said here
        await cloud.waits_for("IAD", lambda backup: backup.status == "COMPLETED")

Modules: `simulation` serves it; `web` is its HTTP face and `control` the control interface over HTTP;
`state` is the account behind them; `identity`, `copying`, `store`, `limits`, `clock` and `faults` are its
rules; `behaviour` switches what the sources leave open, `trouble` what goes wrong; `record` remembers
every request, and `bot.sandbox.wire` all that went over the wire, for the page. The facts are those of
copy-backup-operation.rst and cloud-databases-api.md.
"""

from bot.sandbox.backup import StoredBackup
from bot.sandbox.cloud.record import RequestRecord
from bot.sandbox.cloud.simulation import RunningCloud, SimulatedCloud
from bot.sandbox.cloud.trouble import Hold, Switch, Trouble

__all__ = ["Hold", "RequestRecord", "RunningCloud", "SimulatedCloud", "StoredBackup", "Switch", "Trouble"]
