"""How often something was so of late."""

from collections import deque


class Recent:
    """Counts the true flags among the last `size` frames."""

    def __init__(self, size: int) -> None:
        self._flags: deque[bool] = deque(maxlen=size)
        self._size = size
        self.count = 0

    def push(self, *, flag: bool) -> int:
        """Take the next frame's flag and return the count."""
        flags = self._flags
        if len(flags) == self._size:
            self.count -= flags[0]
        flags.append(flag)
        self.count += flag
        return self.count

    def clear(self) -> None:
        """Forget all frames."""
        self._flags.clear()
        self.count = 0
