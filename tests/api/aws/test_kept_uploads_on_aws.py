from tests.api.test_kept_uploads import *  # noqa: F403
