"""Makes or checks everything that a real Kubernetes needs on this machine, before an instance is claimed."""

from pathlib import Path

from streamspace_sandbox.host.novnc import find_novnc
from streamspace_sandbox.lifecycle import preflight
from streamspace_sandbox.real_kubernetes.archive import digest, write_archive
from streamspace_sandbox.real_kubernetes.binaries import Report, build_all
from streamspace_sandbox.real_kubernetes.image_set import image_contents
from streamspace_sandbox.real_kubernetes.layers import make_layers, make_pause

PACKAGES = {
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "ip": "iproute2",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "ipset": "ipset",
    "mmdebstrap": "mmdebstrap",
}
"""Program -> its Debian package."""


def prepare(report: Report) -> None:
    """The programs and the layers of the images, from the cache or made now. Raises StartError."""
    # Together with what the start itself needs: an hour of building must not end with a missing program.
    preflight.check_machine({**preflight.PACKAGES, **PACKAGES})
    make_layers(report)
    make_pause(build_all(report))


def write_product_images(path: Path, report: Report) -> None:
    """The images of StreamSpace and of its desktops as a docker-archive. Raises StartError."""
    find_novnc()
    preflight.check_programs({"mmdebstrap": "mmdebstrap"})
    layers = make_layers(report)
    write_archive(path, image_contents(layers), {layer: digest(layer) for layer in layers})
