"""Which serials are where: derived from the transfers alone, under the profile's convention.

Serials of a unit are numbered from 1 in the order of issue. An account's are a queue in the order
in which it got them; neighbours of one issue are one range. `fifo` gives from the front, `lifo`
from the back; under `proportional` each range gives its first serials in proportion to its size,
rounded down, and the units still missing come one each from the ranges with the largest fraction,
the older first. What leaves keeps its order."""
from bisect import bisect_right
from collections import defaultdict, deque


class Lineage:
    """`take` reads the transfers of units in order."""

    def __init__(self, convention):
        self.convention = convention
        self.issued = defaultdict(int)  # By ledger.
        self._begins = defaultdict(list)  # By ledger: the first serial of each issue, rising ...
        self._records = defaultdict(list)  # ... and its record.
        self._first_of_issue = defaultdict(set)
        self._queues = defaultdict(deque)  # By account << 16 | ledger: [first, last].
        self._counts = defaultdict(int)
        self.retired = []  # (record, account, ledger, what for, ranges)

    def take(self, sequence, debit, credit, ledger, amount, is_issue):
        """Returns the ranges that moved, or None when the account had fewer."""
        if is_issue:
            first = self.issued[ledger] + 1
            self.issued[ledger] += amount
            self._begins[ledger].append(first)
            self._records[ledger].append(sequence)
            self._first_of_issue[ledger].add(first)
            moved = [[first, first + amount - 1]]
        else:
            key = debit << 16 | ledger
            if self._counts[key] < amount:
                return None
            self._counts[key] -= amount
            moved = self._leave(key, amount)
        key = credit << 16 | ledger
        self._counts[key] += amount
        queue, begins = self._queues[key], self._first_of_issue[ledger]
        for first, last in moved:
            _join(queue, first, last, begins)
        return moved

    def _leave(self, key, amount):
        if self.convention == "proportional":
            return self._shares(key, amount)
        queue, moved = self._queues[key], []
        if self.convention == "lifo":
            while amount:
                first, last = queue[-1]
                if last - first < amount:
                    moved.append(queue.pop())
                    amount -= last - first + 1
                else:
                    queue[-1][1] = last - amount
                    moved.append((last - amount + 1, last))
                    amount = 0
            return moved[::-1]
        while amount:
            first, last = queue[0]
            if last - first < amount:
                moved.append(queue.popleft())
                amount -= last - first + 1
            else:
                queue[0][0] = first + amount
                moved.append((first, first + amount - 1))
                amount = 0
        return moved

    def _shares(self, key, amount):
        queue = self._queues[key]
        sizes = [last - first + 1 for first, last in queue]
        total = sum(sizes)
        shares = [amount * size // total for size in sizes]
        by_fraction = sorted(range(len(sizes)), key=lambda i: -(amount * sizes[i] % total))
        for i in by_fraction[:amount - sum(shares)]:
            shares[i] += 1
        moved, kept = [], self._queues[key] = [], deque()
        begins = self._first_of_issue[key & 0xFFFF]
        for (first, last), share in zip(queue, shares):
            if share:
                moved.append((first, first + share - 1))
            if first + share <= last:
                _join(kept, first + share, last, begins)
        return moved

    def issue_of(self, ledger, serial):
        """The record that issued it."""
        return self._records[ledger][bisect_right(self._begins[ledger], serial) - 1]

    def holdings(self):
        """(account, ledger, first, last), by account and ledger, then as acquired."""
        for key, queue in sorted(self._queues.items()):
            for first, last in queue:
                yield key >> 16, key & 0xFFFF, first, last

    def check(self):
        """(ledger, why) of each whose ranges are not what was issued, each serial once."""
        spans = defaultdict(list)
        for key, queue in self._queues.items():
            spans[key & 0xFFFF] += queue
        for ledger in sorted(set(spans) | set(self.issued)):
            expected = 1
            for first, last in sorted(spans[ledger]):
                if first != expected:
                    yield ledger, f"serial {min(first, expected)} is in two places or in none"
                    break
                expected = last + 1
            else:
                if expected != self.issued[ledger] + 1:
                    yield ledger, (f"{self.issued[ledger]} serials were issued, {expected - 1} are "
                                   "somewhere")


def _join(queue, first, last, begins):
    """At the end; a neighbour of the same issue makes one range with what is there."""
    if queue and queue[-1][1] + 1 == first and first not in begins:
        queue[-1][1] = last
    else:
        queue.append([first, last])
