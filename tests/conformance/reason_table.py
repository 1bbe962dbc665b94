#!/usr/bin/env python3
"""Writes the error table of server/registry_errors.cc as initializers of ReasonRow.

Usage: reason_table.py REGISTRY_ERRORS_CC OUT
"""
import pathlib
import re
import sys

ROW = re.compile(
    r'\{\s*"(?P<reason>[A-Z][A-Z0-9_]*)",\s*(?P<code>[A-Z_]+),\s*"(?P<uk>[^"]*)",\s*"(?P<itl>[^"]*)",'
)


def main():
    source = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
    rows = ROW.findall(source)
    if not rows:
        print(f"{sys.argv[1]}: no rows of an error table", file=sys.stderr)
        return 1
    lines = [f'{{"{r}", grpc::StatusCode::{c}, "{uk}", "{itl}"}},\n' for r, c, uk, itl in rows]
    pathlib.Path(sys.argv[2]).write_text("".join(lines), encoding="utf-8")
    return 0


sys.exit(main())
