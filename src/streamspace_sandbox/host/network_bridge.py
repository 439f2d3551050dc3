"""The bridge that an instance's pods are on: `ssbr<N>` with the subnet 10.231.<N>.0/24.

Its hardware address names the instance, so that nobody removes the bridge of another sandbox in the same network, which
may keep its instances elsewhere, as a container's does. Its alias names the process that made it, which lives as long
as the sandbox: so the bridge of a dead one is found without the instance's files.
"""

import errno
import hashlib
import re
import socket
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from streamspace_sandbox.host import processes
from streamspace_sandbox.host.start_error import StartError

DEVICES = Path("/sys/class/net")
NUMBERS = range(256)
SERVICE_HOSTS = range(2, 50)
"""Last parts of the addresses that Services get; .1 is the gateway."""
ALIAS = "streamspace-sandbox"


def bridge_name(number: int) -> str:
    return f"ssbr{number}"


def veth_name(number: int, host: int) -> str:
    """The host's end of the veth pair to the pod with the address 10.231.<number>.<host>."""
    return f"ssv{number}.{host}"


def address(number: int, host: int) -> str:
    return f"10.231.{number}.{host}"


def hardware_address(owner: str) -> str:
    """The address of the bridge that belongs to `owner`, a text that no other instance has.

    It is fixed: otherwise the bridge takes over that of an added device, and pods that cached the old one lose their
    connections for half a minute.
    """
    digest = hashlib.sha256(owner.encode()).digest()
    return ":".join(f"{byte:02x}" for byte in (0x02, 0x73, *digest[:4]))


@contextmanager
def reserved_number(taken: Iterable[int]) -> Iterator[int]:
    """The first number that neither an instance nor a device or route of this machine uses.

    Until the context ends no other process in this network reserves it, even one that keeps its instances elsewhere:
    an abstract Unix socket has a name that is unique in a network, and goes with its process.
    """
    occupied = set(taken) | _routed()
    with socket.socket(socket.AF_UNIX) as reservation:
        for number in NUMBERS:
            if number not in occupied and not (DEVICES / bridge_name(number)).exists() and _bind(reservation, number):
                yield number
                return
    raise StartError("No subnet 10.231.N.0/24 is free; stop other sandboxes with `streamspace-sandbox down --all`.")


def _bind(reservation: socket.socket, number: int) -> bool:
    """Whether the name was free. The kernel tells by itself: a look before it could be too early."""
    try:
        reservation.bind(f"\0{ALIAS}-{bridge_name(number)}")
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return False
    return True


def _routed() -> set[int]:
    """The numbers N of all routes that this machine has into 10.231.N.0/24."""
    numbers = set()
    for line in Path("/proc/net/route").read_text().splitlines()[1:]:
        destination = int(line.split()[1], 16).to_bytes(4, "little")
        if destination[:2] == bytes([10, 231]):
            numbers.add(destination[2])
    return numbers


def make(number: int, owner: str) -> None:
    """Create the bridge with the addresses of the gateway and of all Services."""
    name = bridge_name(number)
    commands = [f"link add {name} address {hardware_address(owner)} type bridge", f"link set {name} alias {_alias()}"]
    commands += [f"addr add {address(number, host)}/24 dev {name}" for host in (1, *SERVICE_HOSTS)]
    commands += [f"link set {name} up", ""]
    batch = "\n".join(commands)
    done = subprocess.run(["ip", "-batch", "-"], input=batch, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = done.stderr.strip().splitlines()[0]
        advice = "run this as root, outside a container or in a privileged one"
        if "File exists" in reason:
            advice = f"another process on this machine has just created {name}; try again"
        raise StartError(f"The network bridge could not be created ({reason}); {advice}.")


def join_namespace(number: int, owner: str, pid: int) -> str:
    """A cable in place of the bridge, to the network namespace of process `pid`. Returns the name of its other end."""
    name, other = bridge_name(number), veth_name(number, 0)
    commands = (
        f"link add {name} address {hardware_address(owner)} type veth peer name {other}",
        f"link set {name} alias {_alias()}",
        f"addr add {address(number, 1)}/24 dev {name}",
        f"link set {other} netns {pid}",
        f"link set {name} up",
    )
    batch = "\n".join((*commands, ""))
    done = subprocess.run(["ip", "-batch", "-"], input=batch, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StartError(f"The node's network could not be created ({done.stderr.strip()}); run this as root.")
    return other


def remove(number: int, owner: str) -> None:
    """Remove the bridge of `owner` and the devices on it; missing ones are fine, and those of others stay."""
    name = bridge_name(number)
    if (DEVICES / name).exists() and (DEVICES / name / "address").read_text().strip() != hardware_address(owner):
        return
    devices = [device.name for device in DEVICES.glob(f"ssv{number}.*")]
    if (DEVICES / name).exists():
        devices.append(name)
    _delete(devices)
    if (DEVICES / name).exists():
        raise OSError(f"the bridge {name} cannot be removed")


def sweep() -> list[str]:
    """Remove every bridge whose maker is provably dead, with the devices on it. Returns their names."""
    swept = []
    for bridge in _bridges():
        with suppress(OSError):  # another sandbox removes it just now
            # Read before the alias: a bridge of the same name that somebody makes meanwhile has another number.
            index = (bridge / "ifindex").read_text().strip()
            if _maker_is_alive(bridge) is False:
                _delete([*(device.name for device in (bridge / "brif").glob("ssv*")), f"if{index}"])
                swept.append(bridge.name)
    return swept


def of_unknown_makers() -> list[str]:
    """The bridges whose makers may be dead or alive: of another container, or of an older version."""
    unknown = []
    for bridge in _bridges():
        with suppress(OSError):
            if _maker_is_alive(bridge) is None:
                unknown.append(bridge.name)
    return unknown


def _alias() -> str:
    """Names this process as the maker of a bridge: its process namespace, id and start time."""
    maker = processes.current()
    return f"{ALIAS}:{_process_namespace()}:{maker.pid}:{maker.started}"


def _process_namespace() -> int:
    return Path("/proc/self/ns/pid").stat().st_ino


def _bridges() -> list[Path]:
    names = {bridge_name(number) for number in NUMBERS}
    return sorted(device for device in DEVICES.glob("ssbr*") if device.name in names)


def _maker_is_alive(bridge: Path) -> bool | None:
    """None when this process cannot tell: it sees the processes of its own namespace alone."""
    made = re.fullmatch(rf"{ALIAS}:(\d+):(\d+):(\d+)", (bridge / "ifalias").read_text().strip())
    if made is None or int(made[1]) != _process_namespace():
        return None
    return processes.Process(int(made[2]), int(made[3])).is_alive


def _delete(devices: Iterable[str]) -> None:
    commands = "".join(f"link del {device}\n" for device in devices)
    # -force: a device disappears by itself when the last process of its pod ends.
    subprocess.run(["ip", "-force", "-batch", "-"], input=commands, capture_output=True, text=True, check=False)
