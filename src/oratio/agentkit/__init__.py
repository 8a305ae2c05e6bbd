"""Runtime library of generated agents. Imports nothing else of Oratio, and is zipped as it is for AgentCore."""

from oratio.agentkit.context import AgentContext

__all__ = ["AgentContext"]
