"""One pass over a journal: the chain, the books, who owes what."""
from . import codec
from .books import Books, Findings
from .compliance import Compliance
from .journal import HAS_REQUEST, ChainBroken, Export
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
        self.books = self.compliance = self.profile = None
        self.chain_is_whole = False
        try:
            self._read()
            self.chain_is_whole = True
        except ChainBroken as broken:
            self.findings.add("chain", str(broken))
        if self.books is not None:
            self.books.check_totals()

    def _read(self):
        for batch in self.export:
            for record in batch.records():
                if self.up_to is None or record[0] <= self.up_to:
                    self._take(*record)

    def _take(self, sequence, kind, version, sim_time, payload):
        self.records += 1
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
        kind, values, receipt = self.books.tasks.take(sequence, sim_time, kind, values, receipt,
                                                      transfers)
        self.books.apply(sequence, kind, values, receipt, transfers)
        self.compliance.apply(sequence, kind, values, receipt, transfers)
        if kind == _BEGIN_BRANCH:
            self._begin_branch(values)

    def _begin(self, kind, payload):
        if kind != codec.PROFILE:
            raise ChainBroken("record 1 is not the profile")
        self._use(Profile(payload.decode()))
        self.books = Books(self.profile, self.findings)
        self.compliance = Compliance(self.profile, self.books, self.findings)

    def _begin_branch(self, values):
        self.branch = values[0].decode()
        if values[2]:
            self._use(Profile(values[2].decode()))

    def _use(self, profile):
        self.profile = profile
        for part in (self.books, self.compliance):
            if part is not None:
                part.profile = profile

    def _take_request(self, sequence, request):
        if request in self.requests:
            self.findings.at(sequence, f"request {request.hex()} was applied before")
        self.requests.add(request)

    def tables(self):
        """Everything that was worked out, by name: lists of rows."""
        if self.books is None:
            return {name: [] for name in TABLES}
        return {"totals": self.books.totals(), "balances": list(self.books.holdings()),
                "compliance": list(self.compliance.years()),
                "status": list(self.compliance.statuses())}


TABLES = ("totals", "balances", "compliance", "status")
_BEGIN_BRANCH = codec.KINDS["begin_branch"]
