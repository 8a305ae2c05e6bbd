from tests.api.access.test_access import *  # noqa: F403

del test_the_system_says_plainly_what_answers  # noqa: F821 - no console is started beside an API on AWS
