"""The only door from a step to state: what all scenarios of a run share, and what the running one has made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from behave.runner import Context

from streamspace_acceptance.cluster.objects import Pod, SessionObject
from streamspace_acceptance.cluster.watch import watching
from streamspace_acceptance.desktop.page_load import PageState
from streamspace_acceptance.domain.agents.balance import Balance
from streamspace_acceptance.domain.agents.undisturbed import SessionAfter, look_at
from streamspace_acceptance.domain.agents.world import AgentsWorld
from streamspace_acceptance.domain.concurrency.world import TogetherWorld
from streamspace_acceptance.domain.deployment.deployment import Deployment
from streamspace_acceptance.domain.interaction.world import InteractionWorld
from streamspace_acceptance.domain.resources.granted import GrantedResources
from streamspace_acceptance.domain.resources.world import ResourcesWorld
from streamspace_acceptance.domain.sessions import home
from streamspace_acceptance.domain.sessions.concurrent_requests import ConcurrentRequests
from streamspace_acceptance.domain.sessions.creation import Creation
from streamspace_acceptance.domain.sessions.home import FileState, HomeVolume, SavedFile
from streamspace_acceptance.domain.sessions.registry import Registry
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop
from streamspace_acceptance.domain.sessions.starts import Starts, no_session, series
from streamspace_acceptance.domain.templates.world import TemplatesWorld
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.measuring.startup_phases import table
from streamspace_acceptance.outcomes import Unmet, Unproven, require, unproven_if_failed
from streamspace_acceptance.product.rfb import Framebuffer
from streamspace_acceptance.target.run import Run
from streamspace_acceptance.waiting import now


class World:
    """One scenario: what it has made so far. What is not there yet is Unproven when a sentence asks for it."""

    def __init__(self, run: Run, add_cleanup: Callable[[Callable[[], None]], object]) -> None:
        self.run = run
        self.began = now()
        self.registry = Registry(run.api, run.cluster, run.budgets)
        self.templates = TemplatesWorld(run.api, run.cluster, run.budgets, self.registry)
        self.resources = ResourcesWorld(run.api, run.cluster, run.budgets, self.registry)
        self.together = TogetherWorld(run.api, run.cluster, run.browser, self.registry)
        self.interaction = InteractionWorld()
        self.starts = Starts(0)
        self.former: frozenset[str] = frozenset()
        self._desks: list[SessionDesktop] = []
        self._creation: Creation | None = None
        self._crowd: ConcurrentRequests | None = None
        self._session: Session | None = None
        self._pod: Pod | None = None
        self._desktop_before: Framebuffer | str = "nobody knocked"
        self._saved: SavedFile | None = None
        self._deployment: Deployment | None = None
        self._blame: str | None = None
        self._refusal: Unmet | None = None
        add_cleanup(self.templates.registry.clean_up)
        add_cleanup(self.registry.clean_up)  # runs before: no template goes before its sessions
        # Its cleanups run first: agents that are cut off remove no session.
        self.agents = AgentsWorld(run.api, run.cluster, run.budgets, add_cleanup, run.netadmin_image)

    @property
    def deployment(self) -> Deployment:
        """The environment, looked at anew in each scenario."""
        if self._deployment is None:
            self._deployment = self.run.deployment()
        return self._deployment

    # A session comes to be

    def ask(self, user: str, template: str, size: str | None = None) -> Creation:
        """Asks for a session, whatever comes of it."""
        self._creation = self.registry.ask(user, template, size)
        if self._creation.id is not None:
            self._session = self.registry.enter(self._creation.id)
        return self._creation

    def start(self, user: str, template: str, size: str | None = None) -> None:
        """A session that is Running by the API and in Kubernetes, with a pod Ready; Unmet otherwise."""
        creation = self.ask(user, template, size)
        if self._session is None:
            raise no_session(creation)
        word = self.run.profile.statuses["running"]
        self._session.wait_for_status(word, within="start")
        self._session.wait_for_phase(word, within="start")
        self._pod = self._session.wait_for_ready_pod(within="start")

    def ask_together(self, count: int, template: str, size: str) -> None:
        """`count` users ask for a session each in the same instant, with the table of their requests as evidence."""
        users = [f"user{number}" for number in range(1, count + 1)]
        creations = self.registry.ask_together(users, template, size)
        sessions = [self.registry.enter(each.id) for each in creations if each.id is not None]
        self._crowd = ConcurrentRequests(creations, sessions)
        attachments.attach_text("requests sent together", self._crowd.table())

    @property
    def crowd(self) -> ConcurrentRequests:
        """What came of asking together."""
        return require(self._crowd, "nobody asked for sessions")

    def wait_for_object(self) -> tuple[SessionObject, SessionObject | None]:
        """The session as Kubernetes lists it, and as it gives it by name; Unmet when it is not listed."""
        session = self.session
        self._blame = "the session is not in Kubernetes (see the sentence about that)"
        listed = session.wait_for_object(within="start")
        self._blame = None
        return listed, self.run.cluster.session_object(session.id)

    def wait_for_pods(self) -> list[Pod]:
        """The session's pods as soon as there is one; a session that is not in Kubernetes is to blame first."""
        with unproven_if_failed(self._blame):
            self.session.wait_for_a_pod(within="start")
        return self.session.pods()

    def start_series(self, count: int, user: str, template: str, size: str) -> None:
        """Timed starts, one after the other, with the table of their phases as evidence."""
        with watching(self.run.cluster, "events") as events:
            self.starts = series(count, lambda: self.registry.ask(user, template, size), self.registry.enter, events)
        limit = self.run.budgets.named("startup").seconds
        attachments.attach_text("startup times", table(self.starts.phases, self.run.budgets.target, limit))

    def given(self) -> GrantedResources:
        """What the session that was asked for is given; also when there is none, since it was refused."""
        return self.resources.granted(self.creation, self._session)

    @property
    def creation(self) -> Creation:
        """What came of asking for the session."""
        return require(self._creation, "no session was asked for")

    @property
    def session(self) -> Session:
        """The scenario's session."""
        return require(self._session, "no session was created (see the sentence about the answer)")

    @property
    def pod(self) -> Pod:
        """The pod that serves the session now."""
        return require(self._pod, "no pod serves the session")

    # Its pod goes and comes back

    def delete_pod(self) -> None:
        """Deletes the session's pod."""
        pod = self._leave_pod("no other pod serves the session")
        self.run.cluster.delete_pod(pod.meta.name, pod.meta.uid)

    def hibernate(self) -> None:
        """Puts the session to sleep."""
        self._leave_pod("the session's pod is not gone")
        self._order(self.run.api.hibernate_session)

    def wake(self) -> None:
        """Wakes the session."""
        self.former = self.session.known_uids()
        self._blame = "no pod serves the session again"
        self._order(self.run.api.wake_session)

    def wait_for_another_pod(self, *, within: str) -> Pod:
        """A Ready pod that the session did not have before; Unmet otherwise, also when the API refused to wake it."""
        self._check_accepted()
        self._pod = self.session.wait_for_ready_pod(within=within, other_than=self.former)
        self._blame = None
        return self._pod

    def wait_for_no_pod(self, *, within: str) -> list[Pod]:
        """The pods that are left of the session in the end: none, if all is well. Unmet when the API refused."""
        self._check_accepted()
        left = self.session.wait_for_no_pod(self.former, within=within)
        self._blame = self._blame if left else None
        return left

    def wait_for_both(self, name: str, *, within: str) -> tuple[str, str, SessionObject | None]:
        """The word for a status, and what the API and Kubernetes say.

        Unproven while a pod is missing or stays, whatever is said: that a status is true cannot be shown then.
        """
        word = self.run.profile.statuses[name]
        with unproven_if_failed(self._blame):
            self._check_accepted()
            if self._blame is not None:
                raise Unproven(f"{self._blame}; the API says {self.run.api.status(self.session.id)}")
            self.session.wait_for_status(word, within=within)
            phase = self.session.wait_for_phase(word, within=within)
        return word, self.run.api.status(self.session.id), phase

    def _order(self, call: Callable[[str], object]) -> None:
        """Gives the API an order. A refusal is the failure of the sentence that says what should come of it."""
        self._refusal = None
        try:
            call(self.session.id)
        except Unmet as refusal:
            self._refusal = refusal

    def _check_accepted(self) -> None:
        if self._refusal is not None:
            raise self._refusal

    def _leave_pod(self, blame: str) -> Pod:
        self._desktop_before = self.session.vnc_within("start")
        pod, self._pod, self._blame = self.pod, None, blame
        self.former = self.session.known_uids()
        return pod

    def wait_for_desktop(self, *, within: str) -> tuple[Framebuffer | str, Framebuffer | str]:
        """What the VNC server came to before the session left its pod, and what it comes to now."""
        return self._desktop_before, self.session.vnc_within(within)

    # Its user's files

    def save(self, name: str, text: str) -> SavedFile:
        """Saves a file in the home, whatever comes of it."""
        self._saved = home.save(self.session, self.pod, name, text)
        return self._saved

    def read(self, name: str, text: str) -> tuple[SavedFile, FileState]:
        """The file as it was saved, and as the pod that serves the session now has it."""
        saved = require(self._saved, f"{text!r} was not saved as {name}")
        return saved, home.find(self.session, self.pod, saved)

    def home(self) -> HomeVolume:
        """On what the home stands in the pod that serves the session now."""
        return home.volume(self.session, self.pod)

    # Its desktop

    @property
    def desk(self) -> SessionDesktop:
        """The desktop of the session."""
        if not self._desks:
            self._desks.append(SessionDesktop(self.session))
        return self._desks[-1]

    def open_desktop(self) -> None:
        """Asks for a connection and opens it in a browser; Unproven when no noVNC client comes of it."""
        self.desk.connect()
        self.desk.open(self.run.browser)
        with unproven_if_failed("the noVNC client did not load (see the sentence about that)"):
            self.desk.wait_for_client()

    def open_client(self) -> PageState:
        """Opens the VNC address in a browser and waits for the noVNC client; Unmet when it does not load."""
        self.desk.open(self.run.browser)
        return self.desk.wait_for_client()

    # Sessions that are to be left alone

    def start_to_keep(self, user: str, template: str) -> None:
        """A running session that nothing may touch from now on; Unmet when it does not come to be."""
        self.start(user, template)
        self.agents.keep(self.session, self.pod)

    def give_waiting_order(self) -> None:
        """Puts the session to sleep while no agent is there, and lets the agents come back."""
        self.agents.hibernate_while_offline(self.session, self.pod)

    def balance(self) -> Balance:
        """Which agent serves how many of the sessions that were asked for together."""
        return self.agents.balance(self.crowd.sessions)

    def look_at_kept(self) -> Iterator[SessionAfter]:
        """Each session that is to be left alone: whether it runs, and what its desktop shows in a browser."""
        for kept in self.agents.kept:
            desk = SessionDesktop(kept.session)
            self._desks.append(desk)
            yield look_at(kept, self.run.cluster, desk, self.run.browser)

    @property
    def desks(self) -> Sequence[SessionDesktop]:
        """The desktops that the scenario asked for, opened or not."""
        return self._desks


def world(context: Context) -> World:
    """The world of the scenario that is running."""
    found: World = context.world
    return found
