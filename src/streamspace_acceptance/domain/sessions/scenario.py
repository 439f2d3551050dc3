"""The state that the actions of one scenario share. The world knows the clean-ups and their order."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack

from streamspace_acceptance.disruption.disruptions import Disruptions
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.results import Results
from streamspace_acceptance.domain.sessions.lifecycle import SessionLifecycle
from streamspace_acceptance.domain.sessions.registry import Registry
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop


class Scenario:
    """One scenario: its clients, its results, and what it must clean up. `disruptive`: it may break what is there."""

    disruptive = True

    def __init__(self, clients: Clients, reasons: Mapping[type, str] | None = None) -> None:
        self.clients = clients
        self.results = Results(reasons)
        self.registry = Registry(clients)
        self.disruptions = Disruptions()
        self.watches = ExitStack()
        self.desktops: list[SessionDesktop] = []

    @property
    def lifecycle(self) -> SessionLifecycle:
        """The scenario's session with the pod that serves it; Unproven when none was created."""
        return self.results[SessionLifecycle]

    @property
    def session(self) -> Session:
        """The scenario's session; Unproven when none was created."""
        return self.lifecycle.session

    @property
    def desktop(self) -> SessionDesktop:
        """The desktop that was used last; that of the scenario's session when none was used yet."""
        return self.desktops[-1] if self.desktops else self.new_desktop(self.session)

    def new_desktop(self, session: Session, *, ratio: float = 1.0) -> SessionDesktop:
        """A desktop of `session`, of which the report gets a screenshot and a screencast. `ratio`: of its screen."""
        self.desktops.append(SessionDesktop(session, ratio=ratio))
        return self.desktops[-1]
