from tests.api.test_crash_leftovers import *  # noqa: F403
