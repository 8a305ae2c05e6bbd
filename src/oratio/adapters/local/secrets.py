"""Secrets of this machine in files only its owner can read."""

import os
import secrets
import stat
from pathlib import Path

from oratio.errors import Unavailable
from oratio.ports.secrets import SecretName, Secrets

_BYTES = 32


def secret_file(path: Path) -> bytes:
    """The secret in a file; made once, by whichever process comes first.

    Raises:
        Unavailable: The file can be read by others, or is not one this made.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise Unavailable(f"{path.name} can be read by others", hint=f"chmod 600 {path.name} in the data folder's keys")
    data = path.read_bytes()
    if len(data) != _BYTES:
        raise Unavailable(f"{path.name} is damaged", hint="restore it from a backup")
    return data


class SecretFiles(Secrets):
    """One file a secret in one folder, made when first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: SecretName) -> bytes:
        return secret_file(self._folder / name)
