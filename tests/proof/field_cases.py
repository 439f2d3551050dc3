"""Cases of the kinds that the field tells of: healthy products behind gateways and with other words, and faults."""

import hashlib

from tests.proof.json_rewriting import TEMPLATES, Json
from tests.proof.proxy_case import ProxyFault
from tests.proof.proxy_rules import answers, desktops, dialects, gateways, sessions, templates, viewer_pages, wordings
from tests.proof.proxy_rules.viewer_pages import FramedFromElsewhere, Page, at_the_end, before_the_screen

A_TEMPLATE = f"{TEMPLATES}/[^/]+"
WORKS, LARGE = "A user works in a session", "A user requests more than any node has"
ALLOWED = {"STREAMSPACE_SHARED_NAMESPACE": "streamspace"}
"""Nothing shows that API and cluster belong together, where the agents have generated ids."""
DIALECTS = (
    ("in a list", wordings.in_a_list),
    ("by field", wordings.by_field),
    ("by pointers", wordings.by_pointers),
)


def _in_short(template: Json) -> Json:
    return {name: template[name] for name in ("id", "name", "displayName", "category") if name in template}


FIELD_PRODUCTS = [
    *(
        ProxyFault(f"lists that show templates in short ({test})", answers.OfTemplates(_in_short, alone=False), test)
        for test in ("2.1", "2.2")
    ),
    ProxyFault("a creation answered in short", answers.Answers("POST", TEMPLATES, _in_short, status=201), "2.1"),
    ProxyFault("a change without content", templates.NoContent(), "2.2"),
    ProxyFault("a change with an empty answer", templates.NoContent(200), "2.2"),
    ProxyFault("deleted templates that are gone", answers.Answers("GET", A_TEMPLATE, becomes=410, status=404), "2.3"),
    *(
        ProxyFault(f"a gateway that numbers requests ({test})", gateways.NumbersRequests(), test)
        for test in ("1.1a", "1.3")
    ),
    *(
        ProxyFault(f"a product without ids of requests ({test})", gateways.NumbersRequests(keeps=False), test)
        for test in ("1.1a", "1.3")
    ),
    *(
        ProxyFault(f"a small cache ({test})", gateways.Cache(0.4), test)
        for test in ("1.1a", "1.4", "2.1", "2.2", "2.3")
    ),
    ProxyFault("refused tokens that lead to a login", gateways.LeadsToLogin(), "0"),
    *(ProxyFault(f"lists in pages ({test})", gateways.Pages(3), test) for test in ("1.3", "2.1")),
    *(ProxyFault(f"refusals {name} (2.1)", wordings.Refusals(say), "2.1") for name, say in DIALECTS),
    ProxyFault("refusals in a list (1.1c)", wordings.Refusals(wordings.in_a_list), "1.1c"),
    ProxyFault(
        "refusals in names of fields (1.1c)", wordings.Refusals(wordings.in_names_of_fields), "1.1c", only=LARGE
    ),
    *(
        ProxyFault(f"sessions counted {number}", wordings.CountsOtherwise(sentence), "2.3")
        for number, sentence in enumerate(
            (
                "Template is in use (active sessions: {})",
                "{} active desktop sessions still use this template",
                "In use by {0} sessions (0 failed sessions)",
                "Version 1 of the template still has {} sessions",
            ),
            1,
        )
    ),
    ProxyFault("sessions counted in a field", wordings.CountsInAField(), "2.3"),
    *(
        ProxyFault(f"versions as {name}", wordings.Numbered(write), "2.2")
        for name, write in (
            ("text", str),
            ("v1 and v2", lambda number: f"v{number}"),
            ("1.0.1 and 1.0.2", lambda number: f"1.0.{number}"),
            ("dates", lambda number: f"2026-11-30T10:00:{number:02}Z"),
            ("hashes", lambda number: hashlib.sha256(bytes([number])).hexdigest()[:12]),
        )
    ),
    ProxyFault("resources as numbers", wordings.Amounts(), "1.1c"),
    ProxyFault("times in lower case (3.3)", dialects.Times(wordings.in_lower_case), "3.3"),
    *(
        ProxyFault(f"templates by ids of their own ({test})", wordings.TemplateIds(), test)
        for test in ("2.1", "2.2", "2.3")
    ),
    ProxyFault("agents by ids of their own (3.3)", wordings.AgentIds(), "3.3", settings=ALLOWED),
    ProxyFault("agents by ids of their own (3.4)", wordings.AgentIds(), "3.4", settings=ALLOWED),
    ProxyFault(
        "a click on what is no button first", Page(script=viewer_pages.on_a_click_that_is_no_buttons("Connect")), "1.1d"
    ),
    ProxyFault("a client in an iframe from elsewhere", FramedFromElsewhere(), "1.1d"),
    ProxyFault("a client in an iframe from elsewhere for input", FramedFromElsewhere(), "1.1e"),
    *(
        ProxyFault(name, Page(script=script), "1.1d")
        for name, script in (
            ("a desktop in a window of its own", viewer_pages.in_a_window),
            ("a night light over the page", at_the_end(viewer_pages.NIGHT_LIGHT)),
            ("terms of use over the screen", at_the_end(viewer_pages.CONSENT)),
            ("a veil until the first click", at_the_end(viewer_pages.CLICK_TO_FOCUS)),
            ("a click in another language first", viewer_pages.on_a_click("Подключиться")),
        )
    ),
    ProxyFault("a night light over five pages", Page(script=at_the_end(viewer_pages.NIGHT_LIGHT)), "1.3"),
    ProxyFault("a watermark over the screen", Page(script=at_the_end(viewer_pages.WATERMARK)), "1.1d"),
    ProxyFault("inverted colours", Page(script=at_the_end(viewer_pages.INVERTED)), "1.1d"),
    ProxyFault("a thumbnail of the desktop", Page(script=at_the_end(viewer_pages.THUMBNAIL)), "1.1d"),
    ProxyFault(
        "a desktop below the fold",
        Page(before_the_screen(viewer_pages.NEWS), at_the_end(viewer_pages.SCROLLING)),
        "1.1d",
    ),
]
"""Healthy products: every criterion of the test is proven all the same."""

