"""The plan's own curl and kubectl lines, pasted into a shell, do on the embedded StreamSpace what the plan expects."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.sandbox_target import SandboxTarget

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        not all(map(shutil.which, ("kubectl", "curl", "jq"))),
        reason="the plan's own lines need kubectl, curl and jq, which are no prerequisite",
    ),
]


def shell(target: SandboxTarget, script: str, *, seconds: float = 90) -> str:
    """What `script` prints when it runs with the variables that the plan names; its exit status must be 0."""
    port = target.environment["STREAMSPACE_API_URL"].rsplit(":", 1)[1]
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace("localhost:8080", f"localhost:{port}")],
        env=os.environ | target.environment | {"TOKEN": target.environment["STREAMSPACE_TEST_TOKEN"]},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return done.stdout.strip()


CREATE = """
SESSION_ID=$(curl -s -X POST http://localhost:8080/api/v1/sessions -H "Authorization: Bearer $TOKEN" \
  -H "Content-Type: application/json" \
  -d '{"user": "testuser", "template": "firefox-browser", "resources": {"cpu": "1000m", "memory": "2Gi"}}' \
  | jq -r '.sessionId')
kubectl wait --for=jsonpath='{.status.phase}'=Running session/$SESSION_ID -n streamspace --timeout=60s >&2
# The agent tells both, and the API may hear of it a moment after Kubernetes.
until curl -s http://localhost:8080/api/v1/sessions/$SESSION_ID -H "Authorization: Bearer $TOKEN" \
  | jq -e '.status == "Running"' >&2; do sleep 0.2; done
