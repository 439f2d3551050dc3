"""`python -m streamspace_sandbox.streamspace.agent`: one agent, until SIGTERM."""

import asyncio
import logging
import os
import signal

import uvloop

from streamspace_sandbox.streamspace.agent.agent import Agent
from streamspace_sandbox.streamspace.agent.settings import AgentSettings
from streamspace_sandbox.streamspace.kube.client import KubeClient, KubeEndpoint
from streamspace_sandbox.streamspace.logs import configure


async def serve() -> None:
    settings = AgentSettings.from_environment()
    logging.getLogger("streamspace.agent").info("agent %s, time scale %g", settings.agent_id, settings.time_scale)
    leaving = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leaving.set)
    async with KubeClient(KubeEndpoint.in_cluster(os.environ)) as client:
        await Agent(settings, client).run(leaving)


if __name__ == "__main__":
    configure()
    uvloop.run(serve())
