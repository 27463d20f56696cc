"""Which epochs go when their files take more room on the disk than they may."""

from collections.abc import Collection, Mapping


def to_remove(sizes: Mapping[int, int], budget: float, staying: Collection[int]) -> list[int]:
    """Every second epoch of the older half, again until what is left fits.

    Args:
        sizes: Bytes by epoch, of the files that are kept.
        budget: Bytes that they may take.
        staying: Epochs that stay, whatever they take.

    Returns:
        The epochs to remove, ascending.
    """
    kept = dict(sizes)
    while sum(kept.values()) > budget:
        free = sorted(kept.keys() - set(staying))
        if not free:
            break
        older = free[: (len(free) + 1) // 2]
        for epoch in older[::2]:
            del kept[epoch]
    return sorted(sizes.keys() - kept.keys())
