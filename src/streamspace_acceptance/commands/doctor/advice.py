"""The plan's advice for each failed check of the environment, ready to paste."""

from __future__ import annotations

# The plan's Environment Setup and Troubleshooting, by criterion.
_ADVICE = {
    "0-1": """\
kubectl config current-context   # is this the intended cluster?
kubectl cluster-info
# Docker Desktop: enable Kubernetes in its settings, and wait until it runs""",
    "0-2": "# install kubectl: https://kubernetes.io/docs/tasks/tools/",
    "0-3": "# install Helm 3.18.0 (never 4.0.x): https://github.com/helm/helm/releases/tag/v3.18.0\nhelm version",
    "0-4": "# start Docker Desktop, or the Docker engine\ndocker version",
    "0-5": """\
cd {repo} && ./scripts/local-build.sh
docker images | grep streamspace
# set STREAMSPACE_REPO to that checkout, and `behave --tags=@phase0` builds and deploys it""",
    "0-6": "cd {repo} && ./scripts/local-deploy.sh\nkubectl get namespace {namespace}",
    "0-7": """\
kubectl get pods -n {namespace}
kubectl describe pods -n {namespace}
kubectl get events -n {namespace} --sort-by='.lastTimestamp'""",
    "0-8": """\
# Check API pod status
kubectl get pods -n {namespace} -l {api}
# Check logs
kubectl logs -n {namespace} -l {api}
# Verify port forward
kubectl port-forward -n {namespace} "$(kubectl get pods -n {namespace} -l {api} -o name | head -n 1)" 8080:{port}
curl {url}/health""",
    "0-9": """\
kubectl logs -n {namespace} -l {api} --tail=-1 | grep "Admin password"
# if that log is gone: export STREAMSPACE_ADMIN_USER=… STREAMSPACE_ADMIN_PASSWORD=…""",
    "0-10": """\
cd {repo} && ./tests/scripts/login.sh
kubectl logs -n {namespace} -l {api}""",
    "0-11": """\
# Check agent pod
kubectl get pods -n {namespace} -l {agent}
# Check agent logs
kubectl logs -n {namespace} -l {agent} | grep -E "error|failed|connection"
# Verify WebSocket connectivity
kubectl logs -n {namespace} -l {api} | grep -E "agent.*connected\"""",
}


def advice(criterion: str, **facts: str) -> list[str]:
    """The lines for a criterion, with namespace, address and so on filled in."""
    return _ADVICE[criterion].format(**facts).splitlines()
