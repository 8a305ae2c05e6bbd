from tests.api.agents.test_comparing import *  # noqa: F403
