"""Healthy products in other surroundings: the variants of the sandbox, and what the suite must say of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Surroundings:
    """A variant of the sandbox, and the tests of the plan that are run against it.

    `must`: the criteria that need not be PROVEN, each with the verdicts that it may have and words of the reason; all
    others are PROVEN.
    """

    variant: str
    tests: tuple[str, ...]
    must: Mapping[str, tuple[str, str]] = field(default_factory=dict)


ROUNDED = "UNPROVEN", "the Deployment asks for"
SET_BACK = "BROKEN", "somebody set spec.replicas of Deployment streamspace-k8s-agent back to 1"
WHENEVER_SET_BACK = "BROKEN or UNPROVEN or PROVEN", SET_BACK[1]
"""It depends on the machine whether the sessions are there before that."""
QUOTA = "exceeded quota: team-quota"
OBJECTIVES = "UNPROVEN", "the cluster does not keep Kubernetes' own objectives: pods start in"
NOT_REACHED = "UNPROVEN", "not reached"
DELETED = "was deleted meanwhile, and not by the suite"
WHENEVER_DELETED = "PROVEN or UNPROVEN", DELETED
"""It depends on the machine whether another agent is online before the sessions are counted."""
CORDONED = "UNPROVEN", "no node takes its pod: 0/3 nodes are available: 3 node(s) were unschedulable"
NO_VOLUME = "UNPROVEN", "the cluster makes no volume for claim"
TAKEN_AWAY = "UNPROVEN", "was taken away (EvictionByEvictionAPI"
SCALED_DOWN = "UNPROVEN", "to 0 (field manager kubectl)"
UNSEEN = {f"1.1b-{number}": ("UNPROVEN", QUOTA) for number in range(1, 5)}

SURROUNDINGS = [
    Surroundings("sidecar-first", ("1.1b", "1.1c", "1.2", "1.4", "2.2")),
    Surroundings("sidecar-second", ("1.1b", "1.1c", "2.2")),
    Surroundings("sidecar-native", ("1.1b", "1.1c", "1.2")),
    Surroundings("sidecar-unannounced", ("1.1b", "1.1c", "1.2")),
    Surroundings("sidecars-of-components", ("0", "3.1", "3.3")),
    Surroundings("evicted-pod-beside", ("1.1a", "1.1b", "1.1c", "1.2", "1.4", "2.2")),
    Surroundings("cpu-rounded-up", ("1.1c",), {"1.1c-1": ROUNDED}),
    Surroundings("quota-used-up", ("1.1a", "1.1b"), {"1.1a-4": ("BROKEN", QUOTA)} | UNSEEN),
    Surroundings(
        "full-nodes",
        ("2.2", "2.3", "3.1"),
        {
            f"{test}-{number}": ("UNPROVEN", "no node takes its pod")
            for test in ("2.2", "2.3", "3.1")
            for number in range(1, 5)
        },
    ),
    Surroundings(
        "replicas-set-back",
        ("3.4",),
        {"3.4-1": SET_BACK, **dict.fromkeys(("3.4-2", "3.4-3", "3.4-4"), ("UNPROVEN", "is BROKEN"))},
    ),
    Surroundings(
        "one-agent-id",
        ("0", "3.4"),
        {"3.4-1": ("FAILED", "under one id"), **dict.fromkeys(("3.4-2", "3.4-3", "3.4-4"), NOT_REACHED)},
    ),
    Surroundings(
        "room-for-one-agent",
        ("3.4",),
        {
            "3.4-1": ("UNPROVEN", "the cluster has no place for 3 agents: no node takes pod"),
            **dict.fromkeys(("3.4-2", "3.4-3", "3.4-4"), ("UNPROVEN", "not reached")),
        },
    ),
    Surroundings(
        "rotated-logs",
        ("0", "3.3"),
        {"0-9": ("UNPROVEN", "no longer begins at the start"), "0-10": ("UNPROVEN", "0-9")},
    ),
    Surroundings("busy-log", ("3.3",)),
    Surroundings("heartbeats-logged-twice", ("3.3",)),
    Surroundings("heartbeats-vary", ("3.3",)),
    *(Surroundings(f"logs-in-{form}", ("0", "3.3")) for form in ("json", "logfmt", "colours")),
    *(
        Surroundings(
            variant,
            ("1.1a", "1.1b"),
            {"1.1a-4": ("BROKEN", words)} | {f"1.1b-{number}": ("UNPROVEN", words) for number in range(1, 5)},
        )
        for variant, words in (("pod-security", "violates PodSecurity"), ("policy-webhook", "kyverno"))
    ),
    Surroundings("evicted-components-beside", ("0", "3.2", "3.3")),
    Surroundings("pods-start-in-turn", ("4.1",), dict.fromkeys(("4.1-1", "4.1-2"), OBJECTIVES)),
    Surroundings("nodes-hidden", ("1.1c",)),
    Surroundings("terminal-fills-the-screen", ("1.1d", "1.1e")),
    Surroundings("animation-on-the-desktop", ("1.1d", "1.1e", "1.3")),
    Surroundings("keys-of-the-desktop", ("1.1e",)),
    Surroundings("terminal-of-400-columns", ("1.1d",)),
    Surroundings("terminal-on-the-left", ("1.1d", "1.2", "1.3", "1.4")),
    Surroundings("second-viewer-ousts-first", ("1.1d",)),
    Surroundings("limits-alone", ("1.1b", "1.1c", "2.2")),
    Surroundings("completed-pod-beside", ("1.1a", "1.1b", "1.1c", "1.2", "1.4")),
    Surroundings("memory-rounded-up", ("1.1c",), {"1.1c-1": ROUNDED}),
    Surroundings("ephemeral-storage-limited", ("1.1c", "1.3", "2.2")),
    Surroundings("two-api-pods", ("0", "1.1b", "1.4", "3.1", "3.2", "3.3")),
    Surroundings("two-agents", ("0", "3.1", "3.2", "3.3", "3.4")),
    Surroundings("events-hidden", ("0", "1.1b", "1.2", "1.4")),
    Surroundings(
        "logs-hidden",
        ("0", "3.3"),
        {
            **dict.fromkeys(("0-9", "3.3-1", "3.3-4"), ("UNPROVEN", "this user may not read logs")),
            "0-10": ("UNPROVEN", "0-9"),
        },
    ),
    Surroundings(
        "replicas-set-back-later",
        ("3.4",),
        {"3.4-2": SET_BACK, "3.4-3": SET_BACK, "3.4-4": WHENEVER_SET_BACK},
    ),
    Surroundings(
        "agent-deleted-while-it-is-cut-off",
        ("3.3",),
        {"3.3-3": ("UNPROVEN", DELETED), "3.3-4": ("UNPROVEN", "not seen offline and online again")},
    ),
    Surroundings("api-rolled-out-while-an-agent-is-cut-off", ("3.3",), {"3.3-2": ("UNPROVEN", DELETED)}),
    Surroundings(
        "agent-deleted-when-it-serves-sessions",
        ("3.4",),
        dict.fromkeys(("3.4-2", "3.4-3", "3.4-4"), WHENEVER_DELETED),
    ),
    Surroundings(
        "cordoned-nodes",
        ("1.1a", "1.1b"),
        {
            **dict.fromkeys(("1.1b-1", "1.1b-3"), CORDONED),
            "1.1b-2": ("UNPROVEN", "only 0 of 5"),
            "1.1b-4": ("UNPROVEN", "did not reach Running"),
        },
    ),
    Surroundings("sessions-evicted", ("1.1d",), {"1.1d-4": TAKEN_AWAY}),
    Surroundings("sessions-scaled-down", ("1.1d",), {"1.1d-4": SCALED_DOWN}),
    Surroundings(
        "database-deleted",
        ("1.1b",),
        {
            "1.1b-1": ("UNPROVEN", DELETED),
            **{f"1.1b-{number}": ("UNPROVEN or PROVEN", "") for number in (2, 3, 4)},
        },
    ),
    Surroundings(
        "no-storage-class",
        ("1.1a", "1.1b"),
        {
            **dict.fromkeys(("1.1b-1", "1.1b-3"), NO_VOLUME),
            "1.1b-2": ("UNPROVEN", "only 0 of 5"),
            "1.1b-4": ("UNPROVEN", "did not reach Running"),
        },
    ),
    Surroundings("claims-held", ("1.1a", "1.4")),
]
