"""Writes README.md: the table of all results that the scripts here have left in results/."""

from __future__ import annotations

import json

from common import HERE, RESULTS, Row

HEAD = """# Results of the KAN papers, and known laws from real data

Each script here measures some results and prints the paper's figure beside ours; `python benchmarks/papers/write.py` makes
this page from what they left in `results/`. Seconds are CPU seconds on one core, the median over the seeds. A result that was not
reached stays, with the reason; a dash is a result for which no bar was set beforehand.

"""
ANSWERS = {True: "yes", False: "no", None: "-"}


def main() -> None:
    """Write the page."""
    rows = [Row(**item) for path in sorted(RESULTS.glob("*.json")) for item in json.loads(path.read_text(encoding="utf-8"))]
    lines = ["| result | paper | bar | ours | reached | seconds | seeds |", "|---|---|---|---|---|---|---|"]
    lines += [
        f"| {_cell(r.result)} | {_cell(r.paper)} | {_cell(r.bar)} | {_cell(r.ours)} | {ANSWERS[r.reached]} "
        f"| {r.seconds:.3g} | {r.seeds} |"
        for r in rows
    ]
    lines += ["", "## Commands", ""]
    for command in dict.fromkeys(r.command for r in rows):
        lines.append(f"- `{command}`: " + "; ".join(r.result for r in rows if r.command == command))
    if notes := [f"- **{r.result}**: {r.note}" for r in rows if r.note]:
        lines += ["", "## Notes", "", *notes]
    (HERE / "README.md").write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(rows)} results, {sum(r.reached is True for r in rows)} reached")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    main()
