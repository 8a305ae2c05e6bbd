"""An OpenID issuer as a process of its own, that does what a test asks: sign any claims, rotate its key.

python -m tests.fakes.issuer PORT
"""

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.e2e.installation import free_base


class _Keys:
    def __init__(self) -> None:
        self.rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.ec = ec.generate_private_key(ec.SECP256R1())
        self.number = 1

    def rotate(self) -> None:
        self.rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.number += 1

    def published(self) -> dict[str, Any]:
        entries = [
            {**jwt.algorithms.RSAAlgorithm.to_jwk(self.rsa.public_key(), as_dict=True), "kid": f"rsa-{self.number}"},
            {**jwt.algorithms.ECAlgorithm.to_jwk(self.ec.public_key(), as_dict=True), "kid": "ec"},
        ]
        return {"keys": entries}

    def sign(self, claims: dict[str, Any], algorithm: str) -> str:
        if algorithm == "RS256":
            return jwt.encode(claims, self.rsa, algorithm, {"kid": f"rsa-{self.number}"})
        if algorithm == "ES256":
            return jwt.encode(claims, self.ec, algorithm, {"kid": "ec"})
        return jwt.encode(claims, "" if algorithm == "none" else "s" * 64, algorithm, {"kid": f"rsa-{self.number}"})


class _Handler(BaseHTTPRequestHandler):
    keys: _Keys

    def do_GET(self) -> None:
        issuer = f"http://{self.headers['Host']}"
        if self.path == "/.well-known/openid-configuration":
            self._answer({"issuer": issuer, "jwks_uri": f"{issuer}/keys"})
        else:
            self._answer(self.keys.published())

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/rotate":
            self.keys.rotate()
            self._answer({})
        else:
            self._answer({"token": self.keys.sign(asked["claims"], asked["algorithm"])})

    def _answer(self, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        return


class Issuer:
    """The process from outside. `url` is its exact `iss`."""

    def __init__(self, port: int, audience: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._port = port
        self._audience = audience

    def token(self, algorithm: str = "RS256", **changes: Any) -> str:
        """A token for `audience`, good for 15 minutes; `changes` replace claims, None leaves one out."""
        now = int(time.time())
        claims = {"iss": self.url, "sub": "alice", "aud": self._audience, "iat": now, "exp": now + 900, **changes}
        claims = {name: value for name, value in claims.items() if value is not None}
        return str(self._post("/token", {"claims": claims, "algorithm": algorithm})["token"])

    def rotate(self) -> None:
        self._post("/rotate", {})

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            connection.request("POST", path, json.dumps(body))
            found: dict[str, Any] = json.loads(connection.getresponse().read())
            return found
        finally:
            connection.close()


@contextmanager
def issuer_process(audience: str) -> Iterator[tuple[Issuer, "subprocess.Popen[bytes]"]]:
    """The issuer, answering; killed at the end."""
    port = free_base()
    process = subprocess.Popen([sys.executable, "-m", "tests.fakes.issuer", str(port)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        assert process.stdout.readline()
        yield Issuer(port, audience), process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


if __name__ == "__main__":
    _Handler.keys = _Keys()
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), _Handler)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    server.serve_forever()
