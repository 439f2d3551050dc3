"""What the running scenario has to do with agents."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from streamspace_acceptance.agents.presence import presence
from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.disruption.disruptions import Disruptions
from streamspace_acceptance.product.agents import AgentApi, AgentList
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.waiting import Recording


class AgentsWorld:
    """The agents of the target, what the scenario does to them, and what was seen of them meanwhile."""

    def __init__(
        self,
        api: StreamSpaceApi,
        cluster: Cluster,
        budgets: Budgets,
        add_cleanup: Callable[[Callable[[], None]], object],
    ) -> None:
        self.api = AgentApi(api)
        self.cluster = cluster
        self.budgets = budgets
        self.disruptions = Disruptions()
        self._watches = ExitStack()
        add_cleanup(self._watches.close)
        add_cleanup(self.disruptions.undo_all)

    def watch(self) -> Recording[AgentList]:
        """What the API says of the agents from now on, until the scenario is over."""
        return self._watches.enter_context(presence(self.api))
