"""What a whole run of the tests says in the end."""

from collections import Counter

import pytest

CASES = "fault cases"
"""The property under which a test of the fault matrix reports the cases it tried: ``kind:number``."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many cases of the fault matrix were tried."""
    tried: Counter[str] = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, value in report.user_properties:
                if name == CASES:
                    kind, _, number = str(value).rpartition(":")
                    tried[kind] += int(number)
    if tried:
        kinds = ", ".join(f"{number} × {kind}" for kind, number in sorted(tried.items()))
        terminalreporter.write_sep("-", f"{tried.total()} fault cases tried: {kinds}")
