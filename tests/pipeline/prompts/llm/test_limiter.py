import asyncio

from sau.pipeline.prompts.llm.limiter import RateLimiter


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        self.now += seconds


def turns(limiter, clock, count):
    async def run():
        times = []
        for _ in range(count):
            await limiter.turn()
            times.append(clock())
        return times

    return asyncio.run(run())


def test_turns_are_evenly_spaced():
    clock = Clock()
    limiter = RateLimiter(30, clock.sleep, clock)
    assert turns(limiter, clock, 4) == [100, 102, 104, 106]


def test_time_without_a_turn_is_not_saved_up():
    clock = Clock()
    limiter = RateLimiter(30, clock.sleep, clock)
    turns(limiter, clock, 1)
    clock.now += 60
    assert turns(limiter, clock, 3) == [160, 162, 164]


def test_turns_all_wait_while_the_server_wants_a_pause():
    clock = Clock()
    limiter = RateLimiter(60, clock.sleep, clock)
    limiter.hold(10)
    limiter.hold(3)
    assert turns(limiter, clock, 2) == [110, 111]
