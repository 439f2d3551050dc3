"""What the Then sentences expect: each raises Unmet with what was expected and what was there, or returns."""

from __future__ import annotations

from collections.abc import Iterable

from streamspace_acceptance.cluster.objects import Pod, SessionObject
from streamspace_acceptance.desktop.page import Loaded
from streamspace_acceptance.measuring.summary import Summary
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.profile import Profile
from streamspace_acceptance.product.rfb import Framebuffer
from streamspace_acceptance.sessions.creation import Creation
from streamspace_acceptance.sessions.desk import FILLED, Trial, vnc_url
from streamspace_acceptance.sessions.home import Found, HomeVolume, Saved
from streamspace_acceptance.sessions.session import Session
from streamspace_acceptance.sessions.starts import Listening, Starts
from streamspace_acceptance.verdict.outcomes import Unmet, Unproven
from streamspace_acceptance.waiting import Budget


def offered(template: str, names: frozenset[str]) -> None:
    """The template is among those on offer."""
    if template not in names:
        raise Unmet(
            f"template {template}",
            expected="on offer",
            actual=f"the API offers {', '.join(sorted(names)) or 'none'}",
            likely="the target was set up without it",
        )


def answered(answer: Answer, status: int) -> None:
    """The answer has exactly that status code."""
    if answer.status != status:
        raise Unmet(
            answer.call,
            expected=f"{status}",
            actual=f"{answer.status} {answer.reason}: {answer.excerpt()}",
            likely="the API refuses the request or answers it with another code; its own message stands above",
        )


def identified(creation: Creation, status: str) -> None:
    """The answer holds the id and the name under which the API lists one new session, and that status."""
    if not creation.answer.ok:
        raise Unproven("no session was created (see the sentence about the answer)")
    body = creation.answer.object()
    troubles = [
        *(f"{key} is {body.get(key)!r}" for key in ("sessionId", "name") if not _text(body.get(key))),
        *([] if body.get("status") == status else [f"status is {body.get('status')!r}, not {status!r}"]),
        *_misnamed(creation, body.get("sessionId"), body.get("name")),
    ]
    if troubles:
        raise Unmet(
            creation.answer.call,
            expected=f"sessionId, name and status {status!r} of the new session",
            actual="; ".join(troubles),
            likely="the answer is not made from the session that was created",
        )


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _misnamed(creation: Creation, session_id: object, name: object) -> list[str]:
    if session_id in creation.asked.before:
        return [f"sessionId {session_id!r} is that of a session that was there before"]
    if len(creation.listed) != 1:
        return [f"the API lists {len(creation.listed)} sessions {session_id!r}"]
    listed = creation.listed[0]
    return [
        *([] if listed.id == session_id else [f"sessionId is {session_id!r}, but the new session is {listed.id!r}"]),
        *([] if listed.name == name else [f"name is {name!r}, but the new session's is {listed.name!r}"]),
    ]


def listed_in_kubernetes(creation: Creation, listed: SessionObject, alone: SessionObject | None) -> None:
    """The session in Kubernetes' list is the one that was asked for, and the one that it gives by name."""
    asked = creation.asked
    troubles = [
        *([] if listed.user == asked.user else [f"its user is {listed.user!r}"]),
        *([] if listed.template == asked.template else [f"its template is {listed.template!r}"]),
        *(["it is being deleted"] if listed.meta.deleting else []),
        *([] if alone is not None and alone.meta.uid == listed.meta.uid else ["by its name there is another, or none"]),
    ]
    if troubles:
        raise Unmet(
            f"session {listed.meta.name} in Kubernetes",
            expected=f"the {asked.template} session of {asked.user}",
            actual="; ".join(troubles),
            likely="the object was not made from the request",
        )


def named_after(session: Session, pods: list[Pod]) -> None:
    """Every pod of the session has the session's name, alone or with a suffix."""
    session_id = session.id
    strangers = [pod for pod in pods if pod.meta.name != session_id and not pod.meta.name.startswith(f"{session_id}-")]
    if strangers or not pods:
        raise Unmet(
            session.subject,
            expected=f"a pod named {session_id} or {session_id}-…",
            actual=", ".join(pod.describe() for pod in strangers) or "no pod",
            likely="the pod is named after something else than the session",
        )


