"""`pos-bridge salvage`."""

import os
import time
from pathlib import Path

import click

from bridge.ledger import LedgerError


@click.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
def salvage(directory: Path) -> None:
    """Rebuild a damaged ledger.

    DIRECTORY is the ledger's; the bridge must be stopped. What can be read goes into a sound file;
    the damaged one stays beside it as ledger.sqlite3.damaged.
    What is lost is listed, one row a line; exit status 1 if there is any.
    """
    from bridge.ledger.ledger import FILE_NAME, claim  # noqa: PLC0415
    from bridge.ledger.salvage import salvage as save  # noqa: PLC0415

    try:
        lock = claim(directory)
        try:
            tables = save(directory.absolute() / FILE_NAME, time.time())
        finally:
            os.close(lock)
    except (LedgerError, OSError) as error:
        raise click.ClickException(f"nothing was changed: {error}") from error
    for table in tables:
        click.echo(f"{table.table}: {table.rows} rows saved, {len(table.lost)} lost")
        for row in table.lost:
            click.echo(f"  lost: {table.table} {row}")
    raise SystemExit(1 if any(table.lost for table in tables) else 0)
