"""The table of odd and bad files: what each is, and what must come of it. Used for the readers and for the command line."""

from __future__ import annotations

from dataclasses import dataclass

from odd_files import build as b
from odd_files.build import LAW, Build, cells, changed, each, file, packed, scaled, text, with_column


@dataclass(frozen=True, kw_only=True)
class Case:
    """One file.

    Attributes:
        name: what is odd about it.
        build: writes it into a folder, returns its path.
        error: texts that the message must contain (exit code 3), in any order; empty when there must be a result.
        notes: texts that must occur in the notes of the result.
        law: what holds exactly in the data as read, in the names of the columns; empty when nothing does.
        inputs: names of the inputs that must be left.
        rows: how many rows must be left.
        target, features: given on the command line.
    """

    name: str
    build: Build
    error: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    law: str = LAW
    inputs: tuple[str, ...] = ("x", "z")
    rows: int = 40
    target: str = ""
    features: tuple[str, ...] = ()


def _put(row: int, column: int, cell: str) -> Build:
    return changed(lambda rows: rows[row].__setitem__(column, cell))


def _comma(cell: str) -> str:
    return cell.replace(".", ",")


def _grouped(mark: str, point: str) -> list[list[str]]:
    whole = [[round(1000 * v) for v in row] for row in b.numbers()]
    shown = [[f"{x:,}.5", f"{z:,}", f"{3 * x - 2 * z + 1.5:,}"] for x, z, _ in whole]
    return [[cell.replace(",", "_").replace(".", point).replace("_", mark) for cell in row] for row in shown]


