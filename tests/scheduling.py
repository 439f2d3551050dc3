"""The scheduler of pytest-xdist by groups, which knows busy and quiet ones, and lets a crash stop nobody else."""

import os

from xdist.scheduler import LoadGroupScheduling
from xdist.workermanage import WorkerController

QUIET = "quiet"
"""The group of the tests beside which nothing else runs: the last worker gets it, and keeps nobody waiting."""
BUSY = "busy with "
"""How the name of a group begins whose tests keep a processor busy for half of their time: those with a sandbox."""
MOST_BUSY = (os.cpu_count() or 1) + 1
"""So many workers run busy groups at the same time, since each waits for half of its time.

With more of them, or beside the units, a healthy product is late now and then.
"""


def busy(group: str) -> str:
    """The name of this group as a busy one."""
    return BUSY + group


class Scheduling(LoadGroupScheduling):  # type: ignore[misc]
    """Groups go to the workers in order, but for busy and quiet ones.

    pytest-xdist 3.8 itself waits for ever after a crash: it hands the next worker groups that are completed, so that
    they never end, and the test that crashed. And a worker that got a single test waits for another one: it begins its
    last test when it knows that none follows.
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
        self._choose(node)
        super()._reschedule(node)
        while not node.shutting_down and self._pending_of(self.assigned_work[node]) < 2:
            self._choose(node)
            super()._reschedule(node)

    def _choose(self, node: WorkerController) -> None:
        """Put the next group for this worker at the head of the queue; end the worker if others run what is left."""
        if node.shutting_down or self._pending_of(self.assigned_work[node]) > 2:
            return
        others = [(other, groups) for other, groups in self.assigned_work.items() if other is not node]
        is_last = all(other.shutting_down for other, _ in others)
        may_be_busy = is_last or sum(map(_is_busy, (groups for _, groups in others))) < MOST_BUSY
        for name in self.workqueue:
            if (is_last or name != QUIET) and (may_be_busy or not name.startswith(BUSY)):
                self.workqueue.move_to_end(name, last=False)
                return
        if self.workqueue:
            node.shutdown()


def _is_busy(groups: dict[str, dict[str, bool]]) -> bool:
    return any(name.startswith(BUSY) and not all(tests.values()) for name, tests in groups.items())
