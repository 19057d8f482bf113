"""Finds circles between the source files of a crate: files that need each other, directly or on a way round.

    python3 scripts/checks/module_circles.py [CRATE_FOLDER ...]

A file needs another when its code uses a name that stands there. Names are followed to the file that
defines them, through `use`, `pub use`, globs, imported modules and paths such as `super::store::open`.
A `pub use` alone is a shop window, not a need: it counts where the file itself uses the name. Tests may
reach anywhere and do not count.

Reads text, not the compiler's tables: a name that only a macro makes is not seen, and what `#[cfg]` leaves out is.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Comments, strings and characters, longest first; lifetimes stay.
NO_CODE = re.compile(
    r"""//[^\n]*|/\*.*?\*/|b?r(\#*)".*?"\1|b?"(?:\\.|[^"\\])*"|b?'(?:\\[^\n]{1,8}?|[^\\'\n])'""", re.S
)
DEFINITION = (
    r"\b(?:fn|struct|enum|union|trait|type|const|static|mod)\s+(?:mut\s+)?{name}\b|macro_rules!\s+{name}\b"
)
PATH = re.compile(r"(?<![\w:.])(?:[A-Za-z_]\w*)(?:\s*::\s*[A-Za-z_]\w*)+")
USE = re.compile(r"(?P<reach>pub(?:\s*\([^)]*\))?\s+)?\buse\s+(?P<tree>[^;]+);")


def without_tests(code):
    """The code without its items that are compiled for tests only."""
    while match := re.search(r"#\[cfg\((?:test|all\(test\b[^\]]*)\)\]\s*", code):
        rest = code[match.end() :]
        end = re.search(r"[;{]", rest)
        if not end:
            return code[: match.start()]
        stop = end.end()
        if end[0] == "{":
            depth = 1
            while depth and stop < len(rest):
                depth += {"{": 1, "}": -1}.get(rest[stop], 0)
                stop += 1
        code = code[: match.start()] + rest[stop:]
    return code


def use_paths(tree, before=()):
    """The paths of a use tree, `a::{b, c as d}`, as (segments, name it gets here)."""
    tree = tree.strip()
    if "{" not in tree:
        path, _, alias = tree.partition(" as ")
        segments = (*before, *[part.strip() for part in path.split("::") if part.strip()])
        if segments[-1:] == ("self",) and len(segments) > 1:
            segments = segments[:-1]
        yield segments, alias.strip() or segments[-1]
        return
    head, _, inner = tree.partition("{")
    inner = inner[: inner.rindex("}")]
    start = (*before, *[part.strip() for part in head.split("::") if part.strip()])
    depth, part = 0, ""
    for letter in inner + ",":
        if letter == "," and depth == 0:
            if part.strip():
                yield from use_paths(part, start)
            part = ""
            continue
        depth += {"{": 1, "}": -1}.get(letter, 0)
        part += letter


class File:
    """One source file: its module path, its code without tests, and what it imports."""

    def __init__(self, path, module):
        self.path, self.module = path, module
        self.code = without_tests(NO_CODE.sub(" ", path.read_text(encoding="utf-8")))
        self.body = USE.sub(" ", self.code)
        self.names, self.globs, self.imports = {}, [], []
        for found in USE.finditer(self.code):
            for segments, name in use_paths(found["tree"]):
                if name == "*":
                    self.globs.append(segments[:-1])
                else:
                    self.names[name] = segments
                    self.imports.append((segments, name, bool(found["reach"])))

    def defines(self, name):
        return re.search(DEFINITION.format(name=re.escape(name)), self.code) is not None


class Crate:
    """The source files of a crate by module path."""

    def __init__(self, folder):
        self.source = folder / "src"
        self.files = {}
        for path in sorted(self.source.rglob("*.rs")):
            parts = path.relative_to(self.source).with_suffix("").parts
            if any("tests" in part for part in parts):
                continue
            module = parts[:-1] if parts[-1] in ("mod", "lib", "main") else parts
            self.files[module] = File(path, module)

    def absolute(self, segments, file):
        """The path from the crate's root, or None where it leads out of the crate."""
        first, rest = segments[0], segments[1:]
        if first == "crate":
            return rest
        if first == "self":
            return (*file.module, *rest)
        if first == "super":
            module = file.module[:-1]
            while rest[:1] == ("super",):
                module, rest = module[:-1], rest[1:]
            return (*module, *rest)
        if (*file.module, first) in self.files:
            return (*file.module, *segments)
        if first in file.names and file.names[first] != segments:
            start = self.absolute(file.names[first], file)
            return None if start is None else (*start, *rest)
        return None

    def home(self, path, seen=frozenset()):
        """The file that defines what an absolute path names; None for a module itself or what is not ours."""
        module = ()
        for index, segment in enumerate(path):
            if (*module, segment) in self.files:
                module = (*module, segment)
                continue
            file = self.files[module]
            if (module, segment) in seen:
                return None
            seen = seen | {(module, segment)}
            if segment in file.names:
                target = self.absolute(file.names[segment], file)
                return None if target is None else self.home((*target, *path[index + 1 :]), seen)
            if not file.defines(segment):
                for glob in file.globs:
                    target = self.absolute(glob, file)
                    while target is not None and target in self.files:
                        if self.files[target].defines(segment):
                            return self.files[target]
                        break
            return file
        return None

    def needs(self, file):
        """The files that a file needs."""
        paths = []
        for segments, name, shown in file.imports:
            if not shown or re.search(rf"\b{re.escape(name)}\b", file.body):
                paths.append(segments)
        paths += [(*glob, "*") for glob in file.globs]
        paths += [tuple(re.split(r"\s*::\s*", found[0])) for found in PATH.finditer(file.body)]
        found = set()
        for segments in paths:
            absolute = self.absolute(segments, file)
            home = None if absolute is None else self.home(absolute)
            if home is not None and home is not file:
                found.add(home.module)
        return found

    def circles(self):
        """The groups of files in which each needs each other on some way, as sorted lists of modules."""
        graph = {module: self.needs(file) for module, file in self.files.items()}
        return graph, [sorted(group) for group in strongly_connected(graph) if len(group) > 1]


def strongly_connected(graph):
    """Tarjan's algorithm (1972), "Depth-first search and linear graph algorithms"."""
    index, low, stack, groups = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph[node]):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            group = []
            while not group or group[-1] != node:
                group.append(stack.pop())
            groups.append(group)

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return groups


def problems(folder):
    """A line for each circle of the crate, with the arrows that make it."""
    crate = Crate(folder)
    graph, circles = crate.circles()
    for group in circles:
        inside = set(group)
        arrows = ", ".join(
            f"{name(one)} -> {name(other)}" for one in group for other in sorted(graph[one] & inside)
        )
        yield f"{folder.name}: {len(group)} files need each other in a circle: {arrows}"


def name(module):
    return "::".join(module) or "crate"


def main():
    folders = [pathlib.Path(argument) for argument in sys.argv[1:]] or sorted((ROOT / "crates").iterdir())
    found = [line for folder in folders for line in problems(folder)]
    for line in found:
        print(line)
    print(f"{len(found)} circles")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
