"""Checks what the compiler does not: the shape of the source tree and of the documentation.

    python3 scripts/checks/check_tree.py [--program target/debug/vibelux]

- every .rs file begins with `//!`, which says where it stands in the flow;
- crates and modules depend on each other only in the direction of the flow (ARCHITECTURE.md);
- no files of a crate need each other in a circle (module_circles.py);
- no product file has more than 450 lines;
- every relative link of a Markdown file leads to a file;
- every script, example and benchmark that a Markdown file names is there;
- with --program, every `vibelux` command line in the documentation uses subcommands and flags that
  the program has.
"""

import argparse
import pathlib
import re
import shlex
import subprocess
import sys
import tomllib

import module_circles

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Of a file of the product; tests that stand in files of their own may be longer.
MOST_LINES = 450

# What each crate may use of ours.
CRATE_ARROWS = {
    "vibelux-kernels": set(),
    "vibelux-packed": set(),
    "vibelux": {"vibelux-kernels", "vibelux-packed"},
    "vibelux-train": {"vibelux", "vibelux-kernels", "vibelux-packed"},
    "vibelux-server": {"vibelux", "vibelux-packed"},
    "vibelux-worker": {"vibelux"},
    "vibelux-test-server": set(),
    "vibelux-players": {"vibelux"},
    "vibelux-python": {"vibelux"},
    "vibelux-cli": {"vibelux", "vibelux-train", "vibelux-server", "vibelux-worker", "vibelux-players"},
}

# What each module of the library may use of ours, besides itself.
MODULE_ARROWS = {
    "atomic": set(),
    "emotion": set(),
    "error_text": set(),
    "media": {"error_text"},
    "audio": {"media"},
    "face": set(),
    "features": {"audio", "emotion", "spectrogram"},
    "spectrogram": {"audio"},
    "model": {"atomic", "audio", "emotion", "face", "spectrogram"},
    "detect": {"face", "model"},
    "library": {"atomic", "audio", "emotion", "error_text", "media", "model", "taste"},
    "mood": {"emotion"},
    "tagging": {"atomic", "audio", "emotion"},
    "taste": {"emotion"},
    "random": set(),
    "recommend": {"emotion", "random"},
    "playlist": {"atomic", "media"},
    "compose": {"audio", "emotion", "random"},
}


