import asyncio


class FakeConnection:
    def __init__(self):
        self.lost = asyncio.get_running_loop().create_future()
        self.silence = 0.0
        self.blocked = False
        self.hung_up = False

    async def is_blocked(self):
        return self.blocked

    async def hang_up(self):
        self.hung_up = True
        self.break_off("closed")

    def break_off(self, reason):
        if not self.lost.done():
            self.lost.set_result(reason)

    def channel(self, *_, **__):
        raise AssertionError("no channels here")


class FakeBroker:
    """Answers each dial with the next thing planned, then with a good connection."""

    def __init__(self, *plan):
        self.plan = list(plan)
        self.dialled = []
        self.connections = []

    async def __call__(self, address, *, name, heartbeat):
        self.dialled.append(str(address))
        step = self.plan.pop(0) if self.plan else None
        if isinstance(step, BaseException):
            raise step
        connection = FakeConnection()
        self.connections.append(connection)
        return connection
