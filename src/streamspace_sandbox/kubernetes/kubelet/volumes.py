"""A pod's volumes as directories of this machine."""

import os
from collections.abc import Mapping
from pathlib import Path

from streamspace_sandbox.kubernetes.kubelet.environment import ConfigError, Environment, data_of
from streamspace_sandbox.kubernetes.kubelet.podman import Mount
from streamspace_sandbox.kubernetes.machinery.errors import ApiError
from streamspace_sandbox.kubernetes.machinery.objects import namespace_of
from streamspace_sandbox.kubernetes.machinery.resources import (
    CONFIGMAPS,
    PERSISTENTVOLUMECLAIMS,
    PERSISTENTVOLUMES,
    SECRETS,
    Obj,
    Resource,
)
from streamspace_sandbox.kubernetes.registry.store import Store

ACCOUNT_MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


class PodVolumes:
    """Volumes of one pod. What lives as long as the pod lies in `directory`; claims lie where their PV says."""

    def __init__(self, store: Store, pod: Obj, directory: Path, account: Mapping[str, bytes]) -> None:
        self._store = store
        self._pod = pod
        self._directory = directory
        self._account = account
        self._sources: dict[str, tuple[Path, bool]] = {}

    def prepare(self, environment: Environment) -> None:
        """Make every volume of the pod. Raises ConfigError when one is not to be had."""
        for volume in self._pod["spec"].get("volumes") or []:
            self._sources[volume["name"]] = self._make(volume, environment)
        if self._pod["spec"].get("automountServiceAccountToken") is not False:
            files = {**self._account, "namespace": namespace_of(self._pod).encode()}
            self._sources[ACCOUNT_MOUNT] = self._files("~serviceaccount", files, 0o644), True

    def mounts(self, container: Obj, user: str) -> list[Mount]:
        """The container's mounts. A claim's directory that is still empty becomes `user`'s (`uid:gid`)."""
        found = [self._mount(entry, user) for entry in container.get("volumeMounts") or []]
        if ACCOUNT_MOUNT in self._sources and all(mount.target != ACCOUNT_MOUNT for mount in found):
            found.append(Mount(self._sources[ACCOUNT_MOUNT][0], ACCOUNT_MOUNT, read_only=True))
        return found

    def _mount(self, entry: Obj, user: str) -> Mount:
        if entry["name"] not in self._sources:
            raise ConfigError(f"volume {entry['name']!r} is mounted but not declared")
        source, read_only = self._sources[entry["name"]]
        if part := entry.get("subPath"):
            source = source / part
            if not source.exists():
                source.mkdir(parents=True)
        if source.is_dir() and not read_only and not any(source.iterdir()):
            uid, _, gid = user.partition(":")
            os.chown(source, int(uid), self._fs_group or int(gid or 0))
        return Mount(source, entry["mountPath"], read_only=read_only or bool(entry.get("readOnly")))

    @property
    def _fs_group(self) -> int | None:
        group: int | None = (self._pod["spec"].get("securityContext") or {}).get("fsGroup")
        return group

    def _make(self, volume: Obj, environment: Environment) -> tuple[Path, bool]:
        """(directory, whether the pod may only read it)"""
        name = volume["name"]
        if claim := volume.get("persistentVolumeClaim"):
            directory = self._claimed(claim["claimName"])
            self._hand_to_group(directory)
            return directory, bool(claim.get("readOnly"))
        if source := volume.get("configMap"):
            return self._projected(name, CONFIGMAPS, source["name"], source), True
        if source := volume.get("secret"):
            return self._projected(name, SECRETS, source["secretName"], source), True
        if source := volume.get("hostPath"):
            return Path(source["path"]), False
        if source := volume.get("downwardAPI"):
            files = {i["path"]: environment.field(i["fieldRef"]["fieldPath"]).encode() for i in source["items"]}
            return self._files(name, files, source.get("defaultMode", 0o644)), True
        if "emptyDir" not in volume:
            raise ConfigError(f"volume {name!r} is of a kind that this node does not have")
        directory = self._directory / name
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o777)
        self._hand_to_group(directory)
        return directory, False

    def _claimed(self, claim_name: str) -> Path:
        try:
            claim = self._store.get(PERSISTENTVOLUMECLAIMS, namespace_of(self._pod), claim_name)
            volume = self._store.get(PERSISTENTVOLUMES, None, claim["spec"].get("volumeName") or "")
        except ApiError as error:
            raise ConfigError(error.message) from error
        return Path(volume["spec"]["hostPath"]["path"])

    def _hand_to_group(self, directory: Path) -> None:
        """Give everything to the pod's fsGroup, writable for it and inherited by what is made there."""
        group = self._fs_group
        if group is None:
            return
        for path in (directory, *directory.rglob("*")):
            status = path.lstat()
            if path.is_symlink() or status.st_gid == group:
                continue
            os.chown(path, -1, group)
            path.chmod(status.st_mode | (0o2770 if path.is_dir() else 0o660))

    def _projected(self, name: str, resource: Resource, object_name: str, source: Obj) -> Path:
        try:
            data = data_of(self._store.get(resource, namespace_of(self._pod), object_name))
        except ApiError as error:
            if not source.get("optional"):
                raise ConfigError(error.message) from error
            data = {}
        if items := source.get("items"):
            absent = [item["key"] for item in items if item["key"] not in data]
            if absent and not source.get("optional"):
                raise ConfigError(f"references non-existent config key: {absent[0]}")
            data = {item["path"]: data[item["key"]] for item in items if item["key"] in data}
        return self._files(name, data, source.get("defaultMode", 0o644))

    def _files(self, name: str, files: Mapping[str, bytes], mode: int) -> Path:
        directory = self._directory / name
        directory.mkdir(parents=True, exist_ok=True)
        for relative, content in files.items():
            path = directory / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(mode)
            if self._fs_group is not None:
                os.chown(path, -1, self._fs_group)
        return directory
