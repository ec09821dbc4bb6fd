"""What the bot does when the form is gone: chains, many copies at once, start and recovery.

Each module measures a few rows of the speed table (``design.md``, Speed).
"""
