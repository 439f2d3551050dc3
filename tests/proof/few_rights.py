"""A kubeconfig of a user who has the Roles of `deploy/rbac` and no other right."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client, config, utils

from tests.support.project import PROJECT

RBAC = PROJECT / "deploy" / "rbac"
ROLES = ("streamspace-acceptance.yaml", "streamspace-acceptance-phase3.yaml")
ACCOUNT, NAMESPACE = "acceptance", "streamspace"


def kubeconfig_of_few_rights(admin: Path, written: Path) -> Path:
    """Makes a service account with these Roles, by the administrator's kubeconfig; the file `written` is its own."""
    connect: Any = config.new_client_from_config
    api = connect(str(admin))
    core: Any = client.CoreV1Api(api)  # which takes plain objects as well as its own, but does not say so
    create: Any = utils.create_from_dict
    core.create_namespaced_service_account(NAMESPACE, {"metadata": {"name": ACCOUNT}})
    for document in _roles():
        create(api, document)
    token = core.create_namespaced_service_account_token(ACCOUNT, NAMESPACE, {"spec": {"expirationSeconds": 3600}})
    settings = yaml.safe_load(admin.read_text())
    for user in settings["users"]:
        user["user"] = {"token": token.status.token}
    written.write_text(yaml.safe_dump(settings))
    return written


def _roles() -> Iterator[dict[str, Any]]:
    """The documents as they are shipped, but for the subject, which is the account."""
    subject = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": NAMESPACE}
    for file in ROLES:
        for document in yaml.safe_load_all((RBAC / file).read_text()):
            changed = copy.deepcopy(document)
            if "subjects" in changed:
                changed["subjects"] = [subject]
            yield changed
