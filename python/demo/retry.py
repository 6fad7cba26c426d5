"""How long a call may take and how often a read is tried: a backoff with jitter under one deadline."""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self, TypeVar

from .errors import ArrowLinkError

T = TypeVar("T")


@dataclass(frozen=True)
class Deadline:
    """A moment, in seconds of the monotonic clock, after which nobody waits any more."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Self:
        """Returns the deadline `seconds` from now."""
        return cls(time.monotonic() + seconds)

    def remaining(self) -> float:
        """Returns the seconds that are left, never less than zero."""
        return max(0.0, self.at - time.monotonic())


@dataclass(frozen=True)
class Retry:
    """Repeats what failed as unavailable, and nothing else; only for calls that change nothing on the server.

    The delay after failure n is `first_delay * 2**n` seconds, at most `max_delay`, less up to half of it
    at random, so that many clients do not come back at once.
    """

    retries: int = 3
    first_delay: float = 0.1
    max_delay: float = 5.0
    sleep: Callable[[float], None] = time.sleep

    def run(self, deadline: Deadline, attempt: Callable[[], T]) -> T:
        """Returns what `attempt` returns; raises its last error when the tries or the time are used up."""
        for tried in range(self.retries):
            try:
                return attempt()
            except ArrowLinkError as error:
                delay = self.delay(tried)
                if not error.retryable or delay >= deadline.remaining():
                    raise
                LOGGER.warning(
                    "trying again in_s=%.2f retry=%d of=%d: %s", delay, tried + 1, self.retries, error
                )
                self.sleep(delay)
        return attempt()

    def delay(self, tried: int) -> float:
        """Returns the seconds to wait after `tried` + 1 failures."""
        longest = min(self.max_delay, self.first_delay * 2**tried)
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads clients, keeps no secret


LOGGER = logging.getLogger(__name__)
