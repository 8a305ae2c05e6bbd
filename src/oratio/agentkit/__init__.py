"""What a generated agent may use of Oratio: its context. Stands alone, and is zipped as it is for AgentCore."""

from oratio.agentkit.context import AgentContext

__all__ = ["AgentContext"]
