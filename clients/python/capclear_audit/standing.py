"""Which account may send, receive or surrender, and what kept it from doing so."""
from . import words
from .codec import KINDS

SEND, RECEIVE, SURRENDER = 1, 2, 4
_ALL = SEND | RECEIVE | SURRENDER
_WORDS = {SEND: "send", RECEIVE: "receive", SURRENDER: "surrender"}

# What a command that moves something needs of (debit, credit). Settlement, returns and reversals
# need no more than open accounts, and expiry and consignment not even that.
_NEEDS = {KINDS[name]: needs for name, needs in {
    "issue": (0, RECEIVE), "make_transfer": (SEND, RECEIVE), "transfer_batch": (SEND, RECEIVE),
    "post_pending": (SEND, RECEIVE), "allocate": (SEND, RECEIVE), "run_allocation": (SEND, RECEIVE),
    "surrender": (SURRENDER, 0), "surrender_in_order": (SURRENDER, 0),
    "run_compliance": (SURRENDER, 0), "cancel_units": (SEND, 0), "convert_units": (SEND, 0),
}.items()}
TRANSFER = _NEEDS[KINDS["make_transfer"]]


class Standing:
    """`check` adds a finding for each transfer that an account had no right to."""

    def __init__(self, books):
        self.books = books
        self.compliance = None  # Who knows the emissions that are due.
        self.capabilities = {}  # Of accounts that may not do everything.
        self.unsettled = set()  # Blocked by a pair that did not settle.
        self.due_years = set()  # Whose emissions have fallen due since the registry's first day.

    def set_account(self, account, capabilities):
        self.capabilities[account] = capabilities
        if capabilities & SEND:
            self.unsettled.discard(account)

    def did_not_settle(self, escrow):
        """The escrow of a pair that failed, and the member's accounts behind it."""
        accounts = self.books.accounts
        if escrow >= len(accounts):
            return
        self.unsettled.add(escrow)
        kind, entity = accounts[escrow]
        if kind == words.ESCROW:
            self.unsettled.update(account for account in self.books.accounts_of[entity]
                                  if accounts[account][0] != words.ESCROW)

    def is_blocked(self, account):
        if account in self.unsettled:
            return True
        kind, entity = self.books.accounts[account]
        return (bool(self.due_years) and kind in words.OWING_KINDS
                and self.compliance.lacks_emissions(entity, self.due_years))

    def may_send(self, account):
        return bool(self.capabilities.get(account, _ALL) & SEND)

    def may_receive(self, account):
        return bool(self.capabilities.get(account, _ALL) & RECEIVE)

    def may_surrender(self, account):
        return bool(self.capabilities.get(account, _ALL) & SURRENDER)

    def check(self, sequence, kind, transfers):
        needs = _NEEDS.get(kind)
        if needs is None or not (self.capabilities or self.unsettled or self.due_years
                                 or self.books.profile.truth("transfers.trusted_list_only")):
            return
        for transfer in transfers:
            self.check_transfer(sequence, transfer, needs)

    def check_transfer(self, sequence, transfer, needs=TRANSFER):
        for account, need in zip(transfer[:2], needs):
            if not need or account >= len(self.books.accounts) or account in self.books.sources:
                continue
            if not self.capabilities.get(account, _ALL) & need:
                self._found(sequence, account, need)
            elif need == SEND and self.is_blocked(account):
                self.books.findings.at(sequence, f"account {account} sent while it was blocked")

        if needs == TRANSFER and self.books.tasks.is_barred(*transfer[:2]):
            self.books.findings.at(sequence, f"account {transfer[0]} sent to {transfer[1]}, which is "
                                             "not on its trusted list")

    def _found(self, sequence, account, need):
        self.books.findings.at(sequence, f"account {account} may not {_WORDS[need]}, and did")
