"""A step of a start as plain numbers, apart from its description, so that it can be compiled."""


class WorkAmount:
    """What a step of a start costs."""

    __slots__ = ("delay", "threads", "work")

    def __init__(self, work: float, delay: float, threads: float) -> None:
        self.work = work
        """Core-seconds of the reference core."""
        self.delay = delay
        """Seconds."""
        self.threads = threads
