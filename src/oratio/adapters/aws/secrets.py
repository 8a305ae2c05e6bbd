"""The server's own secrets on AWS: in Secrets Manager, or in a folder that the platform mounts."""

import hashlib
import threading
from pathlib import Path

from oratio.adapters.aws.session import AwsSession, translated
from oratio.errors import CloudRefused, NotFound
from oratio.ports.secrets import SecretName, Secrets

LEAST_BYTES = 32


def derived(given: bytes, what: str) -> bytes:
    """The 32 bytes that a secret's value stands for: itself, or (longer text, as AWS generates) its SHA-256.

    Raises:
        CloudRefused: It is too short to be one.
    """
    if len(given) < LEAST_BYTES:
        mend = f"give it at least {LEAST_BYTES} random characters; changing it later ends every key made with it"
        raise CloudRefused(f"{what} is too short to be a secret", reason="ShortSecret", hint=mend)
    return given if len(given) == LEAST_BYTES else hashlib.sha256(given).digest()


class SecretsManager(Secrets):
    """One secret a name, `<prefix><name>`; each is fetched once a process.

    Never made here: two processes could make two. The CloudFormation template makes them.
    """

    def __init__(self, session: AwsSession, prefix: str) -> None:
        self._session = session
        self._prefix = prefix
        self._lock = threading.Lock()
        self._known: dict[SecretName, bytes] = {}

    def get(self, name: SecretName) -> bytes:
        with self._lock:
            if name not in self._known:
                self._known[name] = self._fetch(f"{self._prefix}{name}")
            return self._known[name]

    def _fetch(self, secret_id: str) -> bytes:
        what = f"the secret {secret_id}"
        try:
            with translated(what):
                found = self._session.client("secretsmanager", "data").get_secret_value(SecretId=secret_id)
        except NotFound:
            mend = "make it (`oratio aws deploy`), or check ORATIO_SECRETS_PREFIX and ORATIO_AWS_REGION"
            raise CloudRefused(f"{what} is not there", reason="ResourceNotFound", hint=mend) from None
        value = found.get("SecretBinary") or found.get("SecretString", "").encode()
        return derived(value, what)


class MountedSecrets(Secrets):
    """One file a name in a folder of the orchestrator's; its rights are the orchestrator's business."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: SecretName) -> bytes:
        path = self._folder / name
        try:
            value = path.read_bytes()
        except OSError as error:
            mend = "mount it there, or check ORATIO_SECRETS_FOLDER"
            message = f"the secret {path} cannot be read ({error.strerror})"
            raise CloudRefused(message, reason=type(error).__name__, hint=mend) from None
        return derived(value.strip(b"\n"), f"the secret {path}")
