"""What waits for a second person or for its time, and what it keeps reserved meanwhile."""
from . import words
from .codec import KINDS, NAMES, CannotDecode, decode_command
from .profile import HOUR, MINUTE

AWAITING, DELAYED, DONE = "awaiting approval", "delayed", "resolved"
_TRANSFER, _ALLOCATION = KINDS["make_transfer"], KINDS["run_allocation"]
_FREEZE = KINDS["freeze"]


class Task:
    """One proposal."""

    __slots__ = ("initiator", "kind", "values", "state", "reserved", "due")

    def __init__(self, initiator, kind, values):
        self.initiator = initiator
        self.kind = kind
        self.values = values
        self.state = AWAITING
        self.reserved = None  # (debit, credit, ledger, amount)
        self.due = 0  # When it is carried out, or lapses; 0: never.


class Tasks:
    """Knows proposals and trusted lists; reserves in the books."""

    def __init__(self, books):
        self.books = books
        self.list = [None]  # Numbered from 1.
        self.trusted = {}  # (account, target): when it begins to count.
        self._counts = set()  # Of those, the ones that count.
        self._at = 0
        self._handlers = {KINDS[name]: getattr(self, "_" + name) for name in (
            "propose", "approve_task", "reject_task", "abort_task", "add_trusted",
            "remove_trusted")}

    def take(self, sequence, sim_time, kind, values, receipt, transfers):
        """Returns what a record did: of a proposal that it carried out, that; else itself."""
        handler = self._handlers.get(kind)
        if handler is None:
            return kind, values, receipt
        self._at = sim_time
        task = handler(sequence, values, receipt)
        if task is None:
            return kind, values, receipt
        inner = self._handlers.get(task.kind)
        if inner is not None:
            inner(sequence, task.values, receipt)
        return task.kind, task.values, self._receipt_of(task, transfers)

    def advance(self, now):
        """What was due by now is done, failed or lapsed: nothing of it is reserved any more."""
        for task in self.list[1:]:
            if task.state != DONE and 0 < task.due <= now:
                self._end(task)
        self._counts.update(key for key, since in self.trusted.items() if since <= now)

    def end_ledger(self, ledger):
        """Its units are gone, and what was to be done with them."""
        for task in self.list[1:]:
            if task.reserved is not None and task.reserved[2] == ledger:
                self._end(task)

    # ---- Handlers: the task that was carried out at once, or None ----

    def _propose(self, sequence, values, receipt):
        principal, kind, payload = values
        try:
            task = Task(principal, kind, decode_command(kind, payload))
        except CannotDecode as error:
            self.books.findings.at(sequence, f"proposed what cannot be read: {error}")
            return None
        if receipt[0] != len(self.list):
            self.books.findings.at(sequence, f"proposed number {receipt[0]}, not {len(self.list)}")
        self.list.append(task)
        if not self._needs_approval(task):
            return self._agree(task, receipt)
        if receipt[1]:
            self.books.findings.at(sequence, f"carried out {NAMES[kind]} without a second person")
        hours = self.books.profile.number("transfers.proposal_hours")
        task.due = self._at + hours * HOUR if hours else 0
        self._reserve(task)
        return None

    def _approve_task(self, sequence, values, receipt):
        number, principal = values
        task = self._open(sequence, number, "approved")
        if task is None:
            return None
        if task.initiator == principal:
            self.books.findings.at(sequence, f"principal {principal} approved its own task {number}")
        self._release(task)
        return self._agree(task, receipt)

    def _reject_task(self, sequence, values, _):
        task = self._open(sequence, values[0], "rejected")
        if task is not None:
            self._end(task)

    def _abort_task(self, sequence, values, _):
        task = self._open(sequence, values[0], "aborted")
        if task is not None:
            early = self.books.profile.number("transfers.abort_before_minutes") * MINUTE
            if task.state == DELAYED and self._at > task.due - early:
                self.books.findings.at(sequence, f"aborted task {values[0]} too late")
            self._end(task)

    def _add_trusted(self, _sequence, values, _receipt):
        if values not in self.trusted:
            since = self.books.profile.execution_time("trusted_entry", self._at)
            self.trusted[values] = since
            if since <= self._at:
                self._counts.add(values)

    def _remove_trusted(self, _sequence, values, _receipt):
        self.trusted.pop(values, None)
        self._counts.discard(values)

    # ---- Parts ----

    def _open(self, sequence, number, done):
        task = self.list[number] if 0 < number < len(self.list) else None
        if task is None or task.state == DONE or (done != "aborted" and task.state != AWAITING):
            self.books.findings.at(sequence, f"{done} task {number}, which waits for nobody")
            return None
        return task

    def _agree(self, task, receipt):
        task.due = self._execute_at(task)
        if task.due <= self._at:
            task.state = DONE
            return task if receipt[1] else None
        task.state = DELAYED
        self._reserve(task)
        return None

    def _end(self, task):
        self._release(task)
        task.state = DONE

    def _reserve(self, task):
        task.reserved = self._debit_of(task)
        if task.reserved is not None:
            self.books.reserve(*task.reserved)

    def _release(self, task):
        if task.reserved is not None:
            self.books.release(*task.reserved)
            task.reserved = None

    def _debit_of(self, task):
        """What it would take from whom; only these are reserved for."""
        values = task.values
        if task.kind == _TRANSFER:
            return values[:4]
        if task.kind == KINDS["surrender"]:
            sink = self.books.account_of(words.SURRENDER_SINK)
            return values[0], sink, values[1], values[3]
        if task.kind == KINDS["cancel_units"]:
            return values[0], self.books.account_of(words.CANCELLATION), values[1], values[2]
        return None

    def _receipt_of(self, task, transfers):
        """A proposal's record has the receipt of the proposal, not of what it carried out."""
        if task.kind == _FREEZE:
            return len(self.books.freezes), 0, 0
        if task.kind == _ALLOCATION:
            return len(transfers), sum(transfer[3] for transfer in transfers), 0
        return 0, 0, 0

    def _needs_approval(self, task):
        profile = self.books.profile
        if not profile.truth("transfers.four_eyes"):
            return False
        return (task.kind != _TRANSFER or not profile.truth("transfers.trusted_waives_approval")
                or not self._is_trusted(*task.values[:2]))

    def _is_trusted(self, account, target):
        (kind, entity), (target_kind, target_entity) = (
            self.books.accounts[account], self.books.accounts[target])
        if target_kind in words.CENTRAL_KINDS:
            return True
        both = kind in words.ENTITY_KINDS and target_kind in words.ENTITY_KINDS
        return both and entity == target_entity or (account, target) in self._counts

    def _execute_at(self, task):
        """A transfer between holders waits as the profile says; all else does not."""
        if task.kind != _TRANSFER:
            return self._at
        account, target = task.values[:2]
        kinds = {self.books.accounts[account][0], self.books.accounts[target][0]}
        if not kinds <= words.ENTITY_KINDS:
            return self._at
        rule = "trusted" if self._is_trusted(account, target) else "untrusted"
        return max(self._at, self.books.profile.execution_time(rule, self._at))
