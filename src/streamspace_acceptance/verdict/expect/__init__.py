"""What the Then sentences expect: each raises Unmet with what was expected and what was there, or returns."""

from streamspace_acceptance.verdict.expect.agents import (
    left_alone,
    logged,
    offline_in_time,
    on_pace,
    reconnected,
    stays_offline,
    usable,
)
from streamspace_acceptance.verdict.expect.balance import all_run, balanced, connected, spread
from streamspace_acceptance.verdict.expect.creation import answered, identified, listed_in_kubernetes, offered
from streamspace_acceptance.verdict.expect.desktops import gives_vnc_url, novnc, page, responds
from streamspace_acceptance.verdict.expect.homes import kept, on_own_volume, saved
from streamspace_acceptance.verdict.expect.orders import accepted_to_wait, carried_out, carried_out_once, truthful
from streamspace_acceptance.verdict.expect.pods import named_after, no_pod_left, ready, replaced, said_by_both
from streamspace_acceptance.verdict.expect.resources import given_exactly, kept_to_limits, refused_as_too_much
from streamspace_acceptance.verdict.expect.startup import all_running, listening, mean_below, shook_hands, still_running
from streamspace_acceptance.verdict.expect.templates import (
    all_caught,
    as_described,
    changed,
    deleted,
    nothing_left,
    on_offer,
    provisioned,
    refused_clearly,
    refused_in_use,
    remembered,
    says_how_many,
    unaffected,
)
from streamspace_acceptance.verdict.expect.together import (
    each_has_a_pod,
    each_has_a_session,
    no_conflict,
    reachable,
    undisturbed,
)

__all__ = [
    "accepted_to_wait",
    "all_caught",
    "all_run",
    "all_running",
    "answered",
    "as_described",
    "balanced",
    "carried_out",
    "carried_out_once",
    "changed",
    "connected",
    "deleted",
    "each_has_a_pod",
    "each_has_a_session",
    "given_exactly",
    "gives_vnc_url",
    "identified",
    "kept",
    "kept_to_limits",
    "left_alone",
    "listed_in_kubernetes",
    "listening",
    "logged",
    "mean_below",
    "named_after",
    "no_conflict",
    "no_pod_left",
    "nothing_left",
    "novnc",
    "offered",
    "offline_in_time",
    "on_offer",
    "on_own_volume",
    "on_pace",
    "page",
    "provisioned",
    "reachable",
    "ready",
    "reconnected",
    "refused_as_too_much",
    "refused_clearly",
    "refused_in_use",
    "remembered",
    "replaced",
    "responds",
    "said_by_both",
    "saved",
    "says_how_many",
    "shook_hands",
    "spread",
    "stays_offline",
    "still_running",
    "truthful",
    "unaffected",
    "undisturbed",
    "usable",
]
