"""A pod's volumes as directories of this machine."""

import os
from collections.abc import Mapping
from pathlib import Path

from streamspace_sandbox.host.rootless import is_rootless
from streamspace_sandbox.kubernetes.kubelet.environment import ConfigError
from streamspace_sandbox.kubernetes.kubelet.podman import Mount
from streamspace_sandbox.kubernetes.machinery.errors import ApiError
from streamspace_sandbox.kubernetes.machinery.objects import namespace_of
from streamspace_sandbox.kubernetes.machinery.resources import PERSISTENTVOLUMECLAIMS, PERSISTENTVOLUMES, Obj
from streamspace_sandbox.kubernetes.registry.store import Store

ACCOUNT_MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


class PodVolumes:
    """The volumes of one pod: claims lie where their PV says, everything else lies in `directory` until the pod ends.

    `account` holds the files of the service account.
    """

    def __init__(self, store: Store, pod: Obj, directory: Path, account: Mapping[str, bytes]) -> None:
        self._store = store
        self._pod = pod
        self._directory = directory
        self._account = account
        self._sources: dict[str, tuple[Path, bool]] = {}
        """(directory, whether the pod may only read it) by the volume's name."""

    def prepare(self) -> None:
        """Make every volume of the pod. Raises ConfigError when a claim is not bound."""
        for volume in self._pod["spec"].get("volumes") or []:
            self._sources[volume["name"]] = self._make(volume)
        if self._pod["spec"].get("automountServiceAccountToken") is not False:
            self._sources[ACCOUNT_MOUNT] = self._account_directory(), True

    def mounts(self, container: Obj, user: str) -> list[Mount]:
        """The container's mounts. An empty directory is given to `user` (`uid:gid`)."""
        mounts = [self._mount(entry, user) for entry in container.get("volumeMounts") or []]
        if ACCOUNT_MOUNT in self._sources:
            mounts.append(Mount(self._sources[ACCOUNT_MOUNT][0], ACCOUNT_MOUNT, read_only=True))
        return mounts

    def _mount(self, entry: Obj, user: str) -> Mount:
        source, read_only = self._sources[entry["name"]]
        if part := entry.get("subPath"):
            source = source / part
            source.mkdir(parents=True, exist_ok=True)
        if not read_only and not any(source.iterdir()):
            uid, _, gid = user.partition(":")
            _give(source, int(uid), self._fs_group or int(gid or 0))
        return Mount(source, entry["mountPath"], read_only=read_only or bool(entry.get("readOnly")))

    @property
    def _fs_group(self) -> int | None:
        group: int | None = (self._pod["spec"].get("securityContext") or {}).get("fsGroup")
        return group

    def _make(self, volume: Obj) -> tuple[Path, bool]:
        if claim := volume.get("persistentVolumeClaim"):
            directory = self._claimed(claim["claimName"])
            self._give_to_group(directory)
            return directory, bool(claim.get("readOnly"))
        directory = self._directory / volume["name"]
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o777)
        self._give_to_group(directory)
        return directory, False

    def _claimed(self, claim_name: str) -> Path:
        try:
            claim = self._store.get(PERSISTENTVOLUMECLAIMS, namespace_of(self._pod), claim_name)
            volume = self._store.get(PERSISTENTVOLUMES, None, claim["spec"].get("volumeName") or "")
        except ApiError as error:
            raise ConfigError(error.message) from error
        return Path(volume["spec"]["hostPath"]["path"])

    def _give_to_group(self, directory: Path) -> None:
        """Give the directory and its content to the pod's fsGroup, writable for it; new files inherit the group."""
        group = self._fs_group
        if group is None:
            return
        for path in (directory, *directory.rglob("*")):
            status = path.lstat()
            if path.is_symlink() or status.st_gid == group:
                continue
            _give(path, -1, group)
            path.chmod(status.st_mode | (0o2770 if path.is_dir() else 0o660))

    def _account_directory(self) -> Path:
        directory = self._directory / "~serviceaccount"
        directory.mkdir(parents=True, exist_ok=True)
        for name, content in {**self._account, "namespace": namespace_of(self._pod).encode()}.items():
            path = directory / name
            path.write_bytes(content)
            path.chmod(0o644)
            if self._fs_group is not None:
                _give(path, -1, self._fs_group)
        return directory


def _give(path: Path, uid: int, gid: int) -> None:
    """Change the owner; an ordinary user's sandbox has only one."""
    if not is_rootless():
        os.chown(path, uid, gid)
