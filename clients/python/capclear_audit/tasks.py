"""What waits for a second person or for its time, and what it keeps reserved meanwhile."""
from . import clock, words
from .codec import KINDS, NAMES, CannotDecode, decode_command
from .profile import HOUR, MINUTE

AWAITING, RECEIVER, DELAYED, DONE = "awaiting approval", "awaiting receiver", "delayed", "resolved"
_TRANSFER, _ALLOCATION = KINDS["make_transfer"], KINDS["run_allocation"]
_FREEZE = KINDS["freeze"]


class Task:
    """One proposal."""

    __slots__ = ("number", "initiator", "approver", "accepter", "proposed", "kind", "values",
                 "state", "reserved", "due")

    def __init__(self, number, initiator, kind, values, proposed):
        self.number = number
        self.initiator = initiator
        self.approver = None
        self.accepter = None  # For the receiving firm.
        self.proposed = proposed
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
        self.may_leave = {}  # Account: whether it opted out of its trusted list.
        self._handlers = {KINDS[name]: getattr(self, "_" + name) for name in (
            "propose", "approve_task", "reject_task", "abort_task", "add_trusted",
            "remove_trusted")}

    def take(self, sequence, kind, values, receipt, transfers):
        """Returns what a record did: of a proposal that it carried out, that; else itself."""
        handler = self._handlers.get(kind)
        if handler is None:
            return kind, values, receipt
        task = handler(sequence, values, receipt)
        if task is None:
            return kind, values, receipt
        inner = self._handlers.get(task.kind)
        if inner is not None:
            inner(sequence, task.values, receipt)
        return task.kind, task.values, self._receipt_of(task, transfers)

    def due(self, number, when):
        """(task, what it moves when it is carried out now) of one that is due, and is done, failed
        or lapsed by it: nothing of it is reserved any more. None: it was not waiting for this."""
        task = self.list[number]
        if task.state == DONE or task.due != when:
            return None
        moves = task.values if task.state == DELAYED and task.kind == _TRANSFER else None
        self._end(task)
        return task, moves

    def was_carried_out(self, sequence, task):
        """Later, that is, and nobody may be missing who must have agreed."""
        if task.approver is None and self._needs_approval(task):
            self.books.findings.at(sequence, f"carried out task {task.number} without a second "
                                             "person; its target is not trusted")
        if task.accepter is None and self._needs_receiver(task):
            self.books.findings.at(sequence, f"carried out task {task.number}, which its receiver "
                                             "has not accepted")

    def trust_begins(self, key, when):
        if self.trusted.get(key) != when or key in self._counts:
            return False
        self._counts.add(key)
        return True

    def is_barred(self, account, target):
        """By its list: a firm's account sends to whom it trusts, unless it opted out or trades."""
        kind = self.books.accounts[account][0]
        return (self.books.profile.truth("transfers.trusted_list_only")
                and kind in words.ENTITY_KINDS and kind != words.TRADING
                and not self.may_leave.get(account) and not self._is_trusted(account, target))

    def end_ledger(self, ledger):
        """Its units are gone, and what was to be done with them."""
        for task in self.list[1:]:
            if task.reserved is not None and task.reserved[2] == ledger:
                self._end(task)

    # ---- Handlers: the task that was carried out at once, or None ----

    def _propose(self, sequence, values, receipt):
        principal, kind, payload = values
        try:
            task = Task(len(self.list), principal, kind, decode_command(kind, payload),
                        self.books.clock.at)
        except CannotDecode as error:
            self.books.findings.at(sequence, f"proposed what cannot be read: {error}")
            return None
        if receipt[0] != len(self.list):
            self.books.findings.at(sequence, f"proposed number {receipt[0]}, not {len(self.list)}")
        self.list.append(task)
        if not self._needs_approval(task):
            return self._sender_agrees(sequence, task, receipt)
        if receipt[1]:
            self.books.findings.at(sequence, f"carried out {NAMES[kind]} without a second person")
        hours = self.books.profile.number("transfers.proposal_hours")
        task.due = self.books.clock.at + hours * HOUR if hours else 0
        self.books.clock.put(task.due, clock.TASK, task.number)
        self._reserve(task)
        if task.reserved is not None:
            self.books.check_reserved(sequence, *task.reserved[:3])
        return None

    def _approve_task(self, sequence, values, receipt):
        number, principal = values
        task = self._open(sequence, number, "approved")
        if task is None:
            return None
        if task.initiator == principal:
            self.books.findings.at(sequence, f"principal {principal} approved its own task {number}")
        self._release(task)
        if task.state == RECEIVER:
            task.accepter = principal
            return self._agree(sequence, task, receipt)
        task.approver = principal
        return self._sender_agrees(sequence, task, receipt)

    def _reject_task(self, sequence, values, _):
        task = self._open(sequence, values[0], "rejected")
        if task is not None:
            self._end(task)

    def _abort_task(self, sequence, values, _):
        task = self._open(sequence, values[0], "aborted")
        if task is not None:
            early = self.books.profile.number("transfers.abort_before_minutes") * MINUTE
            if task.state == DELAYED and self.books.clock.at > task.due - early:
                self.books.findings.at(sequence, f"aborted task {values[0]} too late")
            self._end(task)

    def _add_trusted(self, _sequence, values, _receipt):
        if values not in self.trusted:
            now = self.books.clock.at
            since = self.books.profile.execution_time("trusted_entry", now)
            self.trusted[values] = since
            if since <= now:
                self._counts.add(values)
            else:
                self.books.clock.put(since, clock.TRUSTED, values[0] << 32 | values[1])

    def _remove_trusted(self, _sequence, values, _receipt):
        self.trusted.pop(values, None)
        self._counts.discard(values)

    # ---- Parts ----

    def _open(self, sequence, number, done):
        task = self.list[number] if 0 < number < len(self.list) else None
        if task is None or task.state == DONE or (
                done != "aborted" and task.state not in (AWAITING, RECEIVER)):
            self.books.findings.at(sequence, f"{done} task {number}, which waits for nobody")
            return None
        return task

    def _sender_agrees(self, sequence, task, receipt):
        """Then the receiver must, where the law asks it."""
        if not self._needs_receiver(task):
            return self._agree(sequence, task, receipt)
        if receipt[1]:
            self.books.findings.at(sequence, f"carried out {NAMES[task.kind]} that its receiver "
                                             "has not accepted")
        hours = self.books.profile.number("transfers.acceptance_hours")
        task.state = RECEIVER
        task.due = max(self.books.clock.at, task.proposed + hours * HOUR) if hours else 0
        self.books.clock.put(task.due, clock.TASK, task.number)
        self._reserve(task)
        return None

    def _agree(self, sequence, task, receipt):
        task.due = self._execute_at(task)
        is_due = task.due <= self.books.clock.at
        if receipt[1] > is_due or receipt[1] < 0:
            self.books.findings.at(sequence, f"says {receipt[1]} of task {task.number}, which is "
                                             + ("due now" if is_due else "not due yet"))
        if is_due:
            task.state = DONE
            return task if receipt[1] else None
        task.state = DELAYED
        self.books.clock.put(task.due, clock.TASK, task.number)
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
        if task.kind == KINDS["cancel_units"]:
            return self.books.certificates + 1, 0, 0
        if task.kind == _ALLOCATION:
            return len(transfers), sum(transfer[3] for transfer in transfers), 0
        return 0, 0, 0

    def _needs_approval(self, task):
        profile = self.books.profile
        if not profile.truth("transfers.four_eyes"):
            return False
        return (task.kind != _TRANSFER or not profile.truth("transfers.trusted_waives_approval")
                or not self._is_trusted(*task.values[:2]))

    def _needs_receiver(self, task):
        if task.kind != _TRANSFER or not self.books.profile.truth("transfers.receiver_accepts"):
            return False
        (kind, entity), (target_kind, target_entity) = (
            self.books.accounts[account] for account in task.values[:2])
        both = kind in words.ENTITY_KINDS and target_kind in words.ENTITY_KINDS
        return both and entity != target_entity

    def _is_trusted(self, account, target):
        (kind, entity), (target_kind, target_entity) = (
            self.books.accounts[account], self.books.accounts[target])
        if target_kind in words.CENTRAL_KINDS:
            return True
        both = kind in words.ENTITY_KINDS and target_kind in words.ENTITY_KINDS
        return both and entity == target_entity or (account, target) in self._counts

    def _execute_at(self, task):
        """A transfer between holders waits as the profile says; all else does not."""
        now = self.books.clock.at
        if task.kind != _TRANSFER:
            return now
        account, target = task.values[:2]
        kind, target_kind = self.books.accounts[account][0], self.books.accounts[target][0]
        waits = (kind == words.AUCTION_DELIVERY
                 and self.books.profile.truth("transfers.auction_delivery_waits"))
        if target_kind not in words.ENTITY_KINDS or not (waits or kind in words.ENTITY_KINDS):
            return now
        if waits:
            return max(now, self.books.profile.execution_time("untrusted", now))
        rule = "trusted" if self._is_trusted(account, target) else "untrusted"
        return max(now, self.books.profile.execution_time(rule, now))
