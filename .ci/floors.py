"""The layers of both crates: a file names only items of lower layers, and no files form a cycle. Some names
must not appear in some places at all.

Comments and tests are ignored.
"""

import re
import sys
from pathlib import Path

FLOORS = {
    "envelope-runtime": [
        ["limits", "clock", "crypto", "report"],
        ["attribute"],
        ["record"],
        ["key"],
        ["expression"],
        ["envelope"],
        ["usage"],
        ["store"],
        ["operation"],
        ["testing", "secret", "fuzzing"],
    ],
    "envelope-derive": [
        ["ctxt", "case", "symbol", "written"],
        ["attr"],
        ["template"],
        ["model"],
        ["check"],
        ["expand"],
    ],
}
# The record's own verbs, `record.save(&store)`, which no record needs.
UP = {("record", "operation"), ("record", "store"), ("record", "expression"), ("record", "key")}
UP_FILE = "record.rs"
AWS = r"\baws_(sdk|smithy|config|credential_types|types)\w*"
# Modules, by the start of their paths. A list that starts with "not" means all files except these.
ABSENT = [
    (["not", "store", "operation", "key::kms", "report::service"], AWS, "names an AWS crate"),
    (
        [f"operation::{name}" for name in ("prepared", "dependence", "target", "seal", "open", "sealer")],
        AWS,
        "names an AWS crate",
    ),
    (
        ["limits", "report", "crypto", "attribute", "record", "expression", "envelope"],
        r"\basync\b|\.await\b|\bFuture\b",
        "waits for something",
    ),
    (["not", "crypto"], r"\b(aes_gcm|hkdf|hmac|sha2|getrandom|aws_lc_rs)::", "names a primitive"),
    (["crypto"], r"\bserde\b", "knows serde"),
]


def code(path):
    """The file without comments, doc comments and unit tests."""
    text = re.split(r"^#\[cfg\(test\)\]\s*\nmod tests \{", path.read_text(), flags=re.M)[0]
    return re.sub(r"//.*", "", text)


def modules(src):
    """Each file that is not a test, by its module path."""
    found = {}
    for path in sorted(src.rglob("*.rs")):
        parts = path.relative_to(src).with_suffix("").parts
        if parts == ("lib",):
            continue
        parents = [src / "lib.rs"] + [src.joinpath(*parts[:n]).with_suffix(".rs") for n in range(1, len(parts))]
        tests = [
            re.search(rf"#\[cfg\((?:any\()?test\b[^\]]*\]\s*(?:#\[[^\]]*\]\s*)*(?:pub(?:\([^)]*\))? )?mod {name};", parent.read_text())
            for parent, name in zip(parents, parts)
            if parent.exists()
        ]
        if not any(tests):
            found[parts] = path
    return found


def named(parts, text, known):
    """The module paths that a file's code names."""
    uses = re.findall(r"\b(crate|self|(?:super::)*super)((?:::\w+)+)(?:::\{([^;]*?)\})?", text, flags=re.S)
    for root, path, group in uses:
        steps = path.strip(":").split("::")
        if root == "crate":
            base = ()
        elif root == "self":
            base = parts
        else:
            base = parts[: len(parts) - (root.count("super"))]
        names = [steps]
        if group:
            names = [steps + re.split(r"::|\s", name.strip())[:1] for name in group.split(",") if name.strip()]
        for name in names:
            target = base + tuple(name)
            while target and target not in known:
                target = target[:-1]
            if target and target != parts:
                yield target


def check(crate, floors):
    src = Path(crate) / "src"
    found = modules(src)
    height = {name: floor for floor, names in enumerate(floors) for name in names}
    faults, arrows = [], {}
    for parts, path in found.items():
        text = code(path)
        if parts[0] not in height:
            faults.append(f"{path}: `{parts[0]}` is in no layer")
            continue
        if path.name != UP_FILE:
            for name in sorted(set(re.findall(r"\bcrate::([A-Z]\w*|\{)", text))):
                faults.append(f"{path}: `crate::{name}` does not show its layer")
        for target in named(parts, text, found):
            here, there = parts[0], target[0]
            if here != there and height.get(there, -1) >= height[here]:
                if not (path.name == UP_FILE and (here, there) in UP):
                    faults.append(f"{path}: `{here}` names `{'::'.join(target)}`, which is above or beside it")
            # A file may name the items of its parent and of its children.
            arrows.setdefault(parts, set()).add(target)
        if crate == "envelope-runtime":
            faults += [f"{path}: {what}" for what in absences("::".join(parts), text)]
    faults += circles(arrows)
    return faults, len(found), sum(map(len, arrows.values()))


def absences(module, text):
    for places, pattern, what in ABSENT:
        inside = any(module == place or module.startswith(place + "::") for place in places)
        if inside != (places[0] == "not") and re.search(pattern, text):
            yield what


def circles(arrows):
    """Files in a cycle. A file may name the items of its parents."""
    left = {
        one: {two for two in targets if one[: len(two)] != two} for one, targets in arrows.items()
    }
    while True:
        ends = [one for one, targets in left.items() if not targets & left.keys()]
        if not ends:
            break
        for one in ends:
            del left[one]
    starts = [one for one in left if not any(one in left[two] for two in left)]
    return [f"in a cycle of files: {'::'.join(one)}" for one in left if one not in starts]


def main():
    failed = False
    for crate, floors in FLOORS.items():
        faults, files, arrows = check(crate, floors)
        print(f"{crate}: {files} files, {arrows} arrows, {len(faults)} faults")
        for fault in faults:
            failed = True
            print(" ", fault, file=sys.stderr)
    sys.exit(failed)


main()
