import pytest

from oratio.token_bucket import KeyedBuckets, TokenBucket


def test_a_bucket_lets_a_burst_through_and_then_the_rate() -> None:
    bucket = TokenBucket(10, 20, 0)
    assert sum(bucket.take(1, 0) for _ in range(30)) == 20
    assert bucket.wait_s(1, 0) == pytest.approx(0.1)
    assert sum(bucket.take(1, 1_000) for _ in range(30)) == 10


def test_a_bucket_lets_its_rate_through_whatever_the_spacing() -> None:
    buckets = KeyedBuckets(1, 60)
    let_through = sum(buckets.take("name", number * 500) for number in range(600))
    assert 300 + 58 <= let_through <= 300 + 60


@pytest.mark.parametrize("per_minute", [1, 5, 7, 100, 1_200])
def test_what_fits_after_the_wait_that_was_named_is_let_through(per_minute: int) -> None:
    bucket = TokenBucket(per_minute / 60, per_minute, 1_234.5)
    now_ms = 1_234.5
    for _ in range(per_minute):
        assert bucket.take(1, now_ms)
    assert not bucket.take(1, now_ms)
    assert bucket.take(1, now_ms + bucket.wait_s(1, now_ms) * 1000)


def test_a_clock_that_goes_back_gives_nothing() -> None:
    bucket = TokenBucket(1, 1, 10_000)
    assert bucket.take(1, 10_000)
    assert not bucket.take(1, 1_000)
    assert not bucket.take(1, 10_900)


def test_places_in_the_queue_are_evenly_apart() -> None:
    bucket = TokenBucket(50, 1, 0)
    assert [bucket.reserve(1, 0) for _ in range(4)] == pytest.approx([0, 0.02, 0.04, 0.06])
    assert bucket.reserve(1, 1_000) == 0


def test_keys_do_not_share() -> None:
    buckets = KeyedBuckets(1, 1, capacity=2)
    assert [buckets.take(key, 0) for key in ("a", "a", "b")] == [True, False, True]


def test_keys_are_forgotten_before_they_fill_the_memory() -> None:
    buckets = KeyedBuckets(1, 1, capacity=20_000)
    for number in range(30_000):
        assert buckets.take(f"name {number}", 0)
    assert len(buckets) == 20_000
    assert not buckets.take("name 29999", 0)
