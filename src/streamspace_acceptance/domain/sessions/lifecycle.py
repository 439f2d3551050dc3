"""One session from its start through the loss of its pod, hibernation and waking."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from streamspace_acceptance.cluster.objects import Pod, SessionObject
from streamspace_acceptance.domain.sessions import provision, typed_command, way_in
from streamspace_acceptance.domain.sessions.desktop_again import NOTHING_LOST, DesktopAgain, Losses
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.sessions.steadiness import Statuses, settled, watch
from streamspace_acceptance.domain.start_patience import shortened
from streamspace_acceptance.outcomes import Unmet, Unproven, require, unproven_if_failed
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.http import tells_error
from streamspace_acceptance.product.rfb import Framebuffer
from streamspace_acceptance.waiting import Budget, Wait, elapse, now, poll

MOMENT_SECONDS = 1.0  # real ones: Kubernetes follows a command that was carried out at once
BLANK_SECONDS = 1.0  # from one look at a desktop to the next
POD, STATUS = "pod", "status"  # of a session that comes back


class SessionLifecycle:
    """A session, the pod that serves it, and what keeps a later criterion from being shown.

    `former` are the uids of the pods that it had before its pod was deleted, or before it was hibernated or woken, and
    `since` is that moment of the monotonic clock.
    """

    def __init__(self, session: Session, pod: Pod | None = None) -> None:
        self.session = session
        self.former: frozenset[str] = frozenset()
        self.since = now()
        self._api = session.api
        self._pod = pod
        self._original: Pod | None = None
        self._cause: str | None = None
        self._refusal: Unmet | None = None
        self._error = ""
        self._untrue: dict[str, Unmet] = {}
        self._vnc_before: Framebuffer | str = "no VNC handshake was attempted"
        self._way_in_before: str | None = "it was not tried"
        self._showed_something = False
        self._heard_before = False
        self._failure: dict[str, Unmet | Unproven] = {}
        self._vnc_again: str | None = None

    @property
    def pod(self) -> Pod:
        """The pod that serves the session now; Unproven when none does."""
        return require(self._pod, "no pod serves the session")

    def wait_until_running(self, *, within: str | Budget) -> Pod:
        """Running by the API and in Kubernetes, with a Ready pod; Unmet otherwise."""
        running = self._api.profile.statuses["running"]
        self.session.wait_for_status(running, within=within)
        self.session.wait_for_phase(running, within=within)
        self._pod = self.session.wait_for_ready_pod(within=within)
        return self._pod

    def wait_for_object(self) -> tuple[SessionObject, SessionObject | None]:
        """The session as Kubernetes lists it, and as Kubernetes returns it by name; Unmet when it is not listed."""
        self._cause = "the session is not in Kubernetes (see 1.1a-3)"
        listed = self.session.wait_for_object(within="start")
        self._cause = None
        return listed, self.session.cluster.session_object(self.session.id)

    def object_later(self) -> SessionObject | None:
        """The session as Kubernetes lists it a while later; None if it does not."""
        elapse(Wait(self.session.subject, "it stays listed in Kubernetes", self.session.budgets.named("calm")))
        listed = self.session.cluster.session_objects()
        return next((obj for obj in listed if obj.meta.name == self.session.id), None)

    def wait_for_pods(self) -> list[Pod]:
        """The session's pods as soon as there is one; Unproven when the session is not in Kubernetes either."""
        with unproven_if_failed(self._cause):
            self.session.wait_for_a_pod(within="start")
        return self.session.pods()

    def delete_pod(self) -> None:
        """Deletes the session's pod."""
        pod = self._leave_pod("no other pod serves the session")
        self.session.cluster.delete_pod(pod.meta.name, pod.meta.uid)

    def hibernate(self) -> None:
        """Hibernates the session; a refusal is the failure of the criterion about the effect."""
        self._leave_pod("a pod of the session is left")
        self._command(self._api.hibernate_session, "hibernated")

    def wake(self) -> None:
        """Wakes the session; a refusal is the failure of the criterion about the effect."""
        self.former, self.since = self.session.known_uids(), now()
        self._cause = "no pod serves the session again"
        self._command(self._api.wake_session, "running")

    def has_come_back(self, *, within: str) -> bool:
        """Whether another pod serves the session, Running, in time, and its user has all of the desktop that was there.

        If not, the waits for what is missing fail in the same way from then on.
        """
        waits: dict[str, Callable[[], object]] = {
            POD: lambda: self.wait_for_new_pod(within=within),
            STATUS: lambda: self.wait_for_status("running", within=within),
        }
        for goal, wait in waits.items():
            try:
                wait()
            except (Unmet, Unproven) as failure:
                self._failure[goal] = failure
                return False
        _, found, blank = self.wait_for_vnc(within=within)
        self._vnc_again = None if isinstance(found, Framebuffer) else found
        return isinstance(found, Framebuffer) and blank is None and self.losses() == NOTHING_LOST

    def has_hibernated_again(self, *, within: str, stays: Budget) -> bool:
        """Whether the session has no pod in time and is Hibernated, and is still so at the end of `stays`.

        If not, the wait for another pod fails for that reason from then on: the session cannot be woken again.
        """
        try:
            if left := self.wait_for_no_pod(within=within):
                raise self._unlike_hibernated(f"{', '.join(pod.describe() for pod in left)} is left")
            word, *_ = self.wait_for_status("hibernated", within=within)
            elapse(Wait(self.session.subject, "it stays hibernated", stays))
            pods, status = self.session.pods(), settled(self.session, word)
            if pods or status != word:
                found = ", ".join(pod.describe() for pod in pods) or "no pod"
                raise self._unlike_hibernated(f"{status}, with {found}, {stays.seconds:g} s later")
        except Unmet as failure:
            self._failure[POD] = failure.with_parts(subject=f"{failure.subject}, hibernated a second time")
        except Unproven as failure:
            self._failure[POD] = failure
        self._cause = "it was not hibernated a second time" if POD in self._failure else None
        return POD not in self._failure

    def _unlike_hibernated(self, actual: str) -> Unmet:
        return Unmet(
            self.session.subject,
            expected="hibernated until it is woken",
            actual=actual,
            likely="something starts its pod again, or gives the session up, without being asked",
        )

    def wait_for_new_pod(self, *, within: str | Budget) -> Pod:
        """A Ready pod that the session did not have before; Unmet otherwise, also when the API refused to wake it."""
        self._check_not_failed(POD)
        self._check_accepted()
        with self._with_its_error():
            self._pod = self.session.wait_for_ready_pod(within=within, other_than=self.former)
        self._cause = None
        return self._pod

    def wait_for_no_pod(self, *, within: str | Budget) -> list[Pod]:
        """The pods of the session that are left in the end; Unmet when one stays, or when the API refused."""
        self._check_accepted()
        with self._with_its_error():
            left = self.session.wait_for_no_pod(self.former, within=within)
        self._cause = self._cause if left else None
        return left

    def wait_for_status(self, name: str, *, within: str | Budget) -> tuple[str, str, SessionObject | None]:
        """The profile's word for a status, then the status by the API and by Kubernetes.

        Unmet, too, where the API said so before it was true. Unproven while a pod is missing or left over: then no
        status is known to be true.
        """
        word = self._api.profile.statuses[name]
        self._check_not_failed(STATUS)
        with unproven_if_failed(self._cause):
            self._check_accepted()
            if self._cause is not None:
                raise Unproven(f"{self._cause}; the API says {self._api.status(self.session.id)}")
            self.session.wait_for_status(word, within=self._rest(within))
            phase = self.session.wait_for_phase(word, within=self._rest(within))
        if name in self._untrue:
            raise self._untrue[name]
        return word, settled(self.session, word), phase

    def watch_status(self, name: str) -> tuple[str, Statuses]:
        """The profile's word for a status that was reached, and the session's own over a while.

        One that is hibernated is watched for the dwell, and must have no pod at the end.
        """
        word = self._api.profile.statuses[name]
        if name != "hibernated":
            return word, watch([self.session], word)
        statuses, pods = dict(watch([self.session], word, "dwell", every=BLANK_SECONDS)), self.session.pods()
        if pods and statuses[self.session.id] == word:
            statuses[self.session.id] = f"{word}, with {', '.join(pod.describe() for pod in pods)}"
        return word, statuses

    def wait_for_vnc(self, *, within: str | Budget) -> tuple[Framebuffer | str, Framebuffer | str, str | None]:
        """The VNC handshake before the session left its pod, and the one now; a sentence for one that failed.

        The third says that the desktop shows nothing, though it did before; None otherwise. A server that has not come
        back already (`has_come_back`) is not awaited again.
        """
        budget = self._rest(within)
        # One that was silent before proves nothing by its silence, so the rest of the budget would be waited in vain.
        budget = budget if isinstance(self._vnc_before, Framebuffer) else shortened(budget)
        found = self._vnc_again or self.session.vnc.handshake_within(budget)
        is_looked_at = self._showed_something and isinstance(found, Framebuffer)
        return self._vnc_before, found, self._blank(budget) if is_looked_at else None

    def desktop_again(self, *, within: str | Budget) -> DesktopAgain:
        """The desktop on the pod that serves the session now, beside the one on the pod before."""
        before, after, blank = self.wait_for_vnc(within=within)
        return DesktopAgain(
            before,
            after,
            blank,
            self.losses(),
            showed_before=self._showed_something,
            reached_before=self._way_in_before is None,
            heard_before=self._may_be_heard(),
        )

    def way_in(self) -> str | None:
        """Why no user gets to the page of its desktop any more, though they did on its first pod; else None."""
        return None if self._way_in_before is not None else way_in.trouble(self.session)

    def _rest(self, within: str | Budget) -> Budget:
        """A budget by its name, or the rest of a limit that a sentence states: from when the session left its pod."""
        if isinstance(within, str):
            return self.session.budgets.named(within)
        return Budget("restart", round(max(within.seconds - (now() - self.since), MOMENT_SECONDS), 1), 1.0)

    def losses(self) -> Losses:
        """The reasons why its user has less of the desktop than on its first pod."""
        return Losses(self.way_in(), typed_command.deafness(self.session, self.pod) if self._may_be_heard() else None)

    def _may_be_heard(self) -> bool:
        """Whether a command typed on its desktop is carried out in its pod: it was before, and there is no other pod.

        Of several pods, viewers may get to another one; it is a criterion of its own that there are several.
        """
        return self._heard_before and sum(pod.stays for pod in self.session.pods()) == 1

    def _blank(self, budget: Budget) -> str | None:
        """That the desktop is still of one colour at the end of that time; None if it is not."""
        try:
            poll(
                Wait(self.session.subject, "its desktop shows something", budget),
                self.session.vnc.is_blank,
                met=lambda blank: not blank,
                says=lambda blank: "a desktop of one colour" if blank else "something",
                likely=lambda _: "see the desktop",
                every=BLANK_SECONDS,
            )
        except Unmet as unmet:
            return unmet.actual
        return None

    def changes_of(self, pod: Pod) -> list[str]:
        """How the image and the resources of a pod differ from those of the first pod that the session left."""
        return [] if self._original is None else provision.changes(self.session.cluster, self._original, pod)

    def seconds_until_ready(self, pod: Pod) -> float:
        """The seconds from `since` until the session's pod was first seen Ready."""
        seen = [
            change for change in self.session.changes.items() if Pod.of(change.item.object).meta.uid == pod.meta.uid
        ]
        ready = next((change.at for change in seen if Pod.of(change.item.object).ready), now())
        return ready - self.since

    def seconds_until_gone(self) -> float:
        """The seconds from `since` until the last of the session's pods was gone."""
        gone = [change.at for change in self.session.changes.items() if change.item.kind == "DELETED"]
        return max(gone, default=now()) - self.since

    def _command(self, call: Callable[[str], Answer], goal: str) -> None:
        self._refusal, self._error = None, ""
        try:
            answer = call(self.session.id)
        except Unmet as refusal:
            self._refusal = refusal
            return
        self._error = answer.gist if tells_error(answer) else ""
        self._compare_with_pods(goal)

    def _compare_with_pods(self, name: str) -> None:
        """Notes a status that the API gives at once, and that the session's pods contradict for more than a moment."""
        word = self._api.profile.statuses[name]
        try:
            said = self._api.status(self.session.id)
        except Unmet:
            return  # the wait for the status judges that
        fits = _has_no_pod if name == "hibernated" else _has_running_pod
        try:
            poll(
                Wait(self.session.subject, f"{word} only when that is so", Budget("moment", MOMENT_SECONDS, 1.0)),
                self.session.pods,
                met=lambda pods: said != word or fits(pods),
                says=lambda pods: f"{said}, with {', '.join(pod.describe() for pod in pods) or 'no pod'}",
                likely=lambda _: "the status shows the command, not the state",
            )
        except Unmet as untrue:
            self._untrue[name] = untrue

    @contextmanager
    def _with_its_error(self) -> Iterator[None]:
        """A failure tells the error that the command was answered with, if that came with a success."""
        try:
            yield
        except Unmet as unmet:
            if not self._error:
                raise
            raise unmet.with_parts(actual=f"{unmet.actual}; the command was answered {self._error}") from unmet

    def _check_not_failed(self, goal: str) -> None:
        if goal in self._failure:
            raise self._failure[goal]

    def _check_accepted(self) -> None:
        if self._refusal is not None:
            raise self._refusal

    def _leave_pod(self, cause: str) -> Pod:
        patience = self.session.patience
        self._vnc_before = self.session.vnc.handshake_within(patience.allow(self.session.budgets.named("start")))
        patience.note(answered=isinstance(self._vnc_before, Framebuffer))
        self._showed_something = isinstance(self._vnc_before, Framebuffer) and self.session.vnc.is_blank() is False
        if self._original is None:
            self._way_in_before = way_in.trouble(self.session)
            is_answered = isinstance(self._vnc_before, Framebuffer)
            self._heard_before = is_answered and typed_command.is_carried_out(self.session, self.pod) is True
        pod, self._pod, self._cause = self.pod, None, cause
        self._original = self._original or pod
        self.former, self.since = self.session.known_uids(), now()
        return pod


def _has_no_pod(pods: Sequence[Pod]) -> bool:
    return not any(pod.stays for pod in pods)


def _has_running_pod(pods: Sequence[Pod]) -> bool:
    return any(pod.running for pod in pods)
