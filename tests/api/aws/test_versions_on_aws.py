from tests.api.agents.test_versions import *  # noqa: F403
