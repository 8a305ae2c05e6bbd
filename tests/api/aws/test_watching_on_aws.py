from tests.api.agents.test_agent_events import *  # noqa: F403
