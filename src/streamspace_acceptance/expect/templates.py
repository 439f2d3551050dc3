"""Expectations of templates and of the sessions made of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from streamspace_acceptance.domain.sessions.provision import Provision, Provisioned
from streamspace_acceptance.domain.templates.change import TemplateChange
from streamspace_acceptance.domain.templates.created_template import CreatedTemplate, Json, differences
from streamspace_acceptance.domain.templates.woken_session import WokenSession
from streamspace_acceptance.evidence.judged import Table, judged, table
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.ids import as_id

_VERSION = re.compile(r"[vV]?(\d+(?:\.\d+)*)")
"""The number of a version: `2`, `"2"`, `v2` or `1.0.2`."""
TOLD_CHARACTERS = 120
"""The beginning of a long text that is not as it was sent; the evidence has all of it."""
NO_SUCH_CALL = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED)


def offered(template: str, names: frozenset[str]) -> None:
    """The template is among those on offer."""
    judged("templates", "\n".join(sorted(names)) or "none")
    if template not in names:
        raise Unmet(
            f"template {template}",
            expected="on offer",
            actual=f"the API offers {', '.join(sorted(names)) or 'none'}",
            likely="the target was set up without it",
        )


def as_described(made: CreatedTemplate, read: Answer | None) -> None:
    """The template was accepted, and both the answer and the template alone read as it was described."""
    judged("creation", made.answer)
    if read is not None:
        judged("the template as the API returns it", read)
    if read is None or not read.ok:
        answer = made.answer if read is None else read
        raise _refused(answer, "the template", "the API refuses or loses a valid template")
    shown = {"the answer": made.answer.object(), "the template": read.object()}
    troubles = [
        f"in {place}, {difference}"
        for place, template in shown.items()
        for difference in differences(made.described, template, partial=place == "the answer")
    ]
    ids = {place: template.get("id") for place, template in shown.items()}
    troubles += [f"in {place}, its id is {id_!r}" for place, id_ in ids.items() if as_id(id_) is None]
    if troubles or len(set(map(str, ids.values()))) != 1:
        raise Unmet(
            f"template {made.id}",
            expected="the described template, under one id",
            actual="; ".join(troubles) or f"ids {ids}",
            likely="the template does not match the request",
        )


def text_kept(made: CreatedTemplate, read: Answer | None) -> None:
    """A template with quotes and letters of other languages in its texts reads as described, if it is accepted.

    A product may refuse such texts.
    """
    judged("a template with quotes and letters of other languages", made.answer if read is None else read)
    if read is None and made.answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise _refused(made.answer, "the template, or refused for its texts", "the API fails at such texts")
    if read is not None and (troubles := differences(made.described, read.content())):
        raise Unmet(
            f"template {made.id}",
            expected="its texts as they were sent",
            actual="; ".join(trouble[:TOLD_CHARACTERS] for trouble in troubles),
            likely="quotes, letters of other languages or the end of a long text are lost or changed on their way",
        )


def listed(made: CreatedTemplate, entries: tuple[Json, ...], read: Answer) -> None:
    """The template is in the list, once, under its name, and what the list shows of it is as described.

    What is wrong in the template itself, as `read`, is 2.1-1's.
    """
    judged("its entries in the list of templates", entries)
    names = [entry.get("name") for entry in entries]
    if names != [made.described["name"]]:
        raise Unmet(
            f"template {made.id}",
            expected=f"once in the list of templates, as {made.described['name']}",
            actual=f"{len(names)} times, as {names}",
            likely="the list is incomplete or out of date",
        )
    known = differences(made.described, read.content()) if read.content() else []
    shown = differences(made.described, entries[0], partial=True)
    if troubles := [trouble for trouble in shown if trouble not in known]:
        raise Unmet(
            f"template {made.id}",
            expected="in the list as it was described, in the fields that the list shows",
            actual="; ".join(troubles),
            likely="the list is incomplete or out of date",
        )


def all_listed(count: int, missing: Sequence[str]) -> None:
    """The list shows each of `count` further templates."""
    judged(f"of {count} further templates, those that the list does not show", "\n".join(missing) or "none")
    if missing:
        raise Unmet(
            f"{count} further templates",
            expected="each in the list of templates",
            actual=f"{len(missing)} are missing: {', '.join(missing[:3])}{' and others' if len(missing) > 3 else ''}",
            likely="the list leaves out templates without optional fields"
            if all("bare" in template for template in missing)
            else "the list ends after so many entries, and names no next page",
        )


def changed(change: TemplateChange) -> None:
    """The change was accepted, and the template reads as sent, and as before where nothing was sent."""
    judged("the template before", change.before)
    if change.earlier_answer is not None:
        judged("a change before", change.earlier_answer)
    judged("the change", change.answer)
    judged("the template after", change.after)
    if change.troubles:
        raise Unmet(
            change.answer.call,
            expected="the fields that were sent changed, and no other",
            actual="; ".join(change.troubles),
            likely=f"the API answers from a cache ({change.kept})" if change.kept else change.likely,
        )


def others_unchanged(changes: Sequence[str]) -> None:
    """The change has reached no other template."""
    judged("changes of another template", "\n".join(changes) or "none")
    if changes:
        raise Unmet(
            "another template of the same image and resources",
            expected="as it was before the change of the template",
            actual="; ".join(changes),
            likely="the change is made of every template, or of all that are alike",
        )


def changed_too(change: TemplateChange | None) -> None:
    """The same change of a template with every field leaves its other fields alone; None where there is none."""
    if change is None:
        judged("the same change of a template with every field", "not tried: the product did not accept the template")
        return
    changed(change)


def provisioned(session: Provisioned, wanted: Json) -> None:
    """The session's pod has the image and resources wanted, by every source."""
    asked = Provision.of(wanted)
    judged("image and resources", _provisions({"the changed template": asked, **session.said}))
    troubles = [f"{place}: {given}" for place, given in session.by_product.items() if not asked.is_as(given)]
    troubles += [] if session.complete else ["its pod lacks an image, requests or limits"]
    if troubles or len(session.pods) != 1:
        raise Unmet(
            f"session {session.session}",
            expected=f"one pod with {asked}",
            actual="; ".join(troubles) or f"{len(session.pods)} pods",
            likely="the session is created from the former template",
        )
    if session.altered:
        raise Unproven(session.altered)


