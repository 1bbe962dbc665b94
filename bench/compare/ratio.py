#!/usr/bin/env python3
"""Prints the registry's durable transfers of one run and how they compare with PostgreSQL's.

Usage: ratio.py REGISTRY_BENCH.json REGISTRY_GRPC_BENCH.txt --batch RATE --batch-with-ids RATE
       --single RATE
"""
import argparse
import json
import re

# "single transfers, 64 clients      9000 /s   calls    45000   p50    6.10 ms   p99   20.00 ms"
GRPC_LINE = re.compile(r"^(?P<what>.+?)\s+(?P<rate>\d+) /s .*p99\s+(?P<p99>[\d.]+) ms")


def rows_in_process(path):
    with open(path, encoding="utf-8") as file:
        for row in json.load(file)["benchmarks"]:
            if "items_per_second" in row and row.get("run_type") != "aggregate":
                yield row["name"].split("/")[0].removeprefix("BM_"), row["items_per_second"], None


def rows_over_grpc(path):
    with open(path, encoding="utf-8") as file:
        for match in filter(None, map(GRPC_LINE.match, file)):
            yield match["what"] + ", over gRPC", float(match["rate"]), match["p99"]


def say(what, number):
    print(f"{what:<66} {number:>12}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("in_process")
    parser.add_argument("over_grpc")
    for rate in ("--batch", "--batch-with-ids", "--single"):
        parser.add_argument(rate, type=float, required=True)
    args = parser.parse_args()
    for what, rate, p99 in [*rows_in_process(args.in_process), *rows_over_grpc(args.over_grpc)]:
        say(f"ours, {what} (transfers/s)", f"{rate:.0f}")
        if what.startswith("single"):
            say("  p99 (ms)", p99)
            say("  times PostgreSQL, single transfers, 64 clients", f"{rate / args.single:.1f}")
        else:
            say("  times PostgreSQL as sets, an id a request", f"{rate / args.batch:.1f}")
            say("  times PostgreSQL as sets, an id a transfer", f"{rate / args.batch_with_ids:.1f}")


main()