POD_NAME=$(kubectl get pods -n streamspace -l session=$SESSION_ID -o jsonpath='{.items[0].metadata.name}')
"""
DELETE = """
kubectl delete session $SESSION_ID -n streamspace >&2
kubectl wait --for=delete pod -l session=$SESSION_ID -n streamspace --timeout=60s >&2
"""


def test_environment_setup(target: SandboxTarget) -> None:
    output = shell(target, "kubectl cluster-info; kubectl version; kubectl get pods -n streamspace --no-headers")
    assert "is running at" in output
    pods = [line.split() for line in output.splitlines() if line.startswith("streamspace-")]
    assert {re.sub(r"-[^-]+-[^-]+$", "", pod[0]) for pod in pods} == {
        "streamspace-postgres",
        "streamspace-redis",
        "streamspace-api",
        "streamspace-k8s-agent",
    }
    assert all(pod[1] == "1/1" for pod in pods), pods
    assert shell(target, "curl -s http://localhost:8080/health") == '{"status":"ok"}'
    assert "Admin password" in shell(
        target, 'kubectl logs -n streamspace -l app=streamspace-api --tail=-1 | grep "Admin password"'
    )


def test_1_1a_and_1_1c(target: SandboxTarget) -> None:
    output = shell(
        target,
        f"""{CREATE}
        kubectl get sessions -n streamspace | grep $SESSION_ID | grep Running
        kubectl get session $SESSION_ID -n streamspace -o yaml | grep 'user: testuser'
        kubectl get pods -n streamspace -l session=$SESSION_ID --no-headers
        kubectl get pod $POD_NAME -n streamspace -o jsonpath='{{.spec.containers[0].resources}}'
        {DELETE}""",
    )
    assert "1/1" in output
    assert '"limits":{"cpu":"1000m","memory":"2Gi"}' in output
    assert '"requests":{"cpu":"1000m","memory":"2Gi"}' in output


def test_1_1d(target: SandboxTarget) -> None:
    output = shell(
        target,
        f"""{CREATE}
        VNC_URL=$(curl -s http://localhost:8080/api/v1/sessions/$SESSION_ID/connect \
          -H "Authorization: Bearer $TOKEN" | jq -r '.url')
        curl -s -w "%{{http_code}}" "$VNC_URL" -o /dev/null
        {DELETE}""",
    )
    assert output == "200"


def test_1_2(target: SandboxTarget) -> None:
    output = shell(
        target,
        f"""{CREATE}
        kubectl exec -n streamspace $POD_NAME -- bash -c "echo 'test data' > /home/user/test.txt"
        kubectl delete pod $POD_NAME -n streamspace >&2
        kubectl wait --for=condition=ready pod -l session=$SESSION_ID -n streamspace --timeout=120s >&2
        NEW_POD_NAME=$(kubectl get pods -n streamspace -l session=$SESSION_ID -o jsonpath='{{.items[0].metadata.name}}')
        test $NEW_POD_NAME != $POD_NAME
        kubectl exec -n streamspace $NEW_POD_NAME -- cat /home/user/test.txt
        {DELETE}""",
    )
    assert output == "test data"


def test_1_4(target: SandboxTarget) -> None:
    output = shell(
        target,
        f"""{CREATE}
        curl -s -o /dev/null -X POST http://localhost:8080/api/v1/sessions/$SESSION_ID/hibernate \
          -H "Authorization: Bearer $TOKEN"
        kubectl wait --for=delete pod -l session=$SESSION_ID -n streamspace --timeout=60s >&2
        kubectl wait --for=jsonpath='{{.status.phase}}'=Hibernated session/$SESSION_ID -n streamspace --timeout=60s >&2
        curl -s http://localhost:8080/api/v1/sessions/$SESSION_ID -H "Authorization: Bearer $TOKEN" | jq -r '.status'
        curl -s -o /dev/null -X POST http://localhost:8080/api/v1/sessions/$SESSION_ID/wake \
          -H "Authorization: Bearer $TOKEN"
        kubectl wait --for=jsonpath='{{.status.phase}}'=Running session/$SESSION_ID -n streamspace --timeout=60s >&2
        kubectl wait --for=condition=ready pod -l session=$SESSION_ID -n streamspace --timeout=120s >&2
        curl -s http://localhost:8080/api/v1/sessions/$SESSION_ID -H "Authorization: Bearer $TOKEN" | jq -r '.status'
        {DELETE}""",
    )
    assert output.split() == ["Hibernated", "Running"]


def test_2_2_and_2_3(target: SandboxTarget) -> None:
    output = shell(
        target,
        """
        api() { curl -s -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" "$@"; }
        URL=http://localhost:8080/api/v1
        TEMPLATE_ID=$(api -X POST $URL/templates -d '{"name": "test-template", "image": "streamspace/firefox:v1",
          "resources": {"cpu": "500m", "memory": "1Gi"}}' | jq -r '.id')
        OLD=$(api -X POST $URL/sessions -d "{\\"user\\": \\"testuser\\", \\"template\\": \\"$TEMPLATE_ID\\"}" \
          | jq -r '.sessionId')
        kubectl wait --for=jsonpath='{.status.phase}'=Running session/$OLD -n streamspace --timeout=60s >&2
        api -X PUT $URL/templates/$TEMPLATE_ID -d '{"image": "streamspace/firefox:v2",
          "resources": {"cpu": "1000m", "memory": "2Gi"}}' | jq -r .version
        NEW=$(api -X POST $URL/sessions -d "{\\"user\\": \\"testuser2\\", \\"template\\": \\"$TEMPLATE_ID\\"}" \
          | jq -r '.sessionId')
        kubectl wait --for=jsonpath='{.status.phase}'=Running session/$NEW -n streamspace --timeout=60s >&2
        for S in $OLD $NEW; do
          kubectl get pod -n streamspace -l session=$S -o jsonpath='{.items[0].spec.containers[0].image}'; echo
        done
        api -w '\\n%{http_code}\\n' -X DELETE $URL/templates/$TEMPLATE_ID
        for S in $OLD $NEW; do
          api -o /dev/null -X DELETE $URL/sessions/$S
          until [ "$(api -o /dev/null -w '%{http_code}' $URL/sessions/$S)" = 404 ]; do sleep 0.1; done
        done
        api -o /dev/null -w '%{http_code}' -X DELETE $URL/templates/$TEMPLATE_ID
        """,
    )
    version, old, new, refusal, refused, deleted = output.splitlines()
    assert (version, old, new) == ("2", "streamspace/firefox:v1", "streamspace/firefox:v2")
    assert "Template in use by 2 sessions" in refusal
    assert (refused, deleted) == ("409", "204")


def test_3_3_the_network_cut(target: SandboxTarget) -> None:
    output = shell(
        target,
        """
        AGENT_ID=$(kubectl get pods -n streamspace -l app=streamspace-k8s-agent -o jsonpath='{.items[0].metadata.name}')
        state() {
          curl -s http://localhost:8080/api/v1/agents -H "Authorization: Bearer $TOKEN" \
            | jq -r '.agents[] | select(.agentId=="'$AGENT_ID'") | .status'
        }
        state
        # An agent that has just started sends its first heartbeat after 3 s.
        until kubectl logs -n streamspace $AGENT_ID --tail=-1 | grep "Heartbeat sent" >&2; do sleep 0.2; done
        kubectl exec -n streamspace $AGENT_ID -- iptables -A OUTPUT -p tcp --dport 8080 -j DROP
        sleep 8; state
        kubectl exec -n streamspace $AGENT_ID -- iptables -F OUTPUT
        sleep 4; state
        """,
    )
    assert output.split() == ["online", "offline", "online"]


def test_3_4_three_agents(target: SandboxTarget) -> None:
    output = shell(
        target,
        """
        kubectl scale deployment streamspace-k8s-agent -n streamspace --replicas=3 >&2
        kubectl rollout status deployment streamspace-k8s-agent -n streamspace --timeout=60s >&2
        kubectl wait --for=condition=ready pod -l app=streamspace-k8s-agent -n streamspace --timeout=180s >&2
        curl -s http://localhost:8080/api/v1/agents -H "Authorization: Bearer $TOKEN" \
          | jq '[.agents[] | select(.status == "online")] | length'
        for i in {1..15}; do
          curl -s -o /dev/null -X POST http://localhost:8080/api/v1/sessions -H "Authorization: Bearer $TOKEN" \
            -H "Content-Type: application/json" -d "{\\"user\\": \\"user${i}\\", \\"template\\": \\"firefox-browser\\",
            \\"resources\\": {\\"cpu\\": \\"500m\\", \\"memory\\": \\"1Gi\\"}}" &
        done
        wait
        kubectl wait --for=jsonpath='{.status.phase}'=Running session --all -n streamspace --timeout=60s >&2
        kubectl get sessions -n streamspace | grep Running | wc -l
        kubectl get pods -n streamspace -l app.kubernetes.io/component=session \
          -o jsonpath='{range .items[*]}{.spec.nodeName}{"\\n"}{end}' | sort | uniq -c | awk '{print $1}'
        kubectl top pods -n streamspace >&2
        kubectl top nodes >&2
        kubectl delete sessions --all -n streamspace >&2
        kubectl scale deployment streamspace-k8s-agent -n streamspace --replicas=1 >&2
        """,
    )
    agents, running, *nodes = map(int, output.split())
    assert (agents, running, sum(nodes)) == (3, 15, 15)
    assert max(nodes) - min(nodes) <= 2


def test_the_quick_reference(target: SandboxTarget) -> None:
    output = shell(
        target,
        f"""{CREATE}
        kubectl get all -n streamspace
        kubectl get events -n streamspace --sort-by='.lastTimestamp' | tail -3
        kubectl describe session $SESSION_ID -n streamspace | grep -i phase
        kubectl describe pod $POD_NAME -n streamspace | grep -A20 Events
        kubectl logs -n streamspace -l app=streamspace-k8s-agent --tail=100 | tail -2
        kubectl logs -n streamspace -l app=streamspace-api --tail=-1 | grep -E "agent.*connected"
        {DELETE}""",
    )
    assert "deployment.apps/streamspace-api" in output
    assert "Started" in output


def test_manifests_are_applied_again_without_a_change(target: SandboxTarget, tmp_path: Path) -> None:
    manifest = tmp_path / "settings.yaml"
    manifest.write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: mine, namespace: streamspace}\ndata: {a: b}\n"
    )
    output = shell(target, f"for i in 1 2; do kubectl apply -f {manifest}; done; kubectl delete -f {manifest}")
    assert output.splitlines() == ["configmap/mine created", "configmap/mine unchanged", 'configmap "mine" deleted']
