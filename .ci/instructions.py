"""Counts the instructions of sealing and opening under callgrind, for this commit and its parent. Fails
if this commit takes over 5 % more.

    instructions.py CACHE

Build output is kept in CACHE. The counts are of the library without AWS, and are the same in each run.
Callgrind's processor has no instructions for SHA-256, which takes most of the total there, so the rest
is compared too.
"""

import shutil
import subprocess
import sys
from pathlib import Path

LIMIT = 1.05
BIN = "benches/src/bin/instructions.rs"
PARENT = "HEAD~1"
# Two lengths of run, whose difference has no start of a process in it.
SHORT, LONG = 100, 300


def skip(reason):
    print(f"skipped by name: {reason}")
    sys.exit(0)


def run(*command, **options):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, **options).stdout


def built(checkout, target):
    command = ["cargo", "build", "--release", "--locked", "--quiet", "--package", "envelope-benches"]
    command += ["--bin", "instructions", "--target-dir", str(target)]
    subprocess.run(command, check=True, cwd=checkout)
    return target / "release" / "instructions"


def counted(program, work, times, out):
    """All instructions, and those outside of SHA-256."""
    command = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}"]
    run(*command, str(program), work, str(times))
    lines = run("callgrind_annotate", "--threshold=100", "--show-percs=no", str(out)).splitlines()
    total, sha = 0, 0
    for line in lines:
        count, _, name = line.strip().partition("  ")
        count = count.replace(",", "")
        if not count.isdigit() or ":" not in name:
            continue
        total += int(count)
        if "sha2::" in name:
            sha += int(count)
    return total, total - sha


def each(program, work, out):
    """The counts of one seal or open."""
    short, long = (counted(program, work, times, out) for times in (SHORT, LONG))
    return [(more - less) / (LONG - SHORT) for less, more in zip(short, long)]


def main():
    cache = Path(sys.argv[1]).resolve()
    if not shutil.which("valgrind"):
        skip("valgrind is not installed")
    if subprocess.run(["git", "cat-file", "-e", f"{PARENT}:{BIN}"], stderr=subprocess.DEVNULL).returncode:
        skip("the parent commit is not here, or has no such benchmark")
    cache.mkdir(parents=True, exist_ok=True)
    parent = cache / "parent"
    if parent.exists():
        shutil.rmtree(parent)
    parent.mkdir()
    archive = subprocess.run(["git", "archive", PARENT], check=True, stdout=subprocess.PIPE).stdout
    # With new times: cargo would take files that are older than the last build for built.
    subprocess.run(["tar", "-xm", "-C", str(parent)], check=True, input=archive)

    # Two checkouts of one package must not share a target directory.
    programs = [built(parent, cache / "of-parent"), built(Path.cwd(), cache / "of-this")]
    slower = False
    for work in ("seal", "open"):
        before, after = (each(program, work, cache / "callgrind.out") for program in programs)
        for name, old, new in zip(("all", "all but SHA-256"), before, after):
            print(f"{work}: {name}: {old:,.0f} before, {new:,.0f} now ({new / old - 1:+.1%})")
            slower |= new > old * LIMIT
    if slower:
        sys.exit(f"over {LIMIT - 1:.0%} more instructions than before")


main()
