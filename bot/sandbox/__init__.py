"""The embedded default: everything outside the bot, simulated over real sockets on this machine.

`cloud` is Cloud Databases with its Identity service, `workspace` is Slack, `estate` is the data that
the cloud starts with. Both are served by `loopback`, on 127.0.0.1 alone; what they are asked and ask is
recorded in `wire`, whose secrets `masking` takes out; `controls` is what their control interfaces share.

Nothing here imports anything of the bot outside this package: a simulator that shared code with the
client would share its mistakes, and prove nothing.
"""
