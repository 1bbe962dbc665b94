"""One pass over a journal: the chain, the books, who owes what."""
from . import codec, words
from .books import Books, Findings
from .compliance import Compliance
from .journal import HAS_REQUEST, ChainBroken, Export
from .lineage import Lineage
from .profile import Profile, instant


class Audit:
    """Reads an export to its end, or to record `up_to`. Raises journal.NotAJournal; a chain that
    breaks is a finding and ends the pass, for nothing behind it can be trusted."""

    def __init__(self, file, up_to=None):
        self.findings = Findings()
        self.export = Export(file)
        self.up_to = up_to
        self.records = self.applied = self.refused = 0
        self.sim_time = None
        self.branch = "main"
        self.requests = set()
        self.books = self.compliance = self.profile = self.lineage = None
        self.chain_is_whole = False
        try:
            self._read()
            self.chain_is_whole = True
        except ChainBroken as broken:
            self.findings.add("chain", str(broken))
        if self.books is not None:
            self.books.check_totals()
            self.compliance.check_totals()
            self._check_serials(file)

    def _read(self):
        for batch in self.export:
            for record in batch.records():
                if self.up_to is None or record[0] <= self.up_to:
                    self._take(*record)

    def _take(self, sequence, kind, version, sim_time, payload):
        self.records += 1
        if abs(sim_time) > _TIME_MAX:
            raise ChainBroken(f"record {sequence}: {sim_time} is no time before the year 9999")
        if self.sim_time is not None and sim_time < self.sim_time:
            self.findings.at(sequence, f"time goes back from {instant(self.sim_time)} to "
                                       f"{instant(sim_time)}")
        self.sim_time = sim_time
        if version != codec.PAYLOAD_VERSION:
            raise ChainBroken(f"record {sequence}: payload version {version}; this program reads "
                              f"{codec.PAYLOAD_VERSION}")
        if sequence == 1:
            self._begin(kind, payload)
            return
        has_request = bool(kind & HAS_REQUEST)
        kind &= ~HAS_REQUEST
        try:
            values, refusal, receipt, transfers = codec.decode(kind, payload, has_request)
        except codec.CannotDecode as error:
            raise ChainBroken(f"record {sequence}: {error}") from error
        if has_request:
            self._take_request(sequence, payload[:16])
        if refusal:
            self.refused += 1
            return
        self.applied += 1
        self._check_receipt(sequence, kind, receipt)
        try:
            self._apply(sequence, sim_time, kind, values, receipt, transfers)
        except (LookupError, ValueError, OverflowError) as error:
            raise ChainBroken(f"record {sequence}: {codec.NAMES[kind]} speaks of what is not there "
                              f"({error})") from error

    def _apply(self, sequence, sim_time, kind, values, receipt, transfers):
        self.books.clock.begin(sim_time)
        kind, values, receipt = self.books.tasks.take(sequence, kind, values, receipt, transfers)
        self.books.apply(sequence, kind, values, receipt, transfers)
        self.compliance.apply(sequence, kind, values, receipt, transfers)
        self.books.clock.end()
        if transfers:
            self._follow_serials(sequence, transfers)
        if kind == _BEGIN_BRANCH:
            self._begin_branch(values)

    def _check_receipt(self, sequence, kind, receipt):
        """What a command has nothing to give back for is 0."""
        given = _GIVES.get(codec.NAMES[kind], ())
        for part, value in zip(("id", "amount", "failed"), receipt):
            if value and part not in given:
                self.findings.at(sequence, f"{codec.NAMES[kind]} gave back {part} {value}, not 0")

    def _begin(self, kind, payload):
        if kind != codec.PROFILE:
            raise ChainBroken("record 1 is not the profile")
        try:
            self._use(Profile(payload.decode()))
        except ValueError as error:
            raise ChainBroken(f"record 1: {error}") from error
        self.books = Books(self.profile, self.findings)
        self.compliance = Compliance(self.profile, self.books, self.findings)
        self.books.standing.compliance = self.compliance
        self.lineage = Lineage(self._convention())

    def _begin_branch(self, values):
        self.branch = values[0].decode()
        if values[2]:
            self._use(Profile(values[2].decode()))

    def _use(self, profile):
        self.profile = profile
        for part in (self.books, self.compliance):
            if part is not None:
                part.profile = profile
        if self.books is not None:
            self.books.clock.use(profile)

    def _take_request(self, sequence, request):
        if request in self.requests:
            self.findings.at(sequence, f"request {request.hex()} was applied before")
        self.requests.add(request)

    # ---- Serials ----

    def _convention(self):
        return self.profile.words("units.lineage", "fifo")

    def _follow_serials(self, sequence, transfers):
        books, lineage = self.books, self.lineage
        for debit, credit, ledger, amount, code, _, _ in transfers:
            if (max(debit, credit) >= len(books.accounts) or ledger >= len(books.ledgers)
                    or amount <= 0 or books.ledgers[ledger][0] == words.CURRENCY):
                continue  # No serials, or a finding already.
            moved = lineage.take(sequence, debit, credit, ledger, amount, debit in books.sources)
            if moved is not None and code in (words.SURRENDER, words.CANCEL):
                lineage.retired.append((sequence, debit, ledger, code, moved))

    def _check_serials(self, file):
        """The convention of the last law holds for the whole journal."""
        if self.lineage.convention != self._convention():
            self.lineage = Lineage(self._convention())
            file.seek(0)
            for batch in Export(file):
                for sequence, kind, _, _, payload in batch.records():
                    if sequence == 1 or (self.up_to is not None and sequence > self.up_to):
                        continue
                    transfers = codec.decode(kind & ~HAS_REQUEST, payload,
                                             bool(kind & HAS_REQUEST))[3]
                    self._follow_serials(sequence, transfers or ())
        for ledger, wrong in self.lineage.check():
            self.findings.add(self.books.unit(ledger), wrong)

    def _serials(self):
        for account, ledger, first, last in self.lineage.holdings():
            yield {"account": account, "unit": self.books.unit(ledger), "first": first, "last": last,
                   "count": last - first + 1,
                   "issued_at": self.lineage.issue_of(ledger, first)}

    def _retired(self):
        for sequence, account, ledger, code, spans in self.lineage.retired:
            for first, last in spans:
                yield {"sequence": sequence, "account": account, "unit": self.books.unit(ledger),
                       "for": "surrender" if code == words.SURRENDER else "cancellation",
                       "first": first, "last": last,
                       "issued_at": self.lineage.issue_of(ledger, first)}

    # ---- Answers ----

    def table(self, name):
        """Everything that was worked out about one of TABLES: a list of rows."""
        if self.books is None:
            return []
        return list({"totals": self.books.totals, "balances": self.books.holdings,
                     "compliance": self.compliance.years, "status": self.compliance.statuses,
                     "serials": self._serials, "retired": self._retired}[name]())


TABLES = ("totals", "balances", "compliance", "status", "serials", "retired")
_BEGIN_BRANCH = codec.KINDS["begin_branch"]
_TIME_MAX = 250_000_000_000_000_000  # Microseconds; some 7,900 years.
_GIVES = {name: ("id",) for name in ("open_account", "open_ledger", "cancel_units",
                                     "reserve_transfer", "freeze")}
_GIVES |= {name: ("amount",) for name in (
    "issue", "take_back", "surrender_in_order", "assess_compliance", "expire_ledger", "advance_to",
    "approve_task")}
_GIVES |= {name: ("id", "amount") for name in ("propose", "run_allocation", "run_compliance")}
_GIVES |= {name: ("failed",) for name in ("transfer_batch", "settle")}
