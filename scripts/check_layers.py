#!/usr/bin/env python3
"""Fails when a file includes a room that its room may not know.

The graph is written once, in the ets_library() calls of the rooms' CMakeLists.txt, and read here.
Three things are held against it: every dependency lies on a lower level of the table below, every
#include names a dependency, and every room with sources has its call. A test file (*_test.cc) may
also include the rooms named under TEST_DEPS. clients/* may know everything below them.

Usage: check_layers.py [ROOT]
"""
import pathlib
import re
import sys

LEVELS = [
    ["base"],
    ["policy", "registry", "matching", "auction", "cbam"],
    ["market", "scheme"],
    ["sim", "store"],
    ["report", "study"],
    ["server"],
    ["clients"],
]
LEVEL = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}

CALL = re.compile(r"ets_library\(\s*(\w+)(.*?)\)", re.S)
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
KEYWORDS = ("HDRS", "SRCS", "TESTS", "DEPS", "TEST_DEPS", "USES")


def section(body, name):
    """The words that follow a keyword of an ets_library() call."""
    found, on = set(), False
    for word in re.sub(r"#.*", "", body).split():
        if word in KEYWORDS:
            on = word == name
        elif on:
            found.add(word)
    return found


def room_of(path):
    """The longest room a path lies in: clients/cli before clients; empty outside the rooms."""
    parts = pathlib.PurePosixPath(path).parts
    if not parts or parts[0] not in LEVEL:
        return ""
    return "/".join(parts[:2]) if parts[0] == "clients" and len(parts) > 2 else parts[0]


def level_of(room):
    return LEVEL[room.split("/")[0]]


def check(root):
    deps, test_deps, bad = {}, {}, []
    for cmake in sorted([*root.glob("*/CMakeLists.txt"), *root.glob("clients/*/CMakeLists.txt")]):
        room = cmake.parent.relative_to(root).as_posix()
        for name, body in CALL.findall(cmake.read_text()):
            if room.split("/")[0] not in LEVEL:
                bad.append(f"{room}/CMakeLists.txt: {room}/ is on no level; add it to the table")
                continue
            if name != room.split("/")[-1]:
                bad.append(f"{room}/CMakeLists.txt: the library is called {name}, its room {room}")
            deps[room] = section(body, "DEPS")
            test_deps[room] = section(body, "TEST_DEPS")
            for dep in sorted(deps[room] | test_deps[room]):
                if dep not in LEVEL:
                    bad.append(f"{room}/CMakeLists.txt: DEPS names {dep}, which is no room")
                elif level_of(dep) >= level_of(room):
                    bad.append(
                        f"{room}/CMakeLists.txt: L{level_of(room)} may not depend on {dep} "
                        f"(L{level_of(dep)}); what both need is a word for a lower room"
                    )

    files = 0
    undeclared = set()
    for top in LEVEL:
        for path in sorted((root / top).rglob("*")):
            if path.suffix not in (".h", ".cc") or "node_modules" in path.parts:
                continue
            files += 1
            name = path.relative_to(root).as_posix()
            room = room_of(name)
            if room in deps:
                allowed = {room} | deps[room]
                if name.endswith("_test.cc"):
                    allowed |= test_deps[room]
            elif top == "clients":
                allowed = {room} | {other for other in LEVEL if LEVEL[other] < LEVEL["clients"]}
            else:
                undeclared.add(room)
                continue
            for include in INCLUDE.findall(path.read_text()):
                other = room_of(include)
                if other and other not in allowed:
                    bad.append(f"{name}: includes {other}/, which {room}/ does not name in DEPS")
    bad += [f"{room}/: has sources but no ets_library() call" for room in sorted(undeclared)]
    return bad, len(deps), files


def main():
    here = pathlib.Path(__file__).resolve().parent.parent
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here
    bad, rooms, files = check(root)
    print("\n".join(bad) if bad else f"layers: {rooms} rooms, {files} files, no stray include")
    return 1 if bad else 0


sys.exit(main())
