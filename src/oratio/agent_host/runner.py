"""What a confined process does: receive its agent over the control socket, load it, serve it."""

import asyncio
import base64
import logging
import socket
from typing import Any

import uvicorn
from bedrock_agentcore.runtime import BedrockAgentCoreApp

from oratio.agentkit.app import create_app
from oratio.agentkit.definition import AgentDefinition, BadDefinition
from oratio.agentkit.platform.framing import encode, receive_frame
from oratio.agentkit.platform.gateway import Gateway

EXIT_BAD_DEFINITION = 3
BOOT_TIMEOUT_S = 10.0


def run(task: str, listening: socket.socket, control: socket.socket) -> int:
    """Serve an agent until stopped, or answer the escape probes; returns the exit status."""
    if task == "probe":
        from oratio.agent_host.probes.attempts import attempt_all

        control.sendall(encode({"probes": attempt_all()}))
        return 0
    control.settimeout(BOOT_TIMEOUT_S)
    boot = receive_frame(control)
    if boot is None:
        return EXIT_BAD_DEFINITION
    try:
        app = create_app(_definition(boot), Gateway(control))
    except BadDefinition as error:
        control.sendall(encode({"status": "failed", "reason": str(error)}))
        return EXIT_BAD_DEFINITION
    logging.getLogger("bedrock_agentcore").setLevel(logging.WARNING)
    asyncio.run(_serve(app, listening, control))
    return 0


def boot_frame(code: bytes, prompt: bytes, plan: bytes, model: str) -> bytes:
    """What `run` expects first on the control socket."""
    files = {"code": code, "prompt": prompt, "plan": plan}
    return encode({"model": model, **{name: base64.b64encode(data).decode() for name, data in files.items()}})


def _definition(boot: dict[str, Any]) -> AgentDefinition:
    code, prompt, plan = (base64.b64decode(boot[name]) for name in ("code", "prompt", "plan"))
    return AgentDefinition.read(code=code, prompt=prompt, plan=plan, model=boot["model"])


async def _serve(app: BedrockAgentCoreApp, listening: socket.socket, control: socket.socket) -> None:
    config = uvicorn.Config(
        app, loop="asyncio", http="h11", ws="none", lifespan="off", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    control.sendall(encode({"status": "ready"}))  # the socket listens already: who connects now waits in its queue
    await server.serve(sockets=[listening])