def unaffected(before: Provisioned, now: Provisioned, uids: frozenset[str]) -> None:
    """The same one pod, Ready and never started again, and every source reports the session as before."""
    known = {pod.meta.uid for pod in before.pods}
    judged("before the change", _provisions(before.said))
    judged("after the change", _provisions(now.said))
    judged("pods, by uid", f"before: {', '.join(sorted(known))}\never since: {', '.join(sorted(uids))}")
    troubles = [
        *_changes(before.said, now.said),
        *(["it has had another pod"] if uids | {pod.meta.uid for pod in now.pods} != known else []),
        *([f"its containers were started again {now.restarts} times"] if now.restarts != before.restarts else []),
        *(pod.describe() for pod in now.pods if not pod.ready),
        *([] if now.pods else ["it has no pod"]),
    ]  # fmt: skip
    if troubles:
        raise Unmet(
            f"session {now.session}",
            expected="the same pod with the same image and resources",
            actual="; ".join(troubles),
            likely="the change of the template also changes its existing sessions",
        )


def woken_as_before(woken: WokenSession) -> None:
    """A session that was hibernated during the change wakes with the image and resources that it had before.

    The cluster's own changes of its new pod are left aside.
    """
    judged("the hibernated session before the change", _provisions(woken.before.said))
    if woken.trouble is not None:
        raise woken.trouble.with_parts(
            subject=f"{woken.trouble.subject}, hibernated before the change and woken after it",
            likely="a session whose template has changed since cannot be woken any more",
        )
    if woken.now is None:
        judged("the session woken after the change", f"not tried: {woken.excuse}")
        return
    judged("the session woken after the change", _provisions(woken.now.said))
    if troubles := _changes(woken.before.by_product, woken.now.by_product):
        raise Unmet(
            f"session {woken.before.session}, hibernated before the change and woken after it",
            expected="the image and resources that it had before",
            actual="; ".join(troubles),
            likely="a session is woken from its template as it is now",
        )


def _changes(before: Mapping[str, Provision], now: Mapping[str, Provision]) -> list[str]:
    return [
        f"{place}: {now.get(place)}, before {given}"
        for place, given in before.items()
        if place not in now or not now[place].is_as(given)
    ]


def history_kept(change: TemplateChange, answer: Answer) -> None:
    """The history holds all that the template was and what it is, by the numbers of the versions, in either order.

    Versions that are not numbers, such as hashes, need only differ. Unproven where there is no history.
    """
    judged("the template's history", answer)
    if answer.status in NO_SUCH_CALL:
        raise Unproven(f"the product keeps no history of templates: {answer.status} {answer.excerpt(80)}")
    if not answer.ok:
        raise _refused(answer, "the history", "the API's call for the versions of a template")
    versions = answer.object().get("versions")
    entries = [version for version in versions if isinstance(version, dict)] if isinstance(versions, list) else []
    wanted = [Provision.of(version) for version in change.versions]
    orders = [order for order in (entries, entries[::-1]) if _are_told_apart([entry.get("version") for entry in order])]
    if not any(_are_as(order, wanted) for order in orders):
        told = orders[0] if orders else entries
        raise Unmet(
            answer.call,
            expected=f"first {', then '.join(map(str, wanted))}, with rising numbers",
            actual=" then ".join(f"version {entry.get('version')}: {Provision.of(_content(entry))}" for entry in told)
            or answer.excerpt(),
            likely="a change does not keep the former version",
        )


def _content(version: Json) -> Json:
    """The template of a version: the entry of the history itself, or an object in it, such as `template` or `spec`."""
    parts = (part for part in (version, *version.values()) if isinstance(part, dict))
    return next((part for part in parts if "image" in part), version)


def _are_as(entries: Sequence[Json], wanted: Sequence[Provision]) -> bool:
    found = [Provision.of(_content(entry)) for entry in entries]
    return len(found) == len(wanted) and all(kept.is_as(other) for kept, other in zip(found, wanted, strict=True))


def _are_told_apart(versions: Sequence[object]) -> bool:
    """Whether the versions rise, if they are numbers; otherwise, whether each is a text of its own."""
    matches = [_VERSION.fullmatch(str(version)) for version in versions if isinstance(version, int | float | str)]
    counted = [tuple(map(int, match[1].split("."))) for match in matches if match is not None]
    if len(counted) == len(versions):
        return counted == sorted(set(counted))
    texts = [version for version in versions if isinstance(version, str) and version]
    return len(set(texts)) == len(versions)


def _refused(answer: Answer, what: str, likely: str) -> Unmet:
    return Unmet(
        answer.call,
        expected=f"{what} accepted (2xx)",
        actual=answer.gist,
        likely=likely,
    )


def _provisions(provisions: Mapping[str, Provision]) -> Table:
    rows = [(place, provision.image, provision.cpu, provision.memory) for place, provision in provisions.items()]
    return table("source | image | cpu | memory", rows)
