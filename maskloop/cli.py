"""The `maskloop` command. Each command's module is loaded when the command is used, so that the rest stays fast."""

import ast
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from engine.errors import MaskloopError

COMMANDS = {
    "up": "maskloop.commands.up:up",
    "link": "maskloop.commands.deployment:link",
    "migrate": "maskloop.commands.deployment:migrate",
    "import": "maskloop.commands.import_images:import_images",
    "tag": "maskloop.commands.tag:app",
    "export": "maskloop.commands.export:export",
    "predict": "maskloop.commands.predict:predict",
    "evaluate": "maskloop.commands.evaluate:evaluate",
    "train": "maskloop.commands.train:train",
    "automask": "maskloop.commands.automask:automask",
    "batch": "maskloop.commands.batch:app",
    "snapshot": "maskloop.commands.snapshot:app",
    "retrain": "maskloop.commands.retrain:app",
    "loop": "maskloop.commands.loop:app",
    "models": "maskloop.commands.models:app",
    "detector": "maskloop.commands.detector:app",
    "simulate": "maskloop.commands.simulate:simulate",
}
"""Command → where its function, or its Typer application of sub-commands, lies."""

MISUSE = 2
INTERRUPTED = 130


class LazyCommands(TyperGroup):
    """A group whose commands are those of `COMMANDS`. Listing them reads their docstrings and imports nothing."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        return TyperCommand(cmd_name, help=_summary(cmd_name)) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        return name, _load(name) if name in COMMANDS else command, rest


def _load(name: str) -> Any:
    """The command itself, its module imported."""
    module, attribute = COMMANDS[name].split(":")
    found: typer.Typer | Callable[..., None] = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        command: Any = typer.main.get_group(found)
    else:
        alone = typer.Typer(add_completion=False, rich_markup_mode="markdown")
        alone.command(name)(found)
        command = typer.main.get_command(alone)
    command.name = name
    return command


def _summary(name: str) -> str:
    """The first paragraph of the docstring of a command's function; of its module where it has sub-commands."""
    module, attribute = COMMANDS[name].split(":")
    spec = find_spec(module)
    assert spec is not None and spec.origin is not None
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    docstring = ast.get_docstring(functions.get(attribute, tree)) or ""
    return docstring.split("\n\n")[0].removeprefix(f"`maskloop {name}`: ")


app = typer.Typer(cls=LazyCommands, add_completion=False, invoke_without_command=True)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"maskloop {version('maskloop')}")
        raise typer.Exit


@app.callback()
def maskloop(
    context: typer.Context,
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """A self-hosted data engine for image segmentation: annotate with a model in the loop.

    Begin with: maskloop up
    """
    if context.invoked_subcommand is None:
        print(context.get_help())


def run(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit status; a misuse prints one sentence on stderr and is status 2."""
    try:
        result = app(args=list(arguments), prog_name="maskloop", standalone_mode=False)
    except MaskloopError as error:
        return _complain(str(error), MISUSE)
    except typer.TyperException as error:
        # A group without a command has printed its help and says no more.
        # Typer passes pydantic's word for its kind of error on.
        message = error.format_message().replace("Value error, ", "")
        if message:
            message += "" if message.endswith((".", "?")) else "."
            message += _quoting(error)
            _complain(f"{message} See: {_command_of(error, arguments)} --help", error.exit_code)
        return error.exit_code
    except BrokenPipeError:
        # Whoever read the output has seen enough; let the interpreter's last flush go nowhere.
        sys.stdout = None
        return 1
    except OSError as error:
        if error.filename is None:
            raise
        return _complain(f"{error.filename}: {error.strerror}.", MISUSE)
    except (KeyboardInterrupt, typer.Abort):
        return _complain("Interrupted.", INTERRUPTED)
    return result if isinstance(result, int) else 0


def main() -> None:
    """The entry point of the installed command."""
    sys.exit(run(sys.argv[1:]))


def _complain(message: str, status: int) -> int:
    print(f"maskloop: {message}", file=sys.stderr)
    return status


def _quoting(error: typer.TyperException) -> str:
    """What to do about a word too many, where a name is asked for: names of projects and models may have spaces."""
    context = getattr(error, "ctx", None)
    if context is None or "unexpected extra argument" not in error.format_message():
        return ""
    takes_name = any(param.param_type_name == "argument" for param in context.command.params)
    return " A name with spaces goes in quotes." if takes_name else ""


def _command_of(error: typer.TyperException, arguments: Sequence[str]) -> str:
    """The command that was meant, as one types it."""
    context = getattr(error, "ctx", None)
    if context is not None:
        return context.command_path
    return f"maskloop {arguments[0]}" if arguments and arguments[0] in COMMANDS else "maskloop"
