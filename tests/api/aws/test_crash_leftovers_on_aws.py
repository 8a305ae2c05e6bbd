from tests.api.agents.test_crash_leftovers import *  # noqa: F403
