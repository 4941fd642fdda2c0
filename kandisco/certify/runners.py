"""How to run each kind of file: ``runner(text, columns, folder)`` gives the tool with its version and the values."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from kandisco.expr import from_json
from kandisco.expr.numeric import evaluate
from kandisco.types import Array

Columns = Mapping[str, Array]
Runner = Callable[[str, Columns, Path], tuple[str, Array]]
_SECONDS = 180
_UNKNOWN = "of unknown version"


class Missing(Exception):
    """The tool is not here."""


# Runs alone in a child process: the file is a program. ``python -I`` keeps the working directory out of its way.
_PYTHON = """
import json, os, runpy, sys
os.environ["JAX_ENABLE_X64"] = "1"
names, rows = json.load(sys.stdin)
try:
    module = runpy.run_path(sys.argv[1])
except ModuleNotFoundError as error:
    print(json.dumps({"missing": error.name}))
    raise SystemExit
if "predict" in module:
    predict, out = module["predict"], None
    if any(name in sys.modules for name in ("numpy", "torch", "jax")):
        import numpy
        columns = [numpy.array([row[i] for row in rows]) for i in range(len(names))]
        out = [float(value) for value in predict(*columns)]
    else:
        out = [float(predict(*row)) for row in rows]
else:
    import sympy
    symbols = [sympy.Symbol(name, real=True) for name in names]
    out = [float(sympy.N(module["expr"].subs(dict(zip(symbols, row))), 20)) for row in rows[:50]]
