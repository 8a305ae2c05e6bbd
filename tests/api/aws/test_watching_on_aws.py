from tests.api.test_watching import *  # noqa: F403
