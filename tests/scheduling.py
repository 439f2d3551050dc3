"""The scheduler of pytest-xdist by groups, so that the other workers go on when one has crashed."""

from xdist.scheduler import LoadGroupScheduling
from xdist.workermanage import WorkerController


class CrashProofScheduling(LoadGroupScheduling):  # type: ignore[misc]
    """pytest-xdist 3.8 waits for ever after a crash.

    It hands the next worker groups that are completed, so that they never end, and the test that crashed. And a worker
    that got a single test waits for another one: it begins its last test when it knows that none follows.
    """

    def remove_node(self, node: WorkerController) -> str | None:
        """The test during which the worker crashed, which has failed; the others of its groups are to run."""
        groups = self.assigned_work.pop(node)
        left = [(group, test) for group in groups.values() for test, is_done in group.items() if not is_done]
        if not left:
            return None
        crashed: str
        group, crashed = left[0]
        group[crashed] = True
        self.workqueue.update({name: group for name, group in groups.items() if not all(group.values())})
        for other in self.assigned_work:
            self._reschedule(other)
        return crashed

    def _reschedule(self, node: WorkerController) -> None:
        super()._reschedule(node)
        while not node.shutting_down and self._pending_of(self.assigned_work[node]) < 2:
            super()._reschedule(node)
