from tests.api.agents.test_agents import *  # noqa: F403
