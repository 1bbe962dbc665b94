"""What falls due as time passes, in the order in which a registry does it."""
import heapq

from .profile import next_of

PENDING, TASK, TRUSTED, FREEZE, NEW_YEAR, EMISSIONS_DUE, _, CURE = range(1, 9)


class Clock:
    """A queue of (time, kind, number). What was called off meanwhile stays in it; whoever handles
    an event says whether it still held."""

    def __init__(self, profile):
        self.now = 0  # As the last AdvanceTo has it.
        self.latest = 0  # Of every record so far.
        self.at = 0  # Of the record, or of the event, at hand.
        self._queue = []
        self._yearly = {}  # Kind: when next.
        self.use(profile)

    def use(self, profile):
        """Another law: its yearly days count from now."""
        self.profile = profile
        self._yearly = {}
        if profile.number("holding_limit.base_t") > 0:
            self._schedule(NEW_YEAR, self.now)
        self._schedule(EMISSIONS_DUE, self.now)

    def _schedule(self, kind, after):
        day = (1, 1) if kind == NEW_YEAR else self.profile.day("compliance.emissions_due")
        if day is not None:
            due = self._yearly[kind] = next_of(self.profile, day, after)
            self.put(due, kind, 0)

    def put(self, due, kind, number):
        if due:
            heapq.heappush(self._queue, (due, kind, number))

    def begin(self, sim_time):
        self.at = sim_time

    def end(self):
        self.latest = max(self.latest, self.at)

    def advance(self, to):
        """Yields (kind, number, due) of everything due by then, each at its own time."""
        while self._queue and self._queue[0][0] <= to:
            due, kind, number = heapq.heappop(self._queue)
            is_yearly = kind in (NEW_YEAR, EMISSIONS_DUE)
            if is_yearly and self._yearly.get(kind) != due:
                continue  # Of an earlier law.
            self.now = max(self.now, due)
            self.at = max(self.latest, due)
            yield kind, number, due
            if is_yearly:
                self._schedule(kind, self.now)
        self.now = self.latest = self.at = to

    @property
    def year(self):
        """On the profile's clocks."""
        return self.profile.local(self.now)[0].year