_BLANKS = [" ".join(row) for row in cells()]
_LATE_LATIN = text(
    [[*row, "plain" if i < 19_999 else "größer"] for i, row in enumerate(cells(20_000))], ("x", "z", "y", "remark")
)
_RESULTS = (
    Case(name="plain", build=file(text(cells()))),
    Case(
        name="no header",
        build=file(text(cells(), None)),
        notes=("no header", "x1, x2, y"),
        inputs=("x1", "x2"),
        law="3*x1 - 2*x2 + 1",
    ),
    Case(name="semicolons", build=file(text(cells(), sep=";"))),
    Case(name="tabs", build=file(text(cells(), sep="\t"), "odd.tsv")),
    Case(name="tabs in a file called csv", build=file(text(cells(), sep="\t"))),
    Case(name="vertical bars", build=file(text(cells(), sep="|"), "odd.txt")),
    Case(name="blanks", build=file("x   z y\n" + "\n".join(f"  {line}  " for line in _BLANKS) + "\n", "odd.dat")),
    Case(name="header in a comment", build=file("# made by hand\n# x z y\n" + "\n".join(_BLANKS) + "\n", "odd.dat")),
    Case(name="decimal commas", build=each(_comma, sep=";")),
    Case(name="decimal commas between tabs", build=each(_comma, sep="\t")),
    Case(name="decimal commas in quotes", build=each(lambda cell: f'"{_comma(cell)}"')),
    Case(name="byte order mark", build=file(text(cells()), encoding="utf-8-sig")),
    Case(name="UTF-16", build=file(text(cells()), encoding="utf-16")),
    Case(name="UTF-16 without mark", build=file(text(cells()), encoding="utf-16-be")),
    Case(
        name="Latin-1",
        build=file(text(cells(), ("Länge [µm]", "T [°C]", "y")), encoding="latin-1"),
        notes=("Latin-1",),
        inputs=("Lange", "T"),
        law="3*Lange - 2*T + 1",
    ),
    Case(
        name="Latin-1 late in the file", build=file(_LATE_LATIN, encoding="latin-1"), notes=("Latin-1", "'remark'"), rows=20_000
    ),
    Case(name="packed", build=packed(text(cells()))),
    Case(name="line ends of Windows", build=file(text(cells(), end="\r\n"))),
    Case(name="line ends of old", build=file(text(cells(), end="\r"))),
    Case(
        name="integers",
        build=file(text([[str(i * 7 % 41), str(i * 11 % 37), str(3 * (i * 7 % 41) - 2 * (i * 11 % 37) + 1)] for i in range(40)])),
    ),
    Case(name="scientific notation", build=each(lambda cell: f"{float(cell):.4E}" if len(cell) < 7 else cell)),
    Case(name="exponents of Fortran", build=each(lambda cell: f"{float(cell) * 1e4:.0f}D-04")),
    Case(
        name="names with blanks and units",
        build=file(text(cells(), ("arm length [m]", "2nd speed (km/s)", "out put / K"))),
        inputs=("arm_length", "c2nd_speed"),
        law="3*arm_length - 2*c2nd_speed + 1",
    ),
    Case(
        name="Greek names", build=file(text(cells(), ("θ₁", "Δ", "η"))), inputs=("theta1", "Delta"), law="3*theta1 - 2*Delta + 1"
    ),
    Case(
        name="names of functions and keywords",
        build=file(text(cells(), ("sin", "lambda", "E"))),
        inputs=("sin_", "lambda_"),
        law="3*sin_ - 2*lambda_ + 1",
    ),
    Case(
        name="a name twice",
        build=file(text(cells(), ("x", "x", "y"))),
        notes=("Several columns are called 'x'",),
        inputs=("x", "x_2"),
        law="3*x - 2*x_2 + 1",
    ),
    Case(
        name="a nameless column", build=file(text(cells(), ("", "z", "y"))), inputs=("column_1", "z"), law="3*column_1 - 2*z + 1"
    ),
    Case(name="row of units", build=file(text([["m", "kg", "m kg"], *cells()])), notes=("was read as the units",)),
    Case(
        name="row of units below text",
        build=file(text([["", "m", "kg", "m kg"], *(["Ann", *row] for row in cells())], ("who", *b.HEADER))),
        notes=("was read as the units", "'who'"),
    ),
    Case(
        name="lines of an instrument above the table",
        build=file("Spectrometer 7\nDate: 2024-01-01\n\n" + text(cells())),
        notes=("2 lines above the header", "Spectrometer 7"),
    ),
    Case(name="delimiter named by Excel", build=file("sep=;\n" + text(cells(), sep=";"))),
    Case(
        name="columns numbered by pandas",
        build=file(text(cells(), ("0", "1", "2"))),
        notes=("was read as a header",),
        inputs=("c0", "c1"),
        law="3*c0 - 2*c1 + 1",
    ),
    Case(
        name="no header, delimiter at the end",
        build=file(text([[*row, ""] for row in cells()], None)),
        notes=("no header", "x1, x2, y"),
        inputs=("x1", "x2"),
        law="3*x1 - 2*x2 + 1",
    ),
    Case(
        name="three digits behind every comma",
        build=file(
            text(
                [[f"{i},{i * 37 % 1000:03d}", f"{i * i},500", f"{i + i * i},{(i * 37 + 500) % 1000:03d}"] for i in range(1, 14)],
                sep=";",
            )
        ),
        notes=("was read as 1.037",),
        law="x + z",
        rows=13,
    ),
    Case(
        name="mark for missing values",
        build=changed(
            lambda rows: [
                rows[i].__setitem__(1, "-999") or rows[i].__setitem__(2, repr(3 * float(rows[i][0]) + 1999)) for i in (3, 9)
            ]
        ),
        notes=("'z' holds -999 2 times",),
    ),
    Case(name="text column", build=with_column("who", lambda i: "Ann" if i % 2 else "Bob", 1), notes=("holds text: 'who'",)),
    Case(name="dates", build=with_column("day", lambda i: f"2024-01-{i % 28 + 1:02d}", 3), notes=("holds text: 'day'",)),
    Case(
        name="missing cells",
        build=changed(lambda r: (r[3].__setitem__(0, "NA"), r[8].__setitem__(2, ""))),
        notes=("2 of 40 rows",),
        rows=38,
    ),
    Case(
        name="missing marks of all kinds",
        build=changed(lambda r: [r[i].__setitem__(1, m) for i, m in enumerate(("?", "-", "n/a", "Missing", "#DIV/0!"))]),
        notes=("5 of 40 rows",),
        rows=35,
    ),
    Case(name="short row", build=changed(lambda rows: rows[4].pop()), notes=("1 of 40 rows", "row 6"), rows=39),
    Case(name="infinite cell", build=_put(11, 1, "inf"), notes=("infinite", "row 13"), rows=39),
    Case(name="column without a number", build=with_column("w", lambda _: "NaN", 1), notes=("'w': it is empty",)),
    Case(
        name="column mostly missing",
        build=with_column("w", lambda i: str(i * i) if i < 5 else "", 1),
        notes=("35 of its 40 cells",),
    ),
    Case(name="constant column", build=with_column("g", lambda _: "9.81"), notes=("'g': it is constant (9.81)",)),
    Case(name="column twice", build=with_column("copy", lambda i: cells()[i][0], 2), notes=("same numbers as 'x'",)),
    Case(
        name="column in another unit",
        build=with_column("x [cm]", lambda i: repr(100 * b.numbers()[i][0]), 1),
        notes=("linear function of 'x'",),
    ),
    Case(name="column of row numbers", build=with_column("id", lambda i: str(i + 1)), notes=("'id': it numbers the rows",)),
    Case(name="index of pandas", build=with_column("", lambda i: str(i)), notes=("'column_1': it numbers the rows",)),
    Case(
        name="row names of R",
        build=file("x z y\n" + "\n".join(f'"{i + 1}" {line}' for i, line in enumerate(_BLANKS)) + "\n", "odd.txt"),
        notes=("it numbers the rows",),
    ),
    Case(name="tiny numbers", build=scaled(1e-30, 1e-30, 1e-30), law="3*x - 2*z + 1e-30"),
    Case(name="great numbers", build=scaled(1e30, 1e30, 1e30), law="3*x - 2*z + 1e30"),
    Case(name="tiny and great numbers", build=scaled(1e-30, 1e30, 1.0), law="1e30*(3e30*x - 2*z + 1)"),
    Case(
        name="integers beyond 64 bits",
        build=file(text([[f"{i * i}{'0' * 25}", f"{i}{'0' * 25}", f"{i * i + i}{'0' * 25}"] for i in range(1, 41)])),
        law="x + z",
    ),
    Case(
        name="three rows",
        build=file(text([["1", "2", "0"], ["2", "1", "5"], ["4", "3", "7"]])),
        notes=("Only 3 rows", "probability"),
        rows=3,
    ),
    Case(name="rows twice", build=file(text(cells(20) * 2))),
    Case(name="200 columns", build=b.wide, inputs=("x", "z", *(f"n{i}" for i in range(197))), rows=60),
    Case(
        name="comments and blank lines",
        build=file("# a remark\n\n" + text([*cells()[:5], ["# half time"], [], *cells()[5:]]) + "\n\n# end\n"),
    ),
    Case(name="quoted cells", build=file(text([[f'"{cell}"' for cell in row] for row in cells()], ('"x"', '"z"', '"y"')))),
    Case(
        name="comma in a quoted name",
        build=file(text(cells(), ('"x, east"', "z", "y"))),
        inputs=("x_east", "z"),
        law="3*x_east - 2*z + 1",
    ),
    Case(name="delimiter at the end of lines", build=file(text([[*row, ""] for row in cells()], (*b.HEADER, "")))),
    Case(name="delimiter at the end of rows only", build=file(text([[*row, ""] for row in cells()]))),
    Case(name="blanks around cells", build=each(lambda cell: f"  {cell} ")),
    Case(name="thousands", build=file(text([[f'"{c}"' for c in row] for row in _grouped(",", ".")])), law="3*x - 2*z"),
    Case(name="thousands with points", build=file(text(_grouped(".", ","), sep=";")), law="3*x - 2*z"),
    Case(name="thousands with blanks", build=file(text(_grouped("\u202f", "."), sep=";")), law="3*x - 2*z"),
    Case(
        name="percent signs", build=changed(lambda rows: [row.__setitem__(1, f"{row[1]} %") for row in rows]), notes=("percent",)
    ),
    Case(name="minus signs of typesetters", build=each(lambda cell: cell.replace("-", "\u2212"))),
    Case(
        name="true and false",
        build=file(text([[x, str(i % 3 == 0), repr(float(x) + (i % 3 == 0))] for i, (x, _, _) in enumerate(cells())])),
        notes=("True and False",),
        law="x + z",
    ),
    Case(
        name="constant target",
        build=changed(lambda rows: [row.__setitem__(2, "7") for row in rows]),
        notes=("target 'y' is constant",),
        law="7",
    ),
    Case(
        name="stray text in a column not asked for",
        build=with_column("w", lambda i: "oops" if i == 30 else str(i * i)),
        features=("x", "z"),
    ),
    Case(
        name="target by its bare name",
        build=file(text([[y, x, z] for x, z, y in cells()], ("y [m]", "x", "z"))),
        target="y",
    ),
    Case(name="numpy archive", build=b.archive),
)
_ERRORS = (
    Case(name="two rows", build=file(text(cells(2))), error=("odd.csv", "2 usable rows", "at least 3")),
    Case(name="no rows", build=file("x,z,y\n"), error=("odd.csv", "no rows")),
    Case(name="empty file", build=file(""), error=("odd.csv", "empty")),
    Case(name="blank lines only", build=file("\n\n  \n"), error=("odd.csv", "empty")),
    Case(name="comments only", build=file("# nothing\n# at all\n"), error=("odd.csv", "comments only")),
    Case(name="binary junk", build=file(bytes(i * 73 % 256 for i in range(5000))), error=("odd.csv", "not a text table")),
    Case(name="a workbook called csv", build=file(b"PK\x03\x04" + bytes(200)), error=("odd.csv", "Excel", "suffix")),
    Case(name="a directory", build=b.directory, error=("odd.csv", "directory")),
    Case(name="a missing file", build=b.nothing, error=("dta.csv", "no file", "data.csv")),
    Case(name="a damaged archive", build=packed(text(cells()), 60), error=("odd.csv.gz", "damaged")),
    Case(
        name="a long row", build=changed(lambda rows: rows[20].append("5")), error=("odd.csv", "row 22", "4 cells", "3 columns")
    ),
    Case(name="header too short", build=file(text(cells(), ("x", "y"))), error=("odd.csv", "names 2 columns", "3 cells")),
    Case(name="text in row 37", build=_put(35, 1, "broken"), error=("odd.csv", "row 37", "'z'", "'broken'", "NA")),
    Case(name="text in row 37 of the target", build=_put(35, 2, "12 m"), error=("odd.csv", "row 37", "'y'", "'12 m'")),
    Case(name="nothing but text", build=file("a,b\n" + "Ann,Bob\n" * 9), error=("odd.csv", "no column of numbers")),
    Case(name="a single column", build=file("y\n1\n2\n3\n5\n"), error=("odd.csv", "no column is left", "'y'")),
    Case(
        name="nothing varies", build=file("x,y\n" + "".join(f"1,{i}\n" for i in range(20))), error=("odd.csv", "'x'", "constant")
    ),
    Case(name="an unknown target", build=file(text(cells())), target="yy", error=("odd.csv", "'yy'", "Did you mean 'y'")),
    Case(name="an unknown feature", build=file(text(cells())), features=("x", "mass"), error=("odd.csv", "'mass'", "x, z, y")),
    Case(name="target among the features", build=file(text(cells())), target="y", features=("x", "y"), error=("'y'", "at once")),
    Case(
        name="a target of text",
        build=with_column("who", lambda i: "Ann", 3),
        target="who",
        error=("odd.csv", "'who'", "'Ann'", "row 2"),
    ),
    Case(
        name="a gap in every row",
        build=changed(lambda r: [row.__setitem__(i % 2 * 2, "") for i, row in enumerate(r)]),
        error=("odd.csv", "0 usable rows", "40 of 40"),
    ),
    Case(name="an open quotation mark", build=_put(7, 1, '"4'), error=("odd.csv", "row 9", "quotation mark")),
    Case(name="an archive of objects", build=b.archive_of_objects, error=("odd.npz", "objects")),
)
CASES = tuple(_RESULTS + _ERRORS)
