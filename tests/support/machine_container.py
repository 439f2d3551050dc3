"""A container on an overlay of this machine's root directory, as somebody has it who starts the suite in one."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

SETTINGS = """
[engine]
events_logger="file"
cgroup_manager="cgroupfs"
lock_type="file"
{runtime}
"""
LIMITS = ("--ulimit=nofile=1024:4096", "--ulimit=nproc=16384:16384")


def run_in_container(
    folder: Path, script: str, options: Sequence[str] = (), timeout: float = 240
) -> subprocess.CompletedProcess[str]:
    """The shell script in a new container, which is gone afterwards; podman keeps its files in `folder`. Needs root.

    podman allows the folder at most 40 characters.
    """
    unified = Path("/sys/fs/cgroup/cgroup.controllers").exists()
    configuration = folder / "containers.conf"
    configuration.write_text(SETTINGS.format(runtime="" if unified else 'runtime="runc"'))
    places = [f"--root={folder / 's'}", f"--runroot={folder / 'r'}", f"--tmpdir={folder / 't'}"]
    command = ["podman", *places, "run", "--rm", "--network=none", *LIMITS, *options]
    return subprocess.run(
        [*command, "--rootfs", "/:O", "sh", "-c", script],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "CONTAINERS_CONF": str(configuration)},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
