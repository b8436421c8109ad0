"""`apitrail witness`."""

from __future__ import annotations

from pathlib import Path

import click

from apitrail import places
from apitrail.cli.log_format import with_log
from apitrail.log_lines import Log


@click.command("witness")
@click.option("--listen", metavar="HOST:PORT", default="127.0.0.1:8485", show_default=True, help="Listen here; port 0 takes a free one.")  # fmt: skip
@click.option("--state", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Where its keys and its memory are; made at the first start. Never start it from an older copy.")  # fmt: skip
@click.option("--log", "logs", multiple=True, required=True, metavar="VKEY", help="Cosign the log with this verifier key, or with the one in this file. May be repeated; a second key of one log counts too.")  # fmt: skip
@click.option("--name", metavar="NAME", help="Its name, like a URL without the scheme, such as example.com/witness. It is chosen at the first start, and stays.")  # fmt: skip
@click.option("--host", "names", multiple=True, metavar="NAME", help="A further name by which logs may call a witness that listens on this machine alone. May be repeated.")  # fmt: skip
@with_log()
def witness_command(
    listen: str, state: Path, logs: tuple[str, ...], name: str | None, names: tuple[str, ...],
    log: Log,
) -> None:  # fmt: skip
    """Witness logs: cosign each newer checkpoint that is shown to continue the older one.

    It prints its own verifier keys, one of Ed25519 and one of ML-DSA-44, for the policies of those
    who trust it. It speaks C2SP tlog-witness and keeps no more than the newest checkpoint of a log.
    """
    from apitrail.address import Address
    from apitrail.evidence.known_logs import key_text
    from apitrail.evidence.witness.witness import Witness
    from apitrail.web import witness_app

    address = Address.parse(listen)
    found = Witness.open(
        state, [key_text(each) for each in logs], name=name, clock=lambda: places.clock() // 1000
    )
    try:
        for vkey in found.vkeys:
            click.echo(vkey)
        witness_app.serve(found, address, names=names, say=log)
    finally:
        found.close()
