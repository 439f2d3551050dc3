"""What the API says of the agents over time: recorded from before an event on, so that "never" can be judged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from streamspace_acceptance.product.agents import AgentApi, AgentList
from streamspace_acceptance.waiting import POLL_SECONDS, Recording, sampling


@contextmanager
def presence(api: AgentApi) -> Iterator[Recording[AgentList]]:
    """The list of agents, asked for ten times a second until the context ends; the first answer is there at once.

    An error of the API's ends the recording; whoever waits on it or reads it gets that error.
    """
    with sampling(api.all, every=POLL_SECONDS, what="the agents' presence") as recording:
        yield recording
