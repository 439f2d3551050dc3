"""The bridge that an instance's pods are on: `ssbr<N>` with the subnet 10.231.<N>.0/24."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

from streamspace_sandbox.host.start_error import StartError

DEVICES = Path("/sys/class/net")
NUMBERS = range(256)
SERVICE_HOSTS = range(2, 50)
"""Last parts of the addresses that Services get; .1 is the gateway."""


def bridge_name(number: int) -> str:
    return f"ssbr{number}"


def veth_name(number: int, host: int) -> str:
    """The host's end of the veth pair to the pod with the address 10.231.<number>.<host>."""
    return f"ssv{number}.{host}"


def address(number: int, host: int) -> str:
    return f"10.231.{number}.{host}"


def free_number(taken: Iterable[int]) -> int:
    """The first number that neither an instance nor a device or route of this machine uses."""
    occupied = set(taken) | _routed()
    for number in NUMBERS:
        if number not in occupied and not (DEVICES / bridge_name(number)).exists():
            return number
    raise StartError("No subnet 10.231.N.0/24 is free; stop other sandboxes with `streamspace-sandbox down --all`.")


def _routed() -> set[int]:
    """The numbers N of all routes that this machine has into 10.231.N.0/24."""
    numbers = set()
    for line in Path("/proc/net/route").read_text().splitlines()[1:]:
        destination = int(line.split()[1], 16).to_bytes(4, "little")
        if destination[:2] == bytes([10, 231]):
            numbers.add(destination[2])
    return numbers


def make(number: int) -> None:
    """Create the bridge with the addresses of the gateway and of all Services."""
    name = bridge_name(number)
    # A fixed hardware address: otherwise the bridge takes over that of an added device, and pods that cached the old
    # one lose their connections for half a minute.
    commands = [f"link add {name} address 02:73:73:00:00:{number:02x} type bridge"]
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


def join_namespace(number: int, pid: int) -> str:
    """A cable in place of the bridge, to the network namespace of process `pid`. Returns the name of its other end."""
    name, other = bridge_name(number), veth_name(number, 0)
    commands = (
        f"link add {name} address 02:73:73:00:00:{number:02x} type veth peer name {other}",
        f"addr add {address(number, 1)}/24 dev {name}",
        f"link set {other} netns {pid}",
        f"link set {name} up",
    )
    batch = "\n".join((*commands, ""))
    done = subprocess.run(["ip", "-batch", "-"], input=batch, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StartError(f"The node's network could not be created ({done.stderr.strip()}); run this as root.")
    return other


def remove(number: int) -> None:
    """Remove the bridge and the devices on it; missing ones are fine."""
    name = bridge_name(number)
    devices = [device.name for device in DEVICES.glob(f"ssv{number}.*")]
    if (DEVICES / name).exists():
        devices.append(name)
    commands = "".join(f"link del {device}\n" for device in devices)
    # -force: a device disappears by itself when the last process of its pod ends.
    subprocess.run(["ip", "-force", "-batch", "-"], input=commands, capture_output=True, text=True, check=False)
    if (DEVICES / name).exists():
        raise OSError(f"the bridge {name} cannot be removed")
