"""Cases about what stands around a product: gateways, logins elsewhere, stores of files, portals in other languages."""

from tests.proof.json_rewriting import AGENTS
from tests.proof.proxy_case import ProxyFault
from tests.proof.proxy_rules import agents, gateways, limits, sessions, viewer_pages, wordings
from tests.proof.proxy_rules.viewer_pages import Page

ADDRESS = "A user requests the address of a session"
ELSEWHERE = "https://accounts.example.com/realms/desktops"

SURROUNDING_PRODUCTS = [
    ProxyFault("a gateway that puts questions off (1.1b)", limits.PutsOff(6), "1.1b"),
    ProxyFault("a gateway that puts questions off (3.3)", limits.PutsOff(20), "3.3"),
    ProxyFault("a gateway that puts viewers off", limits.PutsViewersOff(1.0), "1.1b"),
    ProxyFault("refused tokens that lead to another server", gateways.LeadsToLogin(ELSEWHERE), "0"),
    ProxyFault("one login at a time", gateways.OneLoginAtATime(), "0"),
    ProxyFault("pages that are kept packed", limits.KeepsPacked(), "1.1d"),
    ProxyFault("heartbeats in milliseconds", agents.CountedHeartbeats(1000), "3.3"),
    *(
        ProxyFault(f"a server that tells late of agents ({test})", gateways.OneIsBehind(0.7, AGENTS), test)
        for test in ("3.1", "3.3")
    ),
    *(
        ProxyFault(f"a button {name}", Page(script=viewer_pages.on_a_click(label)), "1.1d")
        for name, label in (
            ("with a sign before its words", "\u25b6 Open desktop"),
            ("that is written from right to left", "\u0627\u062a\u0635\u0627\u0644"),
        )
    ),
    *(
        ProxyFault(f"refusals in {name} ({test})", wordings.Refusals(say), test)
        for name, say in (("sentences", wordings.in_sentences), ("an object", wordings.in_an_object))
        for test in ("1.1c", "2.1")
    ),
    *(
        ProxyFault(f"templates by numbers ({test})", wordings.TemplateIds(numbered=True), test)
        for test in ("2.1", "2.2", "2.3")
    ),
    ProxyFault("terms of use around an iframe", viewer_pages.FramedBelow(viewer_pages.TERMS), "1.1d"),
]
"""Healthy products: every criterion of the test is proven all the same."""

SURROUNDING_FAULTS = [
    ProxyFault(
        "a login as an ordinary user",
        gateways.LogsInAsAnybody(),
        "0",
        {"0-10"},
        reason="the rights of an administrator",
    ),
    ProxyFault(
        "the page is known late",
        sessions.PageLate(4.0, 404),
        "1.1d",
        {"1.1d-2"},
        only=ADDRESS,
        reason="404 for",
    ),
    ProxyFault(
        "pages that only seem packed",
        limits.KeepsPacked(well=False),
        "1.1d",
        {"1.1d-2"},
        {"1.1d-3"},
        only=ADDRESS,
        reason="cannot be unpacked",
    ),
    ProxyFault(
        "heartbeats of an hour ago in milliseconds",
        agents.CountedHeartbeats(1000, late=3600.0),
        "3.3",
        {"3.3-1"},
        reason=" s ago by lastHeartbeat",
    ),
    ProxyFault(
        "a veil around an iframe that never goes",
        viewer_pages.FramedBelow(viewer_pages.NO_TERMS),
        "1.1d",
        {"1.1d-4"},
        only="A user works in a session",
        reason="do not reach the desktop",
    ),
]
"""What must be told of products and surroundings in which not all is well."""
