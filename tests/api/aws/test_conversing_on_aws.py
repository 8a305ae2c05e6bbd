from tests.api.conversations.test_conversing import *  # noqa: F403
