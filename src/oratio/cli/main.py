"""Entry point of the `oratio` command."""

import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from oratio.cli.output import USAGE_ERROR, warn
from oratio.errors import OratioError

app = typer.Typer(
    name="oratio",
    help="Turn a folder of documents and a standard operating procedure into a working agent, and host it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _oratio(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Declare the flag for `--help`; `run` reads it at any place of the command line."""


_MODULES = (
    *("machine.up", "machine.run", "machine.status", "agents.agents", "agents.compare", "keys", "webhooks"),
    *("machine.backup", "calls.ask", "agents.explain", "sop", "calls.talk", "calls.listen", "machine.local"),
    *("machine.doctor", "aws.commands"),
)
for _module in _MODULES:
    import_module(f"oratio.cli.{_module}").register(app)


def run() -> None:
    """Run the command line; every error is one line on stderr, with exit code 1, or 2 for a usage error."""
    arguments = sys.argv[1:]
    debug = "--debug" in arguments
    sys.exit(invoke([argument for argument in arguments if argument != "--debug"], debug=debug))


def invoke(arguments: list[str], *, debug: bool = False) -> int:
    """Run one command line.

    Returns:
        The exit code.
    """
    try:
        result: Any = app(arguments, prog_name="oratio", standalone_mode=False)
    except TyperException as error:
        return _usage(error)
    except (KeyboardInterrupt, typer.Abort):
        warn("interrupted")
        return 130
    except BrokenPipeError:
        # The reader of our output has closed it (`oratio ... | head`): nothing is left to write to.
        sys.stderr.close()
        return 1
    except OratioError as error:
        if debug:
            raise
        warn(str(error))
        return 1
    except Exception as error:  # the edge of the process
        if debug:
            raise
        warn(f"unexpected {type(error).__name__}: {error}: run again with --debug to see where")
        return 1
    return result if isinstance(result, int) else 0


def _usage(error: TyperException) -> int:
    message = error.format_message()
    if type(error).__name__ == "NoArgsIsHelpError":
        sys.stdout.write(message + "\n")
        return USAGE_ERROR
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "oratio"
    warn(f"{message.rstrip('.')}: see `{path} --help`")
    return USAGE_ERROR


if __name__ == "__main__":
    run()
