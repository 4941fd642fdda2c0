"""A sub-command. Try it: kandisco template data.csv"""

from kandisco import hookimpl
from kandisco.specs import CommandSpec


def app():
    import csv
    from pathlib import Path
    from typing import Annotated

    import typer

    command = typer.Typer()

    @command.command()
    def columns(data: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CSV file.")]):
        """Count the rows of a CSV file and name its columns."""
        with data.open(newline="", encoding="utf-8") as lines:
            head, *rows = csv.reader(lines)
        typer.echo(f"{len(rows)} rows of {', '.join(head)}")

    return command


@hookimpl
def kandisco_commands():
    # app is called only when the command is used or its help is shown.
    return [CommandSpec(name="template", app=app, summary="count rows, name columns")]
