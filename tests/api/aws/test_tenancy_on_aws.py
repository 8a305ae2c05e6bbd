from tests.api.test_tenancy import (
    log,
    test_each_call_with_foreign_ids_is_answered_as_with_ids_nobody_has,
    test_two_tenants_never_meet_over_all_calls,
)

__all__ = [
    "log",
    "test_each_call_with_foreign_ids_is_answered_as_with_ids_nobody_has",
    "test_two_tenants_never_meet_over_all_calls",
]
