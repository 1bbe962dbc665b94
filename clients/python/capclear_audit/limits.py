"""Who holds more than a group may (17 CCR 95920, with the figures of the profile), and what of it
goes to auction when the days to cure it have passed."""
from . import words
from .clock import CURE
from .retirement import retirement_order

_IS_GROUP = 1 << 32  # Else a firm that stands alone.
_ALL = 10_000
_EXEMPT = {words.ESCROW, words.LIMITED_USE}


class Limits:
    """Knows the groups; looks up everything else in the books."""

    def __init__(self, books):
        self.books = books
        self.groups = {}  # Firm: its group.
        self.cures = {}  # Group: until when.

    def group_of(self, entity):
        group = self.groups.get(entity, 0)
        return _IS_GROUP | group if group else entity

    def _counts(self, account):
        kind = self.books.accounts[account][0]
        return kind in words.ENTITY_KINDS and kind not in _EXEMPT

    def _current(self):
        """The ledgers of the current limit, and what it is; 0: none."""
        books, profile = self.books, self.books.profile
        year = books.clock.year
        ledgers = [ledger for ledger, (unit, _, vintage) in enumerate(books.ledgers)
                   if unit == words.ALLOWANCE and vintage <= year]
        budget = sum(books.caps[ledger] for ledger in ledgers if books.ledgers[ledger][2] == year)
        base = min(profile.number("holding_limit.base_t"), budget)
        limit = (base * profile.number("holding_limit.base_bp") // _ALL
                 + (budget - base) * profile.number("holding_limit.rest_bp") // _ALL)
        return ledgers, limit if profile.number("holding_limit.base_t") else 0

    def _accounts(self, group):
        return [account for account, (_, entity) in enumerate(self.books.accounts)
                if self._counts(account) and self.group_of(entity) == group]

    def _excess(self, group):
        ledgers, limit = self._current()
        if not limit:
            return 0
        balances = self.books.balances
        return sum(balances.get(account << 16 | ledger, 0) for account in self._accounts(group)
                   for ledger in ledgers) - limit

    def new_year(self):
        """A vintage has become current; by it alone a group may be above the limit."""
        if self._current()[1]:
            for entity in {of for kind, of in self.books.accounts
                           if kind in words.ENTITY_KINDS and kind != words.ESCROW}:
                self.watch(self.group_of(entity))

    def withdrew(self, account, ledger):
        """The exchange gave back units, whatever the limit."""
        if not self.books.profile.number("holding_limit.base_t"):
            return
        is_unit = self.books.ledgers[ledger][0] != words.CURRENCY
        if is_unit and self._counts(account):
            self.watch(self.group_of(self.books.accounts[account][1]))

    def watch(self, group, days=None):
        if group in self.cures or self._excess(group) <= 0:
            return
        profile, clock = self.books.profile, self.books.clock
        days = profile.number("holding_limit.cure_days", 5) if days is None else days
        date = profile.later_working_day(profile.local(clock.at)[0], days)
        self.cures[group] = profile.at(date, 0)
        clock.put(self.cures[group], CURE, group)

    def consign(self, group):
        """What goes to auction: the transfers, newest in the order of retirement first."""
        del self.cures[group]
        books = self.books
        stock = books.account_of(words.AUCTION_STOCK)
        excess = self._excess(group)
        if stock is None or excess <= 0:
            return
        ledgers = set(self._current()[0])
        for ledger in reversed(retirement_order(books)):
            for account in self._accounts(group) if ledger in ledgers else ():
                part = min(excess, books.available(account, ledger))
                if part > 0:
                    yield account, stock, ledger, part, words.CONSIGNMENT, 0, 0
                    excess -= part
        self.watch(group, 1)
