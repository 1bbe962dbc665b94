#!/usr/bin/env python3
"""The checks must be able to fail: each is shown a small tree that breaks one rule.

Also holds scripts/build.sh to its promises about packages, with stand-ins for dpkg-query and apt-get.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLEAN = {
    "base/CMakeLists.txt": "ets_library(base\n  HDRS a.h)\n",
    "base/README.md": "base\n",
    "base/a.h": "#pragma once\n",
    "matching/CMakeLists.txt": "ets_library(matching\n  HDRS b.h\n  DEPS base)\n",
    "matching/README.md": "matching, see [base](../base/README.md)\n",
    "matching/b.h": '#pragma once\n#include "base/a.h"\n',
    "auction/CMakeLists.txt": "ets_library(auction\n  HDRS c.h\n  DEPS base)\n",
    "auction/README.md": "auction\n",
    "auction/c.h": "#pragma once\n",
}


def run(script, changed):
    """What a check says about the clean tree with some files changed: (exit code, output)."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {**CLEAN, **changed}.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        done = subprocess.run(
            [sys.executable, ROOT / script, folder], capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr


class Layers(unittest.TestCase):
    def complains(self, what, changed):
        code, output = run("scripts/check_layers.py", changed)
        self.assertEqual(code, 1, output)
        self.assertIn(what, output)

    def test_accepts_the_clean_tree(self):
        self.assertEqual(run("scripts/check_layers.py", {})[0], 0)

    def test_refuses_an_include_that_deps_does_not_name(self):
        self.complains(
            "matching/b.h: includes auction/",
            {"matching/b.h": '#pragma once\n#include "auction/c.h"\n'},
        )

    def test_refuses_a_dependency_on_the_own_level(self):
        self.complains(
            "may not depend on auction",
            {"matching/CMakeLists.txt": "ets_library(matching HDRS b.h DEPS base auction)\n"},
        )

    def test_refuses_a_dependency_upwards(self):
        self.complains(
            "L0 may not depend on matching",
            {"base/CMakeLists.txt": "ets_library(base HDRS a.h DEPS matching)\n"},
        )

    def test_lets_only_tests_use_test_deps(self):
        changed = {
            "market/CMakeLists.txt": "ets_library(market HDRS m.h DEPS base TEST_DEPS auction)\n",
            "market/m_test.cc": '#include "auction/c.h"\n',
        }
        self.assertEqual(run("scripts/check_layers.py", changed)[0], 0)
        self.complains(
            "market/m.h: includes auction/", {**changed, "market/m.h": '#include "auction/c.h"\n'}
        )

    def test_refuses_a_room_outside_the_build(self):
        self.complains("policy/: has sources but no", {"policy/p.h": "#pragma once\n"})

    def test_lets_clients_know_what_is_below_but_not_each_other(self):
        main = {"clients/cli/main.cc": '#include "matching/b.h"\n#include "clients/cli/x.h"\n'}
        self.assertEqual(run("scripts/check_layers.py", main)[0], 0)
        self.complains(
            "includes clients/bots/", {"clients/cli/main.cc": '#include "clients/bots/b.h"\n'}
        )


class Tidy(unittest.TestCase):
    def complains(self, what, changed):
        code, output = run("tests/tidy_test.py", changed)
        self.assertEqual(code, 1, output)
        self.assertIn(what, output)

    def test_accepts_the_clean_tree(self):
        self.assertEqual(run("tests/tidy_test.py", {}), (0, "tidy\n"))

    def test_refuses_long_lines(self):
        self.complains("base/a.h:2: 101 columns", {"base/a.h": "#pragma once\n" + "/" * 101})

    def test_refuses_a_clock_except_at_the_edges(self):
        clock = "auto t = std::chrono::steady_clock::now();\n"
        self.complains("steady_clock is banned", {"auction/c.cc": clock})
        self.assertEqual(run("tests/tidy_test.py", {"bench/a.cc": clock, "bench/README.md": ""})[0], 0)

    def test_refuses_the_standards_distributions_everywhere(self):
        self.complains(
            "std::normal_distribution is banned",
            {"bench/a.cc": "std::normal_distribution<> d;\n", "bench/README.md": ""},
        )

    def test_refuses_unfinished_work(self):
        self.complains("base/a.cc:1: finish it", {"base/a.cc": "// TO" + "DO later\n"})

    def test_refuses_a_room_without_a_readme(self):
        self.complains("store/: no README.md", {"store/s.cc": "\n"})

    def test_refuses_a_link_to_nowhere(self):
        self.complains("the link gone.md leads nowhere", {"docs/a.md": "[x](gone.md)\n"})

    def test_refuses_a_guide_that_names_a_missing_file(self):
        self.complains("names policy/gone.cc", {"docs/glossary.md": "`policy/gone.cc`\n"})


class Packages(unittest.TestCase):
    """scripts/build.sh with a PATH whose dpkg-query and apt-get only write down what they are asked."""

    def ensure(self, missing, user="0", apt="exit 0"):
        with tempfile.TemporaryDirectory() as folder:
            bin_folder, log = pathlib.Path(folder, "bin"), pathlib.Path(folder, "log")
            bin_folder.mkdir()
            stand_ins = {
                # Says "installed" of all it is asked but the missing ones, of which it knows nothing.
                "dpkg-query": 'shift 2; echo query >>"$LOG"\nfor p; do case " $MISSING " in '
                '*" $p "*) ;; *) echo "$p installed";; esac; done\n[[ -z $MISSING ]]\n',
                "apt-get": f'echo "apt-get $*" >>"$LOG"\n{apt}\n',
                "id": f"echo {user}\n",
            }
            for name, body in stand_ins.items():
                path = bin_folder / name
                path.write_text("#!/usr/bin/env bash\n" + body)
                path.chmod(0o755)
            done = subprocess.run(
                ["bash", "-c", "set -euo pipefail; source scripts/build.sh; ensure_packages"],
                cwd=ROOT,
                env={
                    **os.environ,
                    "PATH": f"{bin_folder}:{os.environ['PATH']}",
                    "LOG": str(log),
                    "MISSING": missing,
                },
                capture_output=True,
                text=True,
                check=False,
            )
            return done, log.read_text()

    def test_asks_once_and_does_nothing_when_all_is_there(self):
        done, log = self.ensure("")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(log, "query\n")
        self.assertEqual(done.stdout, "")

    def test_installs_what_is_missing_and_nothing_else(self):
        done, log = self.ensure("libssl-dev ccache")
        self.assertEqual(done.returncode, 0, done.stderr)
        update, install = log.splitlines()[1:]
        self.assertTrue(update.endswith(" update"), update)
        self.assertTrue(install.endswith(" ccache libssl-dev"), install)

    def test_says_that_it_needs_root_before_it_tries(self):
        done, log = self.ensure("ccache", user="1000")
        self.assertEqual(done.returncode, 1)
        self.assertIn("needs root", done.stderr)
        self.assertIn("sudo apt-get install ccache", done.stderr)
        self.assertNotIn("apt-get", log)

    def test_stops_with_a_message_when_the_mirror_is_away(self):
        done, log = self.ensure("ccache", apt="exit 100")
        self.assertEqual(done.returncode, 1)
        self.assertIn("is the package mirror reachable?", done.stderr)
        self.assertNotIn("install", log)


if __name__ == "__main__":
    unittest.main()
