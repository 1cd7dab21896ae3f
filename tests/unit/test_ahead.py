"""Items keep their order, are made in time, no more of them than asked for; errors arrive."""

import threading
import time

import pytest

from signl.ahead import ahead


def test_items_keep_their_order():
    assert list(ahead(range(100), 3)) == list(range(100))
    assert list(ahead([])) == []


def test_items_are_made_while_others_are_in_use():
    made = threading.Semaphore(0)

    def items():
        for number in range(3):
            yield number
            made.release()

    taken = ahead(items(), 2)
    assert next(taken) == 0
    # The second is there without being asked for, or this would wait for ever.
    assert made.acquire(timeout=10)
    assert list(taken) == [1, 2]


def test_no_more_are_held_than_asked_for():
    n_made = 0

    def items():
        nonlocal n_made
        for _ in range(50):
            n_made += 1
            yield n_made

    taken = ahead(items(), 2)
    assert next(taken) == 1
    time.sleep(0.2)
    assert n_made == 3
    taken.close()
    assert n_made <= 4


def test_an_error_stands_in_the_place_of_its_item():
    def items():
        yield 1
        raise ValueError("the second")

    taken = ahead(items(), 5)
    assert next(taken) == 1
    with pytest.raises(ValueError, match="the second"):
        next(taken)


def test_items_are_made_in_another_thread():
    (made_in,) = ahead(threading.current_thread().name for _ in range(1))
    assert made_in.startswith("ahead")