FIELD_FAULTS = [
    ProxyFault(
        "a template listed with another image",
        answers.OfTemplates(lambda template: template | {"image": "streamspace/firefox:old"}, alone=False),
        "2.1",
        {"2.1-2"},
    ),
    ProxyFault(
        "a refused deletion that changes the template",
        templates.ChangedByRefusal(),
        "2.3",
        {"2.3-1"},
        reason="image reads",
    ),
    ProxyFault(
        "a deletion that costs a session of another template",
        templates.CostsOthers(),
        "2.3",
        {"2.3-3"},
        only="An administrator deletes a template that is no longer in use",
        reason="of another one touched",
    ),
    ProxyFault("a refused deletion that leaves the list", templates.LeavesTheList(), "2.3", {"2.3-1"}, reason="list"),
    ProxyFault("a refused deletion that hides the template", templates.CannotBeRead(), "2.3", {"2.3-1"}, reason="API"),
    ProxyFault(
        "a deleted template stays listed",
        templates.StaysListed(30.0),
        "2.3",
        {"2.3-4"},
        only="An administrator deletes a template that is no longer in use",
        finds=True,
    ),
    ProxyFault(
        "Failed while its command waits",
        answers.Lasts("Hibernating", 0.5, "Failed"),
        "3.2",
        {"3.2-4"},
        reason="after the command",
    ),
    ProxyFault(
        "refusals that repeat the request",
        wordings.Refusals(wordings.by_repeating),
        "2.1",
        {"2.1-3"},
        reason="not valid",
    ),
    ProxyFault(
        "refusals for size that repeat the request",
        wordings.Refusals(wordings.by_repeating),
        "1.1c",
        {"1.1c-2"},
        only=LARGE,
    ),
    ProxyFault(
        "sizes that are compared with figures and not with nodes",
        sessions.KnowsOnePlan(9, 99),
        "1.1c",
        {"1.1c-2"},
        only=LARGE,
        reason="accepted with 201",
    ),
    ProxyFault(
        "Running in lower case", dialects.StatusWords({"Running": "running"}), "1.1b", {"1.1b-1"}, reason="profile"
    ),
    ProxyFault(
        "callers are locked out", gateways.LocksOutCallers(8, 3.0), "0", broken={"0-10", "0-11"}, reason="rate of calls"
    ),
    ProxyFault(
        "an agent of another cluster",
        wordings.OfAnotherCluster(),
        "3.3",
        unproven={"3.3-1", "3.3-2", "3.3-3", "3.3-4"},
        reason="beside the pods of",
    ),
    ProxyFault(
        "a list that ends with its first page",
        gateways.Pages(3, leads_on=False),
        "1.3",
        unproven={"1.3-1"},  # a session requested alone is not in the list either
        only="Five users request sessions at the same time",
    ),
    ProxyFault(
        "a picture that never stands still",
        Page(script=at_the_end(viewer_pages.SNOW)),
        "1.1d",
        unproven={"1.1d-4"},
        reason="changes constantly",
    ),
    ProxyFault(
        "a veil that never goes",
        Page(script=at_the_end(viewer_pages.SPINNER)),
        "1.1d",
        {"1.1d-4"},
        only=WORKS,
        reason="do not reach the desktop",
    ),
    ProxyFault(
        "a quick second click is lost", desktops.LosesQuickClicks(0.2), "1.1e", {"1.1e-1"}, only="A user clicks"
    ),
    ProxyFault("addresses crossed at once", sessions.CrossesAtOnce(), "1.3", {"1.3-5"}, {"1.3-4"}),
    ProxyFault("one desktop for all sessions of a user", sessions.OneDesktopForAUser(), "1.1b", {"1.1b-4"}),
    ProxyFault(
        "a picture that flickers",
        Page(script=at_the_end(viewer_pages.FLICKER)),
        "1.1d",
        {"1.1d-4"},
        only=WORKS,
        reason="blank",
    ),
    ProxyFault(
        "a mirrored picture",
        Page(script=at_the_end(viewer_pages.MIRRORED)),
        "1.1e",
        {"1.1e-1"},
        only="A user clicks",
        reason="is shown at",
    ),
    ProxyFault(
        "a part of the picture stays",
        desktops.StaysBeyond(0.6),
        "1.1d",
        {"1.1d-4"},
        only=WORKS,
        reason="another viewer gets",
    ),
    ProxyFault(
        "a page that draws five pictures a second",
        Page(script=at_the_end(viewer_pages.FIVE_A_SECOND)),
        "4.3",
        {"4.3-2"},
        only="A user watches a desktop",
        reason="the page draws",
    ),
]
"""What must be told of products and surroundings in which not all is well."""
