"""A reader of .template files: one "x y" a line, # starts a comment. Try it: kandisco discover data.template"""

from kandisco import InputError, Table, hookimpl
from kandisco.specs import ReaderSpec


def read(path):
    import numpy as np

    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise InputError(f"{path.name} is not text.", hint="Save it as UTF-8.") from None
    rows = []
    for number, line in enumerate(lines, start=1):
        cells = line.split("#")[0].split()
        if not cells:
            continue
        try:
            x, y = map(float, cells)
        except ValueError:
            raise InputError(f"{path.name}, row {number}: {line.strip()!r} is not two numbers.", hint="Write: x y") from None
        rows.append((x, y))
    if not rows:
        raise InputError(f"{path.name} has no rows.", hint="Write one pair of numbers a line.")
    values = np.array(rows, dtype=np.float64)
    return Table(columns={"x": values[:, 0], "y": values[:, 1]}, source=str(path))


@hookimpl
def kandisco_readers():
    return [ReaderSpec(name="template", suffixes=(".template",), read=read, summary="two columns of numbers")]
