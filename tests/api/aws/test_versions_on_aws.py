from tests.api.test_versions import *  # noqa: F403
