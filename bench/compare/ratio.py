#!/usr/bin/env python3
"""Prints the registry's durable rows of one run and how they compare with PostgreSQL's.

Usage: ratio.py OURS.json --batch RATE --batch-with-ids RATE --single RATE --single-p99 MS
"""
import argparse
import json


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ours")
    parser.add_argument("--batch", type=float, required=True)
    parser.add_argument("--batch-with-ids", type=float, required=True)
    parser.add_argument("--single", type=float, required=True)
    parser.add_argument("--single-p99", type=float, required=True)
    args = parser.parse_args()
    with open(args.ours, encoding="utf-8") as file:
        rows = json.load(file)["benchmarks"]
    for row in rows:
        rate = row.get("items_per_second")
        if rate is None or row.get("run_type") == "aggregate":
            continue
        name = "ours, " + row["name"].split("/")[0].removeprefix("BM_") + " (transfers/s)"
        print(f"{name:<66} {rate:>12.0f}")
        if "Single" in row["name"]:
            print(f"{'  times PostgreSQL, single transfers':<66} {rate / args.single:>12.1f}")
        else:
            print(f"{'  times PostgreSQL as sets, an id a request':<66} {rate / args.batch:>12.1f}")
            print(f"{'  times PostgreSQL as sets, an id a transfer':<66} "
                  f"{rate / args.batch_with_ids:>12.1f}")


main()
