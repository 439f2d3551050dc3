"""The stores' own figures for the report, read by exec: PostgreSQL's connections and disk traffic, Redis' keys.

A store whose image has no client for it has no figure; the reason stands in its place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Pod

CONNECTIONS, KEYS, READ, WRITTEN = "connections", "keys", "disk read", "disk written"
KIB = 1024

_CONNECTIONS = """PGPASSWORD="$POSTGRES_PASSWORD" psql -w -h 127.0.0.1 -U "${POSTGRES_USER:-postgres}" \
-d "${POSTGRES_DB:-postgres}" -tAc 'select count(*) from pg_stat_activity where datname = current_database()'"""
# The password goes by the environment or the connection itself: every user of the container can read a command line.
_KEYS = r"""for cli in redis-cli valkey-cli; do
  command -v $cli >/dev/null && { REDISCLI_AUTH="$REDIS_PASSWORD" $cli dbsize; exit; }
done
exec bash -c 'exec 3<>/dev/tcp/127.0.0.1/6379;
  printf "AUTH %s\r\nDBSIZE\r\nQUIT\r\n" "$REDIS_PASSWORD" >&3; tail -n +2 <&3'
"""
_DISK = "cat /sys/fs/cgroup/io.stat /sys/fs/cgroup/blkio/blkio.throttle.io_service_bytes 2>/dev/null; true"


@dataclass(frozen=True)
class StoreFigures:
    """Numbers by name, and for each that there is none of, the reason."""

    numbers: Mapping[str, float]
    missing: Mapping[str, str]

    def since(self, earlier: StoreFigures, seconds: float) -> StoreFigures:
        """The same with the bytes of the disk as KiB each second since `earlier`."""
        rates = {
            name: (self.numbers[name] - earlier.numbers[name]) / seconds / KIB
            for name in (READ, WRITTEN)
            if name in self.numbers and name in earlier.numbers
        }
        return StoreFigures({**self.numbers, **rates}, self.missing)


def read(cluster: Cluster, postgres: Sequence[Pod], redis: Sequence[Pod]) -> StoreFigures:
    """The figures of the first pod of each store."""
    numbers, missing = dict[str, float](), dict[str, str]()
    for name, pods, script in ((CONNECTIONS, postgres, _CONNECTIONS), (KEYS, redis, _KEYS)):
        output = _say(cluster, pods, script)
        found = re.search(r"\d+", output)
        if found is None or output.startswith("!"):
            missing[name] = output.removeprefix("!") or "no number in its output"
        else:
            numbers[name] = float(found.group())
    disk = _say(cluster, postgres, _DISK)
    if (bytes_ := disk_bytes(disk)) is None:
        reason = disk.removeprefix("!") if disk.startswith("!") else "its cgroup has no account of disks"
        missing[READ] = missing[WRITTEN] = reason
    else:
        numbers[READ], numbers[WRITTEN] = bytes_
    return StoreFigures(numbers, missing)


def disk_bytes(text: str) -> tuple[float, float] | None:
    """Bytes read and written, by `io.stat` (cgroup v2) or `blkio.throttle.io_service_bytes` (v1); None without."""
    read = [
        int(number)
        for number in re.findall(r"rbytes=(\d+)|^\d+:\d+ Read (\d+)$", text, re.M)
        for number in number
        if number
    ]
    written = [
        int(number)
        for number in re.findall(r"wbytes=(\d+)|^\d+:\d+ Write (\d+)$", text, re.M)
        for number in number
        if number
    ]
    return None if not read and not written else (float(sum(read)), float(sum(written)))


def _say(cluster: Cluster, pods: Sequence[Pod], script: str) -> str:
    """The output of the script; after a `!`, why there is none."""
    if not pods:
        return "!there is no such pod"
    try:
        done = cluster.execute(pods[0], ["sh", "-c", script])
    except ClusterError as error:
        return f"!{' '.join(str(error).split())[:160]}"
    return done.stdout if done.code == 0 else f"!{' '.join(done.stderr.split())[:160] or f'exit code {done.code}'}"