def tracked(*patterns):
    """Files of the repository, also those that are new, by pattern."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    output = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True).stdout
    return [path for path in map(ROOT.joinpath, output.splitlines()) if path.is_file()]


def shown(path):
    return path.relative_to(ROOT).as_posix()


def module_docs():
    for path in tracked("*.rs"):
        if not path.read_text(encoding="utf-8").startswith("//!"):
            yield f"{shown(path)}: begin with //! and say where the file stands in the flow"


def crate_arrows():
    for path in tracked("crates/*/Cargo.toml"):
        manifest = tomllib.loads(path.read_text(encoding="utf-8"))
        name = manifest["package"]["name"]
        tables = [manifest.get(table, {}) for table in ("dependencies", "build-dependencies")]
        used = {d for table in tables for d in table if d.startswith("vibelux")}
        if name not in CRATE_ARROWS:
            yield f"{shown(path)}: add the crate {name} to CRATE_ARROWS and to ARCHITECTURE.md"
            continue
        for wrong in sorted(used - CRATE_ARROWS[name]):
            yield f"{shown(path)}: {name} must not use {wrong}; see ARCHITECTURE.md"


def module_arrows():
    source = ROOT / "crates/vibelux/src"
    for path in tracked("crates/vibelux/src/*.rs"):
        parts = path.relative_to(source).parts
        module = parts[0].removesuffix(".rs")
        if module == "lib":
            continue
        if module not in MODULE_ARROWS:
            yield f"{shown(path)}: add the module {module} to MODULE_ARROWS and to ARCHITECTURE.md"
            continue
        # Tests may reach anywhere; they stand at the end of a file or in files of their own.
        code = path.read_text(encoding="utf-8").split("#[cfg(test)]\nmod tests {")[0]
        if "tests" in path.stem:
            continue
        lines = [line for line in code.splitlines() if not line.lstrip().startswith("//")]
        used = set(re.findall(r"\bcrate::\{?([a-z_]+)", "\n".join(lines)))
        for wrong in sorted(used & MODULE_ARROWS.keys() - MODULE_ARROWS[module] - {module}):
            yield f"{shown(path)}: {module} must not use {wrong}; see ARCHITECTURE.md"


def circles():
    for folder in sorted((ROOT / "crates").iterdir()):
        yield from module_circles.problems(folder)


def long_files():
    for path in tracked("crates/*/src/*.rs"):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > MOST_LINES and "tests" not in path.stem:
            yield f"{shown(path)}: {lines} lines; split it by its concepts, {MOST_LINES} at most"


def markdown_links():
    for path in tracked("*.md"):
        text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            file = target.split("#")[0]
            if file and "://" not in target and not target.startswith("mailto:"):
                if not (path.parent / file).exists():
                    yield f"{shown(path)}: the link {target} leads nowhere"


def command_lines(path):
    """The lines of fenced blocks that begin with `$ ` or with a program, as lists of words."""
    for block in re.findall(r"```(?:console|sh|bash)\n(.*?)```", path.read_text(encoding="utf-8"), re.S):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            if words:
                yield line.strip(), words


def vibelux_words(words):
    """What a command line gives to `vibelux`; nothing where it runs something else."""
    if words[:2] == ["cargo", "run"] and "--" in words and "--example" not in words:
        return words[words.index("--") + 1 :]
    return words[1:] if words[0] == "vibelux" else None


def documented_paths():
    """Scripts, examples and benchmarks that a document names, and that are not there."""
    # As cargo finds them, below a crate: `examples/NAME.rs` and `examples/NAME/main.rs`, `benches/` likewise.
    programs = set()
    for path in tracked("*.rs"):
        *_, folder, name = path.with_suffix("").parts if path.name != "main.rs" else path.parent.parts
        programs.add((folder, name))
    for path in tracked("*.md"):
        text = path.read_text(encoding="utf-8")
        commands = [line for line, _ in command_lines(path)]
        for command in [*commands, *re.findall(r"`([^`\n]+)`", text)]:
            for script in re.findall(r"(?:^|\s)((?:scripts|fuzz)/[\w./-]+\.(?:py|sh))", command):
                if not (ROOT / script).is_file():
                    yield f"{shown(path)}: `{command}`: there is no {script}"
            for kind, name in re.findall(r"--(example|bench) (\w+)", command):
                if ({"example": "examples", "bench": "benches"}[kind], name) not in programs:
                    yield f"{shown(path)}: `{command}`: there is no {kind} {name}"


def documented_commands(program):
    helps = {}

    def help_of(*subcommands):
        if subcommands not in helps:
            run = subprocess.run(
                [program, *subcommands, "--help"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                text=True, check=False,
            )
            helps[subcommands] = run.stdout if run.returncode == 0 else None
        return helps[subcommands]

    def has_subcommand(text, word):
        listed = re.search(r"^Commands:\n(.*?)(?:\n\n|\Z)", text, re.S | re.M)
        return listed and re.search(rf"^  {re.escape(word)}\b", listed[1], re.M)

    for path in tracked("*.md"):
        for line, words in command_lines(path):
            words = vibelux_words(words)
            if words is None:
                continue
            subcommands = []
            while words and has_subcommand(help_of(*subcommands), words[0]):
                subcommands.append(words.pop(0))
            text = help_of(*subcommands)
            if re.search(r"^Commands:$", text, re.M) and words and not words[0].startswith("-"):
                yield f"{shown(path)}: `{line}`: there is no command {words[0]}"
            for word in words:
                flag = word.split("=")[0]
                if re.fullmatch(r"--?[a-z][a-z0-9-]*", flag):
                    if not re.search(rf"(?<![\w-]){re.escape(flag)}(?![\w-])", text):
                        yield f"{shown(path)}: `{line}`: there is no flag {flag}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", help="the built program, to check documented commands with")
    args = parser.parse_args()

    problems = [*module_docs(), *crate_arrows(), *module_arrows(), *circles(), *long_files(), *markdown_links()]
    problems += documented_paths()
    if args.program:
        problems += documented_commands(args.program)
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"tree: {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
