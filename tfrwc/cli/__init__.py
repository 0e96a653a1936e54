"""The command `tfrwc`.

tfrwc summary run.parquet
tfrwc report run*.parquet --against other*.parquet --out report.html
tfrwc study dynamics --out runs/digits

It ends with 0 if all went well, 1 if something of ours went wrong, which one line says,
and 2 if the command line was wrong.
"""

from tfrwc.cli.app import app
from tfrwc.compat.quiet import quiet_backends

__all__ = ["app", "main"]

quiet_backends()  # before one is imported


def main(arguments: list[str] | None = None) -> None:
    """Run the command.

    Args:
        arguments: of the command line; None for those that Python was started with.

    Raises:
        SystemExit: always, with the code above.
    """
    app(arguments, prog_name="tfrwc")
