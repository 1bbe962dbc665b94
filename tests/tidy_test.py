#!/usr/bin/env python3
"""Style that a program can hold: line length, banned words, READMEs, links. Each ban names what to
use instead. A line that must break one says why: `// tidy: reason`.

Usage: tidy_test.py [ROOT]
"""
import pathlib
import re
import sys

COLUMNS = 100
SKIPPED = {".git", "build", "runs", "third_party", "node_modules", "__pycache__"}
ROOMS = (
    "base policy registry matching auction cbam market scheme sim store report study server "
    "bench tests"
).split()
CODE = {".h", ".cc"}
TEXT = CODE | {".py", ".sh", ".cmake", ".txt", ".toml", ".md", ".js", ".css", ".html"}

# Where the world may come in: real time is theirs to read.
EDGES = ("server", "clients", "bench", "store")
BANS = [
    (r"std::random_device", EDGES, "take a Prng by name and seed (base/prng.h)"),
    (r"\b(system|steady|high_resolution)_clock\b", EDGES, "take a SimTime as an argument"),
    (r"std::\w+_distribution\b", (), "use Prng's own draws: the standard's differ by library"),
    (r"\bassert\s*\(", (), "use ETS_ASSERT, which stays on in every build"),
    (r"\busing namespace (?!std::literals)", (), "name what you use"),
]
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX"]) + r")\b")
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
FILE_NAMED = re.compile(r"`([\w./-]+/[\w.-]+\.(?:h|cc|md|py|sh|toml|csv|cmake))`")
# These two send readers into the code; what they name must be there.
GUIDES = ("ARCHITECTURE.md", "docs/glossary.md")


def files(root):
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if path.is_file() and path.suffix in TEXT and not SKIPPED & set(parts):
            yield path, path.relative_to(root).as_posix()


def without_comments(line):
    return re.sub(r"//.*", "", line)


def check_code(name, lines):
    room = name.split("/")[0]
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS:
            yield f"{name}:{number}: {len(line)} columns; {COLUMNS} fit: run clang-format"
        if "// tidy: " in line:
            continue
        for pattern, allowed, instead in BANS:
            found = re.search(pattern, without_comments(line))
            if found and room not in allowed:
                yield f"{name}:{number}: {found.group().strip()} is banned here: {instead}"
    if name.endswith(".h") and "#pragma once" not in lines:
        yield f"{name}: no #pragma once"


def check_links(root, path, name, text):
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target) or target.startswith("#"):
            continue
        if not (path.parent / target.split("#")[0]).exists():
            yield f"{name}: the link {target} leads nowhere"
    if name in GUIDES:
        for target in FILE_NAMED.findall(text):
            if not (root / target).exists():
                yield f"{name}: names {target}, which is not there"


def check(root):
    bad = []
    for path, name in files(root):
        text = path.read_text(encoding="utf-8")
        lines = text.split("\n")
        for number, line in enumerate(lines, 1):
            if UNFINISHED.search(line):
                bad.append(f"{name}:{number}: finish it, or write it down in docs/decisions/")
        if path.suffix in CODE:
            bad += check_code(name, lines)
        if path.suffix == ".md":
            bad += check_links(root, path, name, text)
    for folder in [root / room for room in ROOMS] + sorted(root.glob("clients/*/")):
        room = folder.relative_to(root).as_posix()
        if folder.is_dir() and any(folder.iterdir()) and not (folder / "README.md").exists():
            bad.append(f"{room}/: no README.md (what it is for, what it may know, what holds)")
    return bad


def main():
    here = pathlib.Path(__file__).resolve().parent.parent
    bad = check(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here)
    print("\n".join(bad) if bad else "tidy")
    return 1 if bad else 0


sys.exit(main())