def all_running(starts: Starts) -> None:
    """Every start that was asked for was made and reached Running; one that brought no session shows nothing."""
    for start in starts.made:
        if start.trouble is not None:
            raise start.trouble
    if not starts.complete:
        raise Unproven(f"only {len(starts.made)} of {starts.wanted} starts were made")


def mean_below(starts: Starts, budget: Budget) -> float:
    """The mean of all starts, end to end, is below the budget; gives it, in seconds."""
    if not starts.complete:
        raise Unproven(f"only {len(starts.phases)} of {starts.wanted} starts reached Running and can be measured")
    figures = [start.end_to_end for start in starts.made if start.end_to_end is not None]
    summary = Summary.of(figures)
    if summary.mean >= budget.seconds:
        raise Unmet(
            f"{summary.count} starts",
            expected=f"a mean below {budget}",
            actual=f"mean {summary.mean:.2f} s, from {summary.least:.2f} to {summary.greatest:.2f} s",
            timeline=" · ".join(f"start {number} {each:.2f} s" for number, each in enumerate(figures, 1)),
            likely="the slowest phase in the table of the starts",
        )
    return summary.mean


def ready(pods: list[Pod]) -> None:
    """Every pod is Ready, 1/1: one container, and that one ready."""
    for pod in pods:
        if not pod.ready or pod.containers != 1:
            raise Unmet(
                f"pod {pod.meta.name}",
                expected="Ready, 1/1",
                actual=pod.describe(),
                likely="its readiness probe fails, or it has containers that the plan does not know",
            )


def listening(servers: Iterable[Listening]) -> None:
    """Each VNC server completed its handshake, and it is the session's own pod that was connected meanwhile."""
    for server in servers:
        subject = f"session {server.session}, VNC server"
        if not isinstance(server.framebuffer, Framebuffer):
            raise Unmet(
                subject,
                expected="a complete RFB handshake",
                actual=server.framebuffer,
                likely="nothing that speaks RFB listens behind the session's WebSocket",
            )
        missing = {"listening", "connected"} - server.port_states
        if missing:
            raise Unmet(
                subject,
                expected=f"port {server.port} of the session's pod listening, and connected during the handshake",
                actual=f"not {' and not '.join(sorted(missing))}",
                likely="another desktop than the session's own answers",
            )


def shook_hands(session: Session, framebuffer: Framebuffer | str) -> None:
    """The session's VNC server completed a handshake."""
    if not isinstance(framebuffer, Framebuffer):
        raise Unmet(
            f"{session.subject}, VNC server",
            expected="a complete RFB handshake",
            actual=framebuffer,
            likely="nothing that speaks RFB listens behind the session's WebSocket",
        )


def gives_vnc_url(answer: Answer, profile: Profile) -> None:
    """The answer to connect is a 200 that holds an absolute http(s) URL."""
    answered(answer, 200)
    field = profile.fields["vnc_url"]
    if vnc_url(answer, field) is None:
        raise Unmet(
            answer.call,
            expected=f"{field!r}: an address that a browser can open",
            actual=f"{field!r}: {answer.object().get(field)!r}",
            likely="the API does not say where the desktop is to be seen",
        )


def page(answer: Answer) -> None:
    """The VNC address answers 200 with a page of HTML."""
    answered(answer, 200)
    if answer.content_type.partition(";")[0].strip().lower() != "text/html" or b"<" not in answer.body:
        raise Unmet(
            "the VNC address",
            expected="a page of HTML",
            actual=f"{answer.content_type or 'no content type'}, {len(answer.body)} bytes: {answer.excerpt(80)}",
            likely="something else than the viewer stands at that address",
        )


def novnc(loaded: Loaded) -> None:
    """The noVNC client runs in the page."""
    if not loaded.novnc_loaded:
        raise Unmet(
            "the VNC page", expected="the noVNC client", actual=loaded.describe(), likely="the page or its scripts"
        )


def responds(trial: Trial) -> None:
    """The typed command showed in the picture where it was typed, and it was carried out in the session."""
    if trial.colour.share < FILLED or not trial.colour.holds(*trial.point) or not trial.received:
        raise Unmet(
            "the desktop",
            expected=f"the terminal at {trial.point} in the typed colour, and the command carried out",
            actual=f"{trial.colour.share:.0%} of the screen, in {trial.colour.box}; carried out: {trial.received}",
            likely="the picture does not follow what the session's desktop shows",
        )


