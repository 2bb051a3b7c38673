"""No more than so many requests a minute."""

import asyncio
import time
from collections.abc import Awaitable, Callable

SECONDS = 60.0


class RateLimiter:
    """Spaces requests evenly, and holds all of them back when the server asks for it.

    Args:
        per_minute: requests.
        sleep: waits for so many seconds.
        clock: tells the time in seconds.
    """

    def __init__(
        self,
        per_minute: float,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._interval = SECONDS / per_minute
        self._sleep = sleep
        self._clock = clock
        self._next = self._held_until = clock()

    async def turn(self) -> None:
        """Wait until the next request may be sent."""
        now = self._clock()
        slot = max(now, self._next)
        self._next = slot + self._interval
        if slot > now:
            await self._sleep(slot - now)
        while (wait := self._held_until - self._clock()) > 0:
            await self._sleep(wait)

    def hold(self, seconds: float) -> None:
        """Send nothing for so long."""
        self._held_until = max(self._held_until, self._clock() + seconds)
        self._next = max(self._next, self._held_until)
