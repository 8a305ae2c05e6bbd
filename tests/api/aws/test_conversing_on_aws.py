from tests.api.test_conversing import *  # noqa: F403
