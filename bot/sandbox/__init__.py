"""The embedded default: everything outside the bot, simulated over real sockets on this machine.

`cloud` is Cloud Databases with its Identity service, `workspace` is Slack, `estate` is the data that
the cloud starts with. Nothing here imports anything of the bot outside this package: a simulator that
shared code with the client would share its mistakes, and prove nothing.
"""
