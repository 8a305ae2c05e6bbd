from tests.api.test_agents import *  # noqa: F403
