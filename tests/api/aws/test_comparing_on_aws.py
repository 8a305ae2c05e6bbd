from tests.api.test_comparing import *  # noqa: F403
