"""The auditor's command line; see --help."""
import argparse
import csv
import json
import os
import sys

if __package__ in (None, ""):  # python3 clients/python/capclear_audit JOURNAL
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    __package__ = "capclear_audit"

from . import compare  # noqa: E402
from .audit import TABLES, Audit  # noqa: E402
from .journal import NotAJournal  # noqa: E402
from .profile import instant  # noqa: E402

AGREES, DIFFERS, BAD_INPUT = 0, 1, 2
SHOWN_MAX = 20


class BadInput(Exception):
    """Something on the command line that cannot be used."""


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="capclear_audit", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Audits a registry from its exported journal: the hash chain and the anchor, "
                    "every\nbalance by double entry, conservation, reservations, emissions, "
                    "surrenders and symbols.",
        epilog="  capclear registry export --data runs/china-transition-1 --out journal.bin\n"
               "  capclear registry balance --data runs/china-transition-1 --all --output json "
               "> balances.json\n"
               "  python3 clients/python/capclear_audit journal.bin --expect balances.json\n\n"
               "Exit code 0: everything agrees. 1: something does not; the report names it. 2: the "
               "input cannot be used.")
    parser.add_argument("journal", help="what capclear registry export wrote")
    parser.add_argument("--expect", action="append", default=[], metavar="FILE",
                        help="a table the registry printed as json (balance, balance --all, "
                             "compliance, compliance --year, serials): every value must agree; "
                             "may be given more than once")
    parser.add_argument("--partial", action="store_true",
                        help="the expected tables need not list everything")
    parser.add_argument("--run", metavar="FILE", help="the run.json whose chain head must agree")
    parser.add_argument("--as-of", type=int, metavar="SEQUENCE",
                        help="work out the state after this record (the chain is checked whole)")
    parser.add_argument("--show", choices=TABLES, help="print one table that was worked out "
                                                       "instead of the report")
    parser.add_argument("--output", choices=("table", "json", "csv"), default="table")
    return parser.parse_args(arguments)


def load_json(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        raise BadInput(f"{path}: {error}") from error


def audit_file(options):
    if options.as_of is not None and options.as_of < 1:
        raise BadInput(f"--as-of {options.as_of}: a record's number, from 1")
    expected = [(path, load_json(path)) for path in options.expect]
    run = load_json(options.run) if options.run else None
    try:
        with open(options.journal, "rb") as file:
            audit = Audit(file, options.as_of)
    except OSError as error:
        raise BadInput(f"{options.journal}: {error.strerror}") from error
    except NotAJournal as error:
        raise BadInput(f"{options.journal}: {error}") from error
    last = audit.export.last_sequence
    if options.as_of is not None and audit.chain_is_whole and options.as_of > last:
        raise BadInput(f"--as-of {options.as_of}: the journal ends with record {last}")
    for path, rows in expected:
        compare_table(path, rows, audit, options.partial)
    if run is not None:
        compare.compare_run(run, audit.export, audit.findings)
    return audit


def compare_table(path, rows, audit, is_partial):
    try:
        name = compare.table_of(rows)
    except compare.NotATable as error:
        raise BadInput(f"{path}: {error}") from error
    if name is not None:
        compare.compare_rows(name, audit.table(name), rows, audit.findings, is_partial)


def facts(audit, options):
    books, export = audit.books, audit.export
    yield "batches", export.batches
    yield "records", export.last_sequence
    yield "commands_applied", audit.applied
    yield "commands_refused", audit.refused
    yield "transfers", books.transfer_count if books else 0
    yield "accounts", len(books.accounts) if books else 0
    yield "ledgers", len(books.ledgers) if books else 0
    yield "pending", sum(p[2] == "pending" for p in books.pendings[1:]) if books else 0
    yield "profile", audit.profile.words("name", "sim") if audit.profile else ""
    yield "branch", audit.branch
    yield "sim_time", str(instant(audit.sim_time)) if audit.sim_time is not None else ""
    yield "chain_head", export.head.hex()
    yield "tables_compared", len(options.expect)
    yield "findings", audit.findings.count


def print_rows(rows, output):
    if output == "json":
        json.dump(rows, sys.stdout, indent=1)
        print()
        return
    columns = list(rows[0]) if rows else []
    if output == "csv":
        writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return
    text = [columns] + [[str(row[column]) for column in columns] for row in rows]
    widths = [max(len(line[i]) for line in text) for i in range(len(columns))]
    for line in text:
        print("  ".join(cell.rjust(width) for cell, width in zip(line, widths)).rstrip())


def print_report(audit, options):
    lines = dict(facts(audit, options))
    findings = [{"place": place, "what": what} for place, what in audit.findings.list]
    if options.output == "json":
        json.dump(dict(lines, agrees=audit.findings.count == 0, list=findings), sys.stdout, indent=1)
        print()
        return
    if options.output == "csv":
        print_rows(findings, "csv")
        return
    for name, value in lines.items():
        print(f"{name:<18} {value}")
    for finding in findings[:SHOWN_MAX]:
        print(f"{finding['place']}: {finding['what']}")
    if audit.findings.count > SHOWN_MAX:
        print(f"... and {audit.findings.count - SHOWN_MAX} more; --output json lists them")
    print("agrees: chain, anchor, double entry, conservation, reservations, rights, compliance, "
          "serials"
          if audit.findings.count == 0 else "does not agree")


def main(arguments):
    options = parse(arguments)
    try:
        audit = audit_file(options)
    except BadInput as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    if options.show:
        print_rows(audit.table(options.show), options.output)
        for place, what in audit.findings.list[:SHOWN_MAX]:
            print(f"{place}: {what}", file=sys.stderr)
    else:
        print_report(audit, options)
    return AGREES if audit.findings.count == 0 else DIFFERS


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
