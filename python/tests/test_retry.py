"""Tries and delays, without waiting for any of them."""

import pytest

from demo.errors import ArrowLinkError, Kind
from demo.retry import Deadline, Retry


class Attempts:
    """Fails a given number of times, then answers."""

    def __init__(self, failures: int, error: ArrowLinkError) -> None:
        self.failures = failures
        self.error = error
        self.made = 0

    def __call__(self) -> str:
        self.made += 1
        if self.made <= self.failures:
            raise self.error
        return "answer"


UNAVAILABLE = ArrowLinkError(Kind.UNAVAILABLE, "away")


def check_fails(attempts: Attempts, made: int, *, retries: int = 3, seconds: float = 60) -> None:
    with pytest.raises(ArrowLinkError) as caught:
        Retry(retries, sleep=lambda _: None).run(Deadline.after(seconds), attempts)
    assert caught.value is attempts.error
    assert attempts.made == made


def test_answer_after_two_failures() -> None:
    slept: list[float] = []
    attempts = Attempts(2, UNAVAILABLE)
    assert Retry(3, sleep=slept.append).run(Deadline.after(60), attempts) == "answer"
    assert attempts.made == 3
    assert 0.05 <= slept[0] <= 0.1 <= slept[1] <= 0.2


def test_last_error_when_the_tries_are_used_up() -> None:
    check_fails(Attempts(99, UNAVAILABLE), made=4)


def test_no_retries_is_one_try() -> None:
    check_fails(Attempts(99, UNAVAILABLE), made=1, retries=0)


def test_last_error_when_the_time_is_used_up() -> None:
    check_fails(Attempts(99, UNAVAILABLE), made=1, seconds=0)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.UNAVAILABLE])
def test_only_unavailable_is_tried_again(kind: Kind) -> None:
    check_fails(Attempts(99, ArrowLinkError(kind, "no")), made=1)


def test_unavailable_that_does_not_mend_itself_is_not_tried_again() -> None:
    check_fails(Attempts(99, ArrowLinkError(Kind.UNAVAILABLE, "bad certificate", retryable=False)), made=1)


def test_delays_grow_to_a_limit_and_are_spread() -> None:
    retry = Retry(first_delay=0.1, max_delay=1.0)
    for tried, longest in enumerate([0.1, 0.2, 0.4, 0.8, 1.0, 1.0]):
        delays = {retry.delay(tried) for _ in range(50)}
        assert len(delays) > 1
        assert all(longest / 2 <= delay <= longest for delay in delays)
