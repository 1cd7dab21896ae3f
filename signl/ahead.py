"""Work that is done ahead in a thread, so that what takes its results never waits for it."""

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

Item = TypeVar("Item")
_END: Final = object()


def ahead(items: Iterable[Item], n_ahead: int = 1) -> Generator[Item, None, None]:
    """Yield items in their order, made in a thread before they are asked for.

    Parameters
    ----------
    items : iterable
        Where its items are made, that is done in the thread; an error there is raised here, in
        the place of the item.
    n_ahead : int
        Items that are made ahead, at most: so many are held beside the one in use.
    """
    source = iter(items)
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as pool:
        # The end is an item too: a StopIteration does not pass through a generator.
        pending: deque[Future[Item | object]] = deque(
            pool.submit(next, source, _END) for _ in range(n_ahead)
        )
        while (item := pending.popleft().result()) is not _END:
            pending.append(pool.submit(next, source, _END))
            yield item  # type: ignore[misc]
