"""A pod is cut off in the first way that is open; what was tried is undone, and told with the reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from streamspace_acceptance.cluster.exec import exit_code
from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError, ExecRefusedError, ExecResult
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.disruption.cut_methods import Iptables, MethodUnavailable, rule
from streamspace_acceptance.disruption.disruptions import Disruptions
from streamspace_acceptance.disruption.network_cut import cut, revert
from streamspace_acceptance.disruption.network_policy_cut import policy, spans_between
from streamspace_acceptance.domain.agents.heartbeat_gap import check_silence
from streamspace_acceptance.outcomes import Unproven
from streamspace_acceptance.product.agents import Agent, AgentList
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.waiting import Budget, Recording, now
from tests.support.samples import pod_json

POD = Pod.of(pod_json())
RULE = rule(8080, "mark")


@dataclass
class _Way:
    """Writes down what is done to it; closed where it has a reason."""

    name: str
    closed: str = ""
    is_certain: bool = True
    story: list[str] = field(default_factory=list)

    def record(self) -> dict[str, Any]:
        return {"kind": "cut"}

    def apply(self) -> None:
        self.story.append("apply")
        if self.closed:
            raise MethodUnavailable(self.closed)

    def revert(self) -> None:
        self.story.append("undo")


def _passes(at: float) -> None:
    assert now() - at < 30


def _fails(at: float) -> None:
    raise MethodUnavailable("a heartbeat arrived")


def test_cut_takes_the_first_available_method_and_names_others() -> None:
    first, second, third = _Way("first", closed="no iptables"), _Way("second"), _Way("third")
    made = cut(Disruptions(), [first, second, third], _fails)
    assert made.method is second
    assert made.describe() == "second\nnot possible: first: no iptables"
    assert (first.story, second.story, third.story) == (["apply", "undo"], ["apply"], [])


def test_one_that_is_not_certain_is_looked_at() -> None:
    assert cut(Disruptions(), [_Way("policy", is_certain=False)], _passes).closed == ()
    useless = _Way("policy", is_certain=False)
    with pytest.raises(
        Unproven, match=r"can cut the network here; .*first: no iptables; .*policy: a heartbeat arrived"
    ):
        cut(Disruptions(), [_Way("first", closed="no iptables"), useless], _fails)
    assert useless.story == ["apply", "undo"]


@dataclass
class _Cluster:
    """A pod whose iptables ends as told for each option, or does not begin."""

    ends: dict[str, ExecResult | Exception]
    ran: list[str] = field(default_factory=list)
    there: list[Pod | None] = field(default_factory=lambda: [POD])
    """The pod at each look; the last of them stays."""

    def pods(self) -> list[Pod]:
        pod = self.there.pop(0) if len(self.there) > 1 else self.there[0]
        return [] if pod is None else [pod]

    def execute(self, pod: Pod, command: list[str], container: str | None = None) -> ExecResult:
        self.ran.append(command[2])
        end = self.ends[command[2]] if self.there[0] is not None and self.there[0].running else STOPPED
        if isinstance(end, Exception):
            raise end
        return end


def iptables(**ends: ExecResult | Exception) -> tuple[_Cluster, Iptables]:
    cluster = _Cluster({f"-{how}": end for how, end in ends.items()})
    return cluster, Iptables(cast("Cluster", cluster), POD, RULE)


FINE = ExecResult("", "", 0)
STOPPED = ExecRefusedError("exec: no running task found")
NOT_THERE = ExecResult("", "iptables: Bad rule (does a matching rule exist in that chain?).", 1)


@pytest.mark.parametrize(
    "end",
    [
        ExecResult("", "executable file not found in $PATH", 127),
        ExecResult("OCI runtime exec failed", "", 126),
        ExecResult("", "Could not fetch rule set generation id: Permission denied (you must be root)", 4),
        ExecResult("", "can't initialize iptables table `filter': Permission denied (you must be root)", 3),
        ExecResult("", "iptables: Operation not permitted", 4),
        ExecResult("", "can't initialize iptables table `filter': iptables who? (do you need to insmod?)", 3),
        ExecRefusedError('exec: failed to exec in container: exec: "iptables": executable file not found'),
        ClusterError("exec in pod x: 403 Forbidden", 403),
    ],
)
def test_cut_without_iptables_tries_the_next_method(end: ExecResult | Exception) -> None:
    with pytest.raises(MethodUnavailable):
        iptables(A=end)[1].add()


@pytest.mark.parametrize(
    "end", [ExecResult("", "unknown option", 2), ExecResult("", "held by another app", 4), ClusterError("silence")]
)
def test_any_other_end_is_told_as_what_it_is(end: ExecResult | Exception) -> None:
    with pytest.raises(ClusterError):
        iptables(A=end)[1].add()


def test_a_rule_is_removed_and_looked_for() -> None:
    cluster, rules = iptables(D=FINE, C=NOT_THERE)
    rules.remove()
    assert cluster.ran == ["-D", "-C"]


def test_a_rule_that_was_never_there_is_no_error() -> None:
    iptables(D=NOT_THERE, C=NOT_THERE)[1].remove()
    iptables(D=ExecRefusedError("exec: not found"))[1].remove()


def test_a_rule_that_stays_is_told() -> None:
    with pytest.raises(ClusterError, match="stays cut off: held"):
        iptables(D=ExecResult("", "held by another app", 4), C=FINE)[1].remove()


def test_a_cut_of_an_older_run_is_healed() -> None:
    cluster, _ = iptables(D=FINE, C=NOT_THERE)
    revert(cast("Cluster", cluster), {"kind": "cut", "pod": POD.meta.name, "uid": POD.meta.uid, "rule": RULE})
    assert cluster.ran == ["-D", "-C"]
    revert(cast("Cluster", cluster), {"kind": "cut", "pod": POD.meta.name, "uid": "another", "rule": RULE})
    assert cluster.ran == ["-D", "-C"]


@pytest.mark.parametrize(
    ("closed", "left"),
    [
        ([8080], [(1, 8079), (8081, 65535)]),
        ([8080, 8081], [(1, 8079), (8082, 65535)]),
        ([1, 80], [(2, 79), (81, 65535)]),
        ([65535], [(1, 65534)]),
    ],
)
def test_the_ports_that_a_policy_leaves_open(closed: list[int], left: list[tuple[int, int]]) -> None:
    assert spans_between(closed) == left


def test_a_policy_selects_the_marked_pod_alone() -> None:
    made = policy("mark", [8080])
    assert made["spec"]["podSelector"] == {"matchLabels": {"streamspace-acceptance/cut": "mark"}}
    assert made["spec"]["policyTypes"] == ["Egress"]


@dataclass
class _Exec:
    """The end of an exec as Kubernetes tells it."""

    status: str

    def read_channel(self, channel: int) -> str:
        return self.status


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ('{"status": "Success"}', 0),
        ('{"status": "Failure", "details": {"causes": [{"reason": "ExitCode", "message": "4"}]}}', 4),
    ],
)
def test_the_end_of_a_command(status: str, code: int) -> None:
    assert exit_code(_Exec(status)) == code


def test_command_not_started_differs_from_no_effect() -> None:
    with pytest.raises(ExecRefusedError, match="executable file not found"):
        exit_code(_Exec('{"status": "Failure", "reason": "InternalError", "message": "executable file not found"}'))
    for nothing in ("", "Success"):
        with pytest.raises(ClusterError, match="connection ended") as caught:
            exit_code(_Exec(nothing))
        assert not isinstance(caught.value, ExecRefusedError)


def recorded(*beats: float, status: str = "online") -> Recording[AgentList]:
    recording: Recording[AgentList] = Recording()
    for beat in beats:
        recording.append(AgentList((Agent("a", status, beat),), frozenset(), load().statuses))
    return recording


def silent(recording: Recording[AgentList], cut_at: float) -> None:
    check_silence(recording, "a", cut_at, interval=1.0, offline="offline", span=Budget("silence", 0.2, 1.0))


def test_an_agent_that_is_offline_or_only_silent_is_cut_off() -> None:
    silent(recorded(1.0, status="offline"), now() - 10)
    silent(recorded(1.0), now())


def test_a_heartbeat_long_after_the_cut_shows_that_there_is_none() -> None:
    with pytest.raises(MethodUnavailable, match=r"a heartbeat arrived .* does not enforce it"):
        silent(recorded(1.0, 2.0), now() - 10)


def test_api_that_tells_the_time_of_the_question_tells_nothing_of_a_cut() -> None:
    silent(recorded(*map(float, range(1, 11))), now() - 10)


def counted(packets: str) -> ExecResult:
    return ExecResult(
        "Chain OUTPUT (policy ACCEPT 9 packets, 9 bytes)\n"
        "    pkts      bytes target prot opt in out source destination\n"
        f"       {packets}      180 DROP  tcp  --  *  *  0.0.0.0/0  0.0.0.0/0  tcp dpt:8080 /* mark */\n",
        "",
        0,
    )


@pytest.mark.parametrize(
    ("end", "is_met"),
    [(counted("3"), True), (counted("0"), False), (ExecResult("", "no", 1), True), (ClusterError("silence"), True)],
)
def test_rule_tells_whether_it_met_packets(end: ExecResult | Exception, is_met: bool) -> None:
    cluster = _Cluster({"-nvxL": end})
    assert Iptables(cast("Cluster", cluster), POD, RULE).has_met_packets() is is_met


def test_rule_that_meets_nothing_gives_way_to_the_next_method() -> None:
    useless, policy_ = _Way("iptables", is_certain=False), _Way("policy")
    made = cut(Disruptions(), [useless, policy_], _fails)
    assert made.method is policy_
    assert useless.story == ["apply", "undo"]
    assert "a heartbeat arrived" in made.describe()


@pytest.mark.parametrize("end", [FINE, STOPPED, ClusterError("silence"), ExecResult("", "held by another app", 4)])
def test_rule_that_is_there_or_cannot_be_asked_for_is_held(end: ExecResult | Exception) -> None:
    iptables(C=end)[1].check_held()


def test_rule_that_somebody_removed_is_an_error() -> None:
    cluster, rules = iptables(C=NOT_THERE)
    with pytest.raises(ClusterError, match="somebody removed the rule of iptables with which the suite had cut off"):
        rules.check_held()
    cluster.there = [None]
    rules.check_held()  # gone with its pod


def test_cut_that_somebody_reverted_gives_way_to_no_method() -> None:
    @dataclass
    class Reverted(_Way):
        def check_held(self) -> None:
            raise ClusterError("somebody removed the rule")

    with pytest.raises(ClusterError, match="somebody removed"):
        cut(Disruptions(), [Reverted("iptables"), _Way("policy")], _fails)


def test_rule_outlives_the_container_and_is_removed_later() -> None:
    stopped = Pod.of(pod_json(started=False, ready=False))
    cluster, rules = iptables(D=FINE, C=NOT_THERE)
    cluster.there = [stopped, stopped, stopped, POD]
    rules.remove()
    assert cluster.ran == ["-D", "-D", "-C"]


def test_rule_goes_with_its_pod() -> None:
    cluster, rules = iptables(D=STOPPED)
    cluster.there = [None]
    rules.remove()
    assert cluster.ran == ["-D"]