def saved(file: Saved, found: Found) -> None:
    """The file was saved, and reads as it was saved."""
    if file.done.code != 0:
        raise Unmet(
            f"{file.path} in pod {found.pod}",
            expected="the file saved",
            actual=f"exit code {file.done.code}: {file.done.stderr.strip()}",
            likely="the user may not write to the home, or it is full",
        )
    kept(file, found)


def kept(file: Saved, found: Found) -> None:
    """The file reads as it was saved, and it is the very file: the mark of this run is beside it."""
    troubles = [
        *_differs(file.path, found.file.code, found.file.stdout, f"{file.text}\n", found.file.stderr),
        *_differs(file.mark_path, found.mark.code, found.mark.stdout, f"{file.mark}\n", found.mark.stderr),
    ]
    if troubles:
        raise Unmet(
            f"{file.path} in pod {found.pod}",
            expected=f"{file.text!r}, as this run saved it",
            actual="; ".join(troubles),
            likely="the home is not on the volume on which it was, or the volume was emptied or set back",
        )


def _differs(path: str, code: int, content: str, wanted: str, stderr: str) -> list[str]:
    if code != 0:
        return [f"{path} cannot be read: {stderr.strip() or f'exit code {code}'}"]
    return [] if content == wanted else [f"{path} says {content[:200]!r}"]


def replaced(former: frozenset[str], by: Pod) -> None:
    """The pod is Ready and none of the former ones."""
    if by.meta.uid in former or not by.ready:
        raise Unmet(
            f"pod {by.meta.name}",
            expected="another pod, Ready",
            actual=f"{by.describe()}, {'the same one' if by.meta.uid in former else 'another one'}",
            likely="the pod was not replaced",
        )


def on_own_volume(home: HomeVolume) -> None:
    """The home is a mount of its own, of a volume claim that is Bound and this session's alone."""
    troubles = [*_not_claimed(home), *_not_mounted(home)]
    if troubles:
        raise Unmet(
            f"{home.path} in pod {home.pod}",
            expected=f"the session's own volume claim, Bound, mounted at {home.path}",
            actual="; ".join(troubles),
            likely="the pod's volumes do not follow the session",
        )


def _not_claimed(home: HomeVolume) -> list[str]:
    if len(home.mounts) != 1 or home.mounts[0].claim is None:
        return [f"{len(home.mounts)} volumes of the pod are for {home.path}, and none is a volume claim"]
    if home.claim is None:
        return [f"the volume claim {home.mounts[0].claim} does not exist"]
    name = home.claim.meta.name
    return [
        *([] if home.claim.phase == "Bound" else [f"claim {name} is {home.claim.phase}"]),
        *(["its claim is being deleted"] if home.claim.meta.deleting else []),
        *([] if home.is_own else [f"claim {name} is another session's"]),
        *([f"claim {name} is also used by {', '.join(home.shared_with)}"] if home.shared_with else []),
        *(["it is mounted for reading only"] if home.mounts[0].read_only else []),
    ]


def _not_mounted(home: HomeVolume) -> list[str]:
    if not home.mount_points:
        return [f"nothing is mounted at {home.path} inside the pod"]
    last = home.mount_points[-1]
    return [
        *([f"a {last.kind} is mounted there"] if last.kind in ("overlay", "tmpfs") else []),
        *([] if "rw" in last.options else ["the mount there is for reading only"]),
    ]


def no_pod_left(session: Session, left: list[Pod]) -> None:
    """No pod is left."""
    if left:
        raise Unmet(
            session.subject,
            expected="no pod",
            actual=", ".join(pod.describe() for pod in left),
            likely="the session's pod was taken out of its sight, not stopped",
        )


def said_by_both(word: str, listed: str, phase: SessionObject | None) -> None:
    """The API says so, and Kubernetes does not say otherwise."""
    if listed != word or (phase is not None and phase.phase != word):
        raise Unmet(
            "the session's status",
            expected=f"{word} by the API and in Kubernetes",
            actual=f"{listed} by the API, {phase.phase if phase else 'nothing'} in Kubernetes",
            likely="one of the two is not kept up to date",
        )
