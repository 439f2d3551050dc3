"""One session: its status as the API and Kubernetes tell it, and its pods by identity."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack

from streamspace_acceptance import journal
from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.cluster.objects import Json, Pod, SessionObject, is_of_a_job, serving
from streamspace_acceptance.cluster.watch import Change, holding_watch, watching
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.sessions import admission
from streamspace_acceptance.domain.sessions.vnc_viewer import VncViewer
from streamspace_acceptance.evidence import attachments, run_facts
from streamspace_acceptance.measuring import node_busy
from streamspace_acceptance.outcomes import Unproven
from streamspace_acceptance.product.api import NOT_A_STATUS
from streamspace_acceptance.waiting import Budget, Recording, Stamped, Wait, follow, now, poll

Changes = Sequence[Stamped[Change]]
DESKTOP = "Desktop"  # the fact of the report that tells which container is the desktop


def present(changes: Changes) -> list[Pod]:
    """The pods that count after all of `changes`, oldest first (see `serving`)."""
    pods: dict[str, Pod] = {}
    for stamped in changes:
        pod = Pod.of(stamped.item.object)
        pods[pod.meta.uid] = pod
        if stamped.item.kind == "DELETED":
            del pods[pod.meta.uid]
    return serving(pods.values())


class Session:
    """A session by its id, with a watch over its pods from the moment that it is known. Close it at the end."""

    def __init__(self, session_id: str, clients: Clients) -> None:
        self.id = session_id
        self.subject = f"session {session_id}"
        self.api = clients.api
        self.cluster = clients.cluster
        self.budgets = clients.budgets
        self.patience = clients.desktops
        self.running_since: float | None = None
        self._has_object = False
        self.vnc = VncViewer(session_id, clients)
        self._watches = ExitStack()
        labels = {clients.profile.session_label: session_id}
        self.changes: Recording[Change] = self._watches.enter_context(watching(self.cluster, "pods", **labels))
        self._watches.enter_context(holding_watch(self.cluster, "claims"))  # its removal asks what the watch has seen

    def close(self) -> None:
        """Ends the watch."""
        self._watches.close()

    def wait_for_status(self, word: str, *, within: str | Budget) -> Wait:
        """The API says `word` of the session, in its list and when asked for it alone; Unmet otherwise."""
        wait = self._wait(word, within)
        self.running_since = self._poll_status(wait, word)
        return wait

    def _poll_status(self, wait: Wait, word: str) -> float | None:
        """When the API said Running, if that is the word; None for another word."""
        poll(
            wait,
            lambda: self._statuses(word),
            met=lambda statuses: statuses == {word},
            says=lambda statuses: " in the list, but asked alone ".join(sorted(statuses)),
            impossible=lambda statuses: self._lost(statuses, word),
            likely=lambda statuses: self._likely(word, statuses),
        )
        return now() if word == self.api.profile.statuses["running"] else None

    def wait_for_phase(self, word: str, *, within: str | Budget) -> SessionObject | None:
        """Kubernetes says `word` of the session as well; Unmet otherwise.

        None when Kubernetes has never had such a session: that is a matter of its own, which 1.1a answers for. None as
        well where the product keeps no status there.
        """
        if not self.api.profile.object_phase:
            self.api.profile.meet("pods.object_phase")
            return None
        found = poll(
            self._wait(f"phase {word} in Kubernetes", within),
            lambda: self.cluster.session_object(self.id),
            met=lambda obj: obj.phase == word if obj is not None else not self._has_object,
            says=lambda obj: f"phase {obj.phase}" if obj is not None else "no such session in Kubernetes",
            likely=lambda obj: (
                "the session's object is not kept up to date, or the API's status is wrong"
                if obj is not None
                else "the session's object, which was there before, is gone"
            ),
        )
        if found is not None:
            self._has_object = True
            journal.record_identity(self.id, found.meta.uid)
        return found

    def wait_for_object(self, *, within: str) -> SessionObject:
        """The session is in the list of sessions that Kubernetes gives; Unmet otherwise."""
        listed = poll(
            self._wait("listed in Kubernetes", within),
            self.cluster.session_objects,
            met=lambda objects: any(obj.meta.name == self.id for obj in objects),
            says=lambda objects: f"{self.id} is {self._whether(objects)} among {len(objects)} sessions",
            likely=lambda _: "the API accepted the session, but created no object in Kubernetes",
        )
        return next(obj for obj in listed if obj.meta.name == self.id)

    def pods(self) -> list[Pod]:
        """The session's pods as Kubernetes has them now, those that count (see `serving`).

        For a verdict about the pods, and after an act. The watch may be late. So its pods count only if each is as
        Kubernetes gives it when asked for it by name; otherwise, or where it shows none, they are listed.
        """
        watched = self._watched()
        current = [self.cluster.raw_pod(str(pod["metadata"]["name"])) for pod in watched]
        if watched and all(map(_is_same_state, watched, current)):
            return serving(map(Pod.of, watched))
        return serving(self.listed_pods())

    def _watched(self) -> list[Json]:
        """The session's pods by the watch; none by one that broke."""
        try:
            known = {change.item.object["metadata"]["uid"]: change.item for change in self.changes.items()}
        except ClusterError:
            return []
        return [change.object for change in known.values() if change.kind != "DELETED"]

    def watched_pods(self) -> list[Pod]:
        """Those that count by the watch, and by a list when it shows none: for a look into a pod.

        A pod that has just been replaced cannot be looked into, which is an error and no verdict.
        """
        return present(self.changes.items()) or self.pods()

    def listed_pods(self) -> list[Pod]:
        """All pods with the session's label, also those that are over."""
        return self.cluster.pods(**{self.api.profile.session_label: self.id})

    def namesakes(self) -> list[Pod]:
        """The pods whose names start with the session's id, whether they carry its label or not."""
        return [pod for pod in self.cluster.pods() if pod.meta.name.startswith(self.id)]

    def check_label(self) -> None:
        """Unproven when the session has pods by name, but none that carries its label."""
        unlabelled = [] if self.watched_pods() else self.namesakes()
        if unlabelled:
            label = f"{self.api.profile.session_label}={self.id}"
            raise Unproven(f"{unlabelled[0].describe()} does not have the label {label} (see 1.1a-4)")

    def exists(self) -> bool:
        """Whether the API or Kubernetes knows anything of the session."""
        in_kubernetes = self.cluster.session_object(self.id) is not None or bool(self.pods())
        return in_kubernetes or self.id in self.api.sessions().ids

    def contradiction(self) -> str | None:
        """That the API does not know the session although its pod runs; None if it is not so."""
        running = [pod for pod in self.pods() if pod.running]
        if not running or self.id in self.api.sessions().ids:
            return None
        answer = self.api.call_once("get_session", self.id)
        return f"the API says {answer.status} while {running[0].describe()}" if not answer.ok else None

    def known_uids(self) -> frozenset[str]:
        """The uids of all pods that the session has had so far. The watch tells those that are gone."""
        there = {pod.meta.uid for pod in self.pods()} if self._watched() else set[str]()
        return frozenset(there | {stamped.item.object["metadata"]["uid"] for stamped in self.changes.items()})

    def served_by(self) -> frozenset[str]:
        """The uids of all pods that the session has had so far and that were seen before they were over."""
        watched = [Pod.of(stamped.item.object) for stamped in self.changes.items()]
        return frozenset(pod.meta.uid for pod in (*watched, *self.pods()) if not pod.is_over)

    def wait_for_a_pod(self, *, within: str) -> Pod:
        """The first pod of the session, in whatever state; Unmet otherwise."""
        return self._follow("a pod", within, lambda pods: next(iter(pods), None))

    def wait_for_ready_pod(self, *, within: str | Budget, other_than: frozenset[str] = frozenset()) -> Pod:
        """A pod of the session that is Ready and not one of those uids; Unmet otherwise."""
        goal = "another pod Ready" if other_than else "a pod Ready"

        def serves(pod: Pod) -> bool:
            return pod.ready and pod.meta.uid not in other_than and not (other_than and self._only_works(pod))

        return self._follow(goal, within, lambda pods: next(filter(serves, pods), None))

    def _only_works(self, pod: Pod) -> bool:
        """Whether a pod is a Job's, as one that fetches a home, where the session has had pods that are none."""
        return is_of_a_job(pod.object) and not all(is_of_a_job(change.item.object) for change in self.changes.items())

    def wait_until_all_ready(self, *, within: str | Budget) -> list[Pod]:
        """All pods of the session that are there to stay, at least one, each Ready; Unmet otherwise."""
        self.wait_for_ready_pod(within=within)
        return poll(
            self._wait("every pod of it Ready", within),
            lambda: [pod for pod in self.pods() if pod.stays],
            met=lambda pods: bool(pods) and all(pod.ready for pod in pods),
            says=lambda pods: ", ".join(pod.describe() for pod in pods) or "no pod",
            likely=lambda _: self._likely(),
        )

    def wait_for_running_pod(self, *, within: str) -> Pod:
        """A pod of the session whose containers run, whether they serve already or not; Unmet otherwise."""
        return self._follow("a pod running", within, lambda pods: next((pod for pod in pods if pod.running), None))

    def wait_for_no_pod(self, former: frozenset[str], *, within: str | Budget) -> list[Pod]:
        """Waits until no pod carries the session's label and none comes back at once; Unmet when one stays.

        Gives what is left all the same when Kubernetes is asked for all pods: one that lost its label, one by its uid,
        one by its name.
        """
        follow(
            self._wait("no pod left", within),
            self.changes,
            goal=lambda changes: not present(changes) or None,
            says=_says,
            likely=lambda _: "nothing scales the session down, or something restarts its pod",
        )
        self.changes.beyond(len(self.changes.items()), self.budgets.named("calm").seconds)
        pods = [pod for pod in self.cluster.pods() if not pod.is_over]
        return [pod for pod in pods if self._is_mine(pod) or pod.meta.uid in former or self._is_namesake(pod)]

    def check_admitted(self) -> None:
        """ClusterError when the cluster itself refuses the session's pod, or another object of the session."""
        admission.check(self.subject, self.id, self.cluster, self.api)

    def _follow(self, goal: str, within: str | Budget, pick: Callable[[list[Pod]], Pod | None]) -> Pod:
        def likely(_: Changes) -> str:
            listed = pick(serving(self.listed_pods()))
            if listed is not None:
                raise ClusterError(
                    f"the watch of pods has not reported changes that the list shows ({listed.describe()})"
                )
            return self._likely()

        pod = follow(
            self._wait(goal, within),
            self.changes,
            goal=lambda changes: pick(present(changes)),
            says=_says,
            likely=likely,
        )
        self._tell_container(pod)
        return pod

    def _tell_container(self, pod: Pod) -> None:
        """Which container is taken for the desktop, for the report."""
        found = self.cluster.main_container(pod.object)
        run_facts.record(DESKTOP, f"container {found.name} ({found.reason})")
        if found.neighbours:
            attachments.attach_text("containers", found.describe(pod.meta.name))

    def _wait(self, goal: str, within: str | Budget) -> Wait:
        return Wait(self.subject, goal, self.budgets.named(within) if isinstance(within, str) else within)

    def _statuses(self, word: str) -> set[str]:
        """The status in the API's list; once that is `word`, also the status of the session requested alone."""
        listed = self.api.sessions().describe(self.id)
        return {listed} if listed != word else {listed, self.api.status(self.id)}

    def _lost(self, statuses: set[str], word: str) -> str | None:
        other = next((status for status in statuses if status != word and status.lower() == word.lower()), None)
        if other is not None:
            return f"{other!r} is its word for {word!r}; a contract profile can say so (docs/profiles.md)"
        failed = self.api.profile.statuses["failed"]
        return f"{failed} is an end: {word} cannot follow" if statuses == {failed} != {word} else None

    def _likely(self, word: str = "", statuses: Collection[str] = ()) -> str:
        """The likely cause of a wait in vain for a pod, or for the status `word`, with the last ones."""
        listed = self.listed_pods()
        if not listed:
            self.check_admitted()
        if reason := node_busy.keeps_waiting(self.cluster, listed):
            raise Unproven(f"{self.subject}: {reason}")
        label = f" without its label {self.api.profile.session_label}={self.id}"
        pods = ", ".join(
            [pod.describe() for pod in listed]
            or [pod.describe() + label for pod in self.namesakes()]
            or ["it has no pod"]
        )
        unnoticed = word == self.api.profile.statuses["running"] and any(pod.ready for pod in serving(listed))
        hint = "the API does not notice that the pod is Ready" if unnoticed else "see the events of the session"
        if any(status.endswith(NOT_A_STATUS) for status in statuses):
            hint = "the API gives the status another type than a text"
        return "; ".join([hint, pods, *self._said_by_object()])

    def _said_by_object(self) -> list[str]:
        """The status of its object in Kubernetes, if the product keeps one there."""
        obj = self.cluster.session_object(self.id)
        if obj is None:
            return ["it has no object in Kubernetes"]
        return [f"its object says {obj.phase}"] if self.api.profile.object_phase else []

    def _is_mine(self, pod: Pod) -> bool:
        return pod.meta.labels.get(self.api.profile.session_label) == self.id

    def _is_namesake(self, pod: Pod) -> bool:
        """Whether a pod has the session's name and no label of a session. Those of Jobs, as backups, do not serve."""
        is_labelled = self.api.profile.session_label in pod.meta.labels
        return f"{pod.meta.name}-".startswith(f"{self.id}-") and not is_labelled and not is_of_a_job(pod.object)

    def _whether(self, objects: list[SessionObject]) -> str:
        return "listed" if any(obj.meta.name == self.id for obj in objects) else "not listed"


def _is_same_state(pod: Json, current: Json | None) -> bool:
    """Whether a pod is the one that is there now, without a change since."""
    return current is not None and all(
        pod["metadata"][name] == current["metadata"][name] for name in ("uid", "resourceVersion")
    )


def _says(change: Change) -> str:
    pod = Pod.of(change.object)
    return f"pod {pod.meta.name} gone" if change.kind == "DELETED" else pod.describe()
