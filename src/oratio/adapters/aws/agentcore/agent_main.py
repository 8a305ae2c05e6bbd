"""The `main.py` of an agent's package: AgentCore starts it, it serves the `agent_file.py` next to it."""

import os
from pathlib import Path

from oratio.agentkit.platform.bedrock import serve

if __name__ == "__main__":
    serve(Path(__file__).parent, os.environ)
