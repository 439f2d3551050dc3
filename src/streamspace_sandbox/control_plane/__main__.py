"""`python -m streamspace_sandbox.control_plane`: the control plane of the instance that the environment names."""

import logging
import os
import resource
import sys

import uvloop

from streamspace_sandbox.control_plane.control_plane import ControlPlane
from streamspace_sandbox.host import rootless
from streamspace_sandbox.lifecycle import channel
from streamspace_sandbox.lifecycle.channel import INSTANCE_VARIABLE, Owner
from streamspace_sandbox.lifecycle.instance import Instance


async def main(owner: Owner | None) -> None:
    instance = Instance(os.environ[INSTANCE_VARIABLE])
    state = instance.read()
    if state is None:
        sys.exit(f"there is no instance {instance.name!r}; start one with `streamspace-sandbox up`")
    up = await channel.inherited()
    plane = ControlPlane(instance, state, owner=owner, up=up)
    await plane.run()


def allow_many_files() -> None:
    """Forwarded connections and watches take descriptors: use as many as this process may."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    allow_many_files()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # It logs each command that is run in a pod, which may contain secrets.
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    # Before the process ids change.
    owner = Owner.of(os.environ)
    if rootless.is_rootless():
        rootless.isolate()
    uvloop.run(main(owner))
