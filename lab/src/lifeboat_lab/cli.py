# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the command line of ``lifeboat-lab``: serve, run, env, shop, dark, snapshots."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path
from typing import Any

from lifeboat_lab.client import Lab, ask
from lifeboat_lab.home import LOOPBACK, Home, HomeError, Role
from lifeboat_lab.settings import DEFAULT_SCALE, BadRequest, Settings
from lifeboat_lab.spelling import unknown


def main(words: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = _parser().parse_args(words)
    try:
        result: int = arguments.work(arguments)
    except (HomeError, BadRequest, LookupError, RuntimeError, ValueError, OSError) as error:
        print(f"lifeboat-lab: {error.args[0] if isinstance(error, LookupError) else error}", file=sys.stderr)
        return 1
    return result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("lifeboat-lab", description="AWS on one machine, with real databases.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_serve(commands)
    _add_run(commands)
    env = commands.add_parser("env", help="print export lines that point AWS clients at an account")
    env.add_argument("account")
    env.set_defaults(work=_env)
    shop = commands.add_parser("shop", help="make the sample databases, or spoil them")
    shop.add_argument("do", choices=("create", "lose-rows", "damage", "beat"))
    shop.add_argument("--account", default="production")
    shop.set_defaults(work=lambda given: _ask("shop", {"do": given.do, "account": given.account}))
    dark = commands.add_parser("dark", help="take an account or a Region away, or give it back")
    dark.add_argument("account", nargs="?")
    dark.add_argument("--region", help="only there; without an account, for everybody")
    dark.add_argument("--off", action="store_true")
    dark.set_defaults(work=_dark)
    snapshots = commands.add_parser("snapshots", help="take automated snapshots now")
    snapshots.add_argument("account")
    snapshots.add_argument("--age", type=float, default=0.0, help="date them this many seconds ago")
    snapshots.set_defaults(work=lambda given: _ask("automated-snapshots", {"account": given.account, "age": given.age}))
    return parser


def _add_serve(commands: Any) -> None:
    serve = commands.add_parser("serve", help="run a lab until it is interrupted")
    _add_lab_options(serve)
    serve.add_argument("--home", type=Path, default=_home())
    serve.add_argument("--lifeline", action="store_true", help="also end when standard input is closed")
    serve.set_defaults(work=_serve)


def _add_run(commands: Any) -> None:
    run = commands.add_parser("run", help="run a command with a lab of its own")
    _add_lab_options(run)
    run.add_argument("command", nargs="+", metavar="-- COMMAND")
    run.set_defaults(work=_run)


def _add_lab_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=0, help="the port, any free one by default")
    parser.add_argument("--scale", type=float, default=DEFAULT_SCALE, help="how much faster than AWS things go")
    parser.add_argument("--duration", action="append", default=[], metavar="NAME=SECONDS")
    parser.add_argument("--role", action="append", default=[], metavar="PROFILE=ACCOUNT/ROLE")
    parser.add_argument("--shop", action="store_true", help="with the sample databases")
    parser.add_argument("--metadata-only", action="store_true", help="no database servers, but every engine name")


def _home() -> Path:
    return Path(os.environ.get("LAB_HOME", ".lab"))


def _settings(arguments: argparse.Namespace) -> Settings:
    settings = Settings()
    settings.update({"scale": arguments.scale, "durations": _durations(arguments.duration)})
    return settings


def _durations(words: list[str]) -> dict[str, float]:
    found = {}
    for word in words:
        name, _equals, value = word.partition("=")
        try:
            found[name] = float(value)
        except ValueError:
            raise BadRequest(f"--duration {word} is not of the form NAME=SECONDS.") from None
    return found


def _serve(arguments: argparse.Namespace) -> int:
    from lifeboat_lab import running

    lab = running.open_lab(
        arguments.home,
        port=arguments.port,
        settings=_settings(arguments),
        roles=[Role.parse(word) for word in arguments.role],
        with_shop=arguments.shop,
        metadata_only=arguments.metadata_only,
    )
    try:
        print(_greeting(lab.service.url, lab.home), flush=True)
        running.wait_for_the_end(lifeline=arguments.lifeline)
    finally:
        lab.close()
    return 0


def _greeting(url: str, home: Home) -> str:
    where = "" if home.folder == Path(".lab").absolute() else f"LAB_HOME={shlex.quote(str(home.folder))} "
    return (
        f"The lab listens on {url}. Stop it with Ctrl-C. In another terminal:\n\n"
        f'    eval "$({where}{shlex.quote(sys.executable)} -m lifeboat_lab env production)"\n'
        f"    aws rds describe-db-instances\n\n"
        f"Accounts: {', '.join(home.read()['accounts'])}. What there is: {url}/_lab/status, lifeboat-lab --help"
    )


def _run(arguments: argparse.Namespace) -> int:
    from lifeboat_lab import foreground

    options: dict[str, Any] = {
        "port": arguments.port,
        "scale": arguments.scale,
        "durations": _durations(arguments.duration),
        "roles": dict(word.partition("=")[::2] for word in arguments.role),
        "shop": arguments.shop,
        "metadata_only": arguments.metadata_only,
    }
    _settings(arguments)
    for word in arguments.role:
        Role.parse(word)
    return foreground.run_with(Lab(**options), arguments.command)


def _env(arguments: argparse.Namespace) -> int:
    home = Home(_home())
    found = home.read()["accounts"]
    if arguments.account not in found:
        raise LookupError(unknown("account", arguments.account, list(found)))
    account = found[arguments.account]
    wanted = {
        "AWS_CONFIG_FILE": str(home.config),
        "AWS_SHARED_CREDENTIALS_FILE": str(home.credentials),
        "AWS_PROFILE": account["profile"],
        "AWS_REGION": account["region"],
        "AWS_DEFAULT_REGION": account["region"],
        "AWS_ENDPOINT_URL": home.read()["url"],
        "LAB_URL": home.read()["url"],
        "LAB_HOME": str(home.folder),
        "LAB_CA": str(home.ca),
        "NO_PROXY": ",".join(filter(None, (os.environ.get("NO_PROXY"), LOOPBACK))),
    }
    print("unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN")
    for name, value in wanted.items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def _dark(arguments: argparse.Namespace) -> int:
    place = {"account": arguments.account, "region": arguments.region}
    return _ask("dark", {name: value for name, value in place.items() if value} | {"dark": not arguments.off})


def _ask(path: str, body: dict[str, Any]) -> int:
    import json

    url = os.environ.get("LAB_URL") or Home(_home()).read()["url"]
    print(json.dumps(ask(url, "POST", path, body), indent=2))
    return 0
