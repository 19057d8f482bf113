"""Fails on a dependency whose licence is not in deny.toml's list, or that comes from elsewhere than
the registry; can also collect the licence texts that a binary release must carry.

    python3 scripts/checks/check_licences.py
    python3 scripts/checks/check_licences.py --notices NOTICES.txt

A lighter stand-in for `cargo deny check licenses sources`, which takes minutes to build. Needs
Python 3.11 and cargo; uses the network only if the dependencies are not downloaded yet.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGETS = ("x86_64-unknown-linux-gnu", "aarch64-apple-darwin", "x86_64-pc-windows-msvc")


def packages():
    """Every package that any of the usual targets uses, development dependencies included."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    for target in TARGETS:
        command += ["--filter-platform", target]
    output = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    metadata = json.loads(output)
    ours = set(metadata["workspace_members"])
    return [package for package in metadata["packages"] if package["id"] not in ours]


def is_allowed(expression, allowed):
    """Whether an SPDX expression can be met with allowed licences alone: OR binds weaker than AND."""
    # Old manifests write "MIT/Apache-2.0" for OR.
    tokens = re.findall(r"[()]|[^\s()]+", expression.replace("/", " OR "))

    def alternatives():
        met = conjunction()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            met = conjunction() or met
        return met

    def conjunction():
        met = licence()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            met = licence() and met
        return met

    def licence():
        name = tokens.pop(0)
        if name == "(":
            met = alternatives()
            tokens.pop(0)
            return met
        if tokens and tokens[0] == "WITH":
            tokens.pop(0)
            name = f"{name} WITH {tokens.pop(0)}"
        return name in allowed

    met = alternatives()
    return met and not tokens


def self_test():
    """The parser on expressions whose answer is known."""
    allowed = {"MIT", "Zlib", "Apache-2.0 WITH LLVM-exception"}
    for expression, expected in {
        "MIT": True,
        "GPL-3.0-only": False,
        "GPL-3.0-only OR MIT": True,
        "MIT AND GPL-3.0-only": False,
        "(MIT OR GPL-3.0-only) AND Zlib": True,
        "GPL-3.0-only AND MIT OR Zlib": True,
        "Unlicense/MIT": True,
        "Apache-2.0 WITH LLVM-exception": True,
        "Apache-2.0": False,
    }.items():
        assert is_allowed(expression, allowed) == expected, expression


def write_notices(path, dependencies):
    """Name, version, source and licence texts of every dependency."""
    with open(path, "w", encoding="utf-8") as out:
        for package in sorted(dependencies, key=lambda p: (p["name"], p["version"])):
            source = package["repository"] or package["homepage"] or ""
            out.write(f"{package['name']} {package['version']} ({package['license']}) {source}\n\n")
            folder = pathlib.Path(package["manifest_path"]).parent
            for file in sorted(folder.iterdir()):
                if file.is_file() and re.match(r"(?i)licen[sc]e|copying|notice|unlicense", file.name):
                    out.write(file.read_text(encoding="utf-8", errors="replace").strip() + "\n\n")
            out.write("-" * 72 + "\n\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--notices", metavar="FILE", help="also write all licence texts to FILE")
    args = parser.parse_args()

    self_test()
    with open(ROOT / "deny.toml", "rb") as file:
        allowed = set(tomllib.load(file)["licenses"]["allow"])
    dependencies = packages()
    refused = []
    for package in dependencies:
        name = f"{package['name']} {package['version']}"
        if not is_allowed(package["license"] or "none", allowed):
            refused.append(f"{name}: licence {package['license']} is not in deny.toml's list")
        if not (package["source"] or "").startswith("registry+"):
            refused.append(f"{name}: comes from {package['source']}, not from the registry")
    for line in refused:
        print(line, file=sys.stderr)
    if args.notices:
        write_notices(args.notices, dependencies)
    print(f"licences: {len(dependencies)} dependencies, {len(refused)} refused")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