used = [name for name in ("scipy", "sympy", "torch", "jax") if name in sys.modules]
used = used or [name for name in ("numpy",) if name in sys.modules]
print(json.dumps({"values": out, "with": {name: sys.modules[name].__version__ for name in used}}))
"""


def _call(tool: str, command: list[str], folder: Path, given: str = "") -> str:
    try:
        done = subprocess.run(
            command, input=given, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False, errors="replace"
        )
    except OSError as error:
        raise Missing(f"{tool}: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{tool}: longer than {_SECONDS} s") from None
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).split("\n")
        raise RuntimeError(f"{tool}: {said[0] if tool in ('gcc', 'g++', 'rustc') else said[-1]}")
    return done.stdout


def _tool(*names: str) -> str:
    found = next((path for path in map(shutil.which, names) if path), None)
    if found is None:
        raise Missing(f"no {names[0]}")
    return found


def _version(path: str, option: str = "--version") -> str:
    done = subprocess.run([path, option], capture_output=True, text=True, timeout=60, check=False)
    found = re.search(r"\d+\.\d+(\.\d+)*", done.stdout)
    return found.group(0) if found and not done.returncode else _UNKNOWN


def _numbers(text: str) -> Array:
    return np.array([float(word) for word in text.split()])


def _rows(columns: Columns) -> list[list[float]]:
    return np.stack(list(columns.values()), axis=1).tolist() if columns else []


def _lines(columns: Columns) -> str:
    return "".join(" ".join(map(repr, row)) + "\n" for row in _rows(columns))


def python(text: str, columns: Columns, folder: Path) -> tuple[str, Array]:
    """A python file with ``predict`` or a sympy ``expr``."""
    (folder / "program.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-I", "-c", _PYTHON, str(folder / "program.py")]
    said = json.loads(_call("python", command, folder, json.dumps([list(columns), _rows(columns)])).split("\n")[-2])
    if "missing" in said:
        raise Missing(f"no {said['missing']}")
    version = ".".join(map(str, sys.version_info[:3]))
    packages = "".join(f", {name} {number}" for name, number in said["with"].items())
    return f"python {version}{packages}", np.array(said["values"])


_C_MAIN = """
#include <stdio.h>
int main(void) {
    double v[NUMBER];
    for (;;) {
        for (int i = 0; i < NUMBER; i++) if (scanf("%lf", v + i) != 1) return 0;
        printf("%.17g\\n", predict(ARGUMENTS));
    }
}
"""


def _compiled(tool: str, suffix: str, flags: list[str]) -> Runner:
    def run(text: str, columns: Columns, folder: Path) -> tuple[str, Array]:
        path = _tool(tool)
        arguments = ", ".join(f"v[{i}]" for i in range(len(columns)))
        main = _C_MAIN.replace("NUMBER", str(len(columns))).replace("ARGUMENTS", arguments)
        (folder / f"program{suffix}").write_text(text + main, encoding="utf-8")
        _call(tool, [path, f"program{suffix}", *flags, "-o", "program", "-lm"], folder)
        version = _version(path, "-dumpfullversion")
        return f"{tool} {version}", _numbers(_call(tool, [str(folder / "program")], folder, _lines(columns)))

    return run


_RUST_MAIN = """
fn main() {
    let text = std::io::read_to_string(std::io::stdin()).unwrap();
    for line in text.lines() {
        let v: Vec<f64> = line.split(' ').map(|word| word.parse().unwrap()).collect();
        println!("{:e}", predict(ARGUMENTS));
    }
}
"""


def rust(text: str, columns: Columns, folder: Path) -> tuple[str, Array]:
    """A Rust file with ``predict``."""
    path = _tool("rustc")
    version = _version(path)
    if version == _UNKNOWN:
        raise Missing("rustc does not start (rustup without a default toolchain?)")
    main = _RUST_MAIN.replace("ARGUMENTS", ", ".join(f"v[{i}]" for i in range(len(columns))))
    (folder / "program.rs").write_text(text + main, encoding="utf-8")
    _call("rustc", [path, "--edition", "2021", "program.rs", "-o", "program"], folder)
    values = _numbers(_call("rustc", [str(folder / "program")], folder, _lines(columns)))
    return f"rustc {version}", values


def sql(text: str, columns: Columns, folder: Path) -> tuple[str, Array]:
    """A query on the table ``data``, in sqlite."""
    import sqlite3

    if len({name.lower() for name in columns}) < len(columns):
        raise Missing("sqlite takes names that differ only in case for one column")
    with sqlite3.connect(":memory:") as base:
        base.execute(f"CREATE TABLE data ({', '.join(_quoted(name) for name in columns)})")
        base.executemany(f"INSERT INTO data VALUES ({', '.join('?' * len(columns))})", _rows(columns))
        try:
            values = [row[-1] for row in base.execute(text)]
        except sqlite3.OperationalError as error:
            if "no such function" in str(error):
                raise Missing(f"this sqlite has {error}") from None
            raise RuntimeError(f"sqlite: {error}") from None
    return f"sqlite {sqlite3.sqlite_version}", np.array([np.nan if value is None else value for value in values], dtype=float)


def _quoted(name: str) -> str:
    return f'"{name}"'


def matlab(text: str, columns: Columns, folder: Path) -> tuple[str, Array]:
    """A function file, in Octave."""
    path = _tool("octave-cli", "octave")
    (folder / "predict.m").write_text(text, encoding="utf-8")
    (folder / "points.txt").write_text(_lines(columns), encoding="utf-8")
    arguments = ", ".join(f"v(:, {i})" for i in range(1, len(columns) + 1))
    code = f"v = load('points.txt'); printf('%.17g\\n', predict({arguments}));"
    return f"octave {_version(path)}", _numbers(_call("octave", [path, "--quiet", "--no-gui", "--eval", code], folder))


def julia(text: str, columns: Columns, folder: Path) -> tuple[str, Array]:
    """A file with ``predict``, in Julia."""
    path = _tool("julia")
    arguments = ", ".join(f"v[{i}]" for i in range(1, len(columns) + 1))
    main = f"for line in eachline(stdin)\n    v = parse.(Float64, split(line))\n    println(predict({arguments}))\nend\n"
    (folder / "program.jl").write_text(text + main, encoding="utf-8")
    values = _numbers(_call("julia", [path, "--startup-file=no", "program.jl"], folder, _lines(columns)))
    return f"julia {_version(path)}", values


def wolfram(text: str, columns: Columns, folder: Path) -> tuple[str, Array]:
    """A file with ``predict``, in wolframscript."""
    path = _tool("wolframscript")
    rows = ", ".join("{" + ", ".join(repr(v).replace("e", "*^") for v in row) + "}" for row in _rows(columns))
    main = f"\nScan[Print[CForm[N[predict @@ #]]] &, {{{rows}}}]\n"
    (folder / "program.wl").write_text(text + main, encoding="utf-8")
    return f"wolframscript {_version(path)}", _numbers(_call("wolframscript", [path, "-file", "program.wl"], folder))


def excel(text: str, columns: Columns, folder: Path) -> tuple[str, Array]:
    """A sheet with the formula in its last column, worked out by LibreOffice."""
    path = _tool("soffice", "libreoffice")
    (folder / "sheet.csv").write_text(text, encoding="utf-8")
    # Separator, quote, UTF-8, first line, formats, language, quote all, numbers, as shown, formulas, trim, sheet, evaluate.
    read = "CSV:44,34,76,1,,1033,false,true,false,false,false,0,true"
    write = "csv:Text - txt - csv (StarCalc):44,34,76,1,,1033,false,true,false"
    profile = f"-env:UserInstallation=file://{folder / 'profile'}"
    command = [path, profile, "--headless", f"--infilter={read}", "--convert-to", write, "--outdir", "out", "sheet.csv"]
    _call("libreoffice", command, folder)
    with (folder / "out" / "sheet.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.reader(file) if len(row) > len(columns) and not row[0].startswith("#")][1:]
    try:
        values = [float(row[len(columns)]) for row in rows]
    except ValueError as error:
        raise RuntimeError(f"libreoffice: {error}") from None
    return f"libreoffice {_version(path)}", np.array(values)


def stored(text: str, columns: Columns, folder: Path) -> tuple[str, Array]:
    """The tree in a JSON file, read back."""
    return "kandisco", evaluate(from_json(json.loads(text)["formulas"][0]["tree"]), columns)


RUNNERS: Mapping[str, Runner] = {
    ".py": python,
    ".c": _compiled("gcc", ".c", ["-std=gnu11"]),
    ".cpp": _compiled("g++", ".cpp", ["-std=c++17"]),
    ".rs": rust,
    ".sql": sql,
    ".m": matlab,
    ".jl": julia,
    ".wl": wolfram,
    ".csv": excel,
    ".json": stored,
}
