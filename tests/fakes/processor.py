"""How processor time grows with the work: not how fast this machine is, nor what else it does."""

import gc
import time
from collections.abc import Callable


def growth(work: Callable[[int], object], *, few: int, times: int) -> float:
    """How many times as long so many times the work takes: about as many, unless it looks at everything for each thing.

    Each is measured three times and the best counts; the collector, whose cost is that of all other tests, is off.
    """
    work(few)  # whatever is done only once is done now
    return _seconds(work, few * times) / max(_seconds(work, few), 0.005)


def _seconds(work: Callable[[int], object], count: int) -> float:
    return min(_once(work, count) for _ in range(3))


def _once(work: Callable[[int], object], count: int) -> float:
    gc.collect()
    gc.disable()
    try:
        began = time.process_time()
        work(count)
        return time.process_time() - began
    finally:
        gc.enable()
