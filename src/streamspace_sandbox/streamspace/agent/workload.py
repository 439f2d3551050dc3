"""A session's claim and Deployment, created and scaled as its object specifies."""

import asyncio

from streamspace_sandbox.streamspace.agent import objects
from streamspace_sandbox.streamspace.agent.objects import AGENT_LABEL, Collections
from streamspace_sandbox.streamspace.kube.client import Collection, KubeClient, KubeError, Obj


class Workload:
    """The objects under one session. `refusal` is Kubernetes' reason to refuse them, or ""."""

    def __init__(self, client: KubeClient, collections: Collections) -> None:
        self._client = client
        self._collections = collections
        self._followed: str | None = None
        self.refusal = ""

    async def follow(self, session: Obj) -> bool:
        """Apply the session's `.spec.state`. Returns whether Kubernetes refused it just now."""
        state = session["spec"]["state"]
        if state == self._followed or session["metadata"].get("deletionTimestamp"):
            return False
        try:
            if self._followed is not None or not await self.create(session):
                await self.scale(session)
            self.refusal = ""
        except KubeError as error:
            if error.code not in (400, 403, 422):
                raise
            self.refusal = f"{error.reason}: {error.message}"
        self._followed = state
        return bool(self.refusal)

    async def create(self, session: Obj) -> bool:
        """Returns False when the Deployment exists already, perhaps with another scale."""
        _, made = await asyncio.gather(
            self._create_unless_there(self._collections.claims, objects.claim(session)),
            self._create_unless_there(self._collections.deployments, objects.deployment(session)),
        )
        return made

    async def scale(self, session: Obj) -> None:
        name, wanted = session["metadata"]["name"], objects.replicas(session)
        deployment = await self._client.find(self._collections.deployments, name)
        if deployment is None or deployment["spec"].get("replicas", 1) == wanted:
            return
        spec: Obj = {"replicas": wanted}
        if wanted:
            # Only while there is no pod: a change of the template replaces the pods.
            label = {AGENT_LABEL: session["metadata"]["labels"][AGENT_LABEL]}
            spec["template"] = {"metadata": {"labels": label}}
        await self._client.patch(self._collections.deployments, name, {"spec": spec})

    async def _create_unless_there(self, collection: Collection, obj: Obj) -> bool:
        try:
            await self._client.create(collection, obj)
        except KubeError as error:
            if error.code == 409:
                return False
            raise
        return True
