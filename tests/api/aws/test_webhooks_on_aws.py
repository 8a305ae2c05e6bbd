from tests.api.test_webhooks import *  # noqa: F403
