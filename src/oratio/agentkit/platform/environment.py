"""What the environment of an agent's runtime is called; never a secret, as GetAgentRuntime shows it."""

MODEL = "ORATIO_AGENT_MODEL"
ENGINE_ID = "ORATIO_AGENT_KNOWLEDGE_BASE"
KIND = "ORATIO_AGENT_KNOWLEDGE_KIND"
VERSION = "ORATIO_AGENT_VERSION"
