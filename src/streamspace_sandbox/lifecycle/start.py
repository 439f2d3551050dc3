"""Starts an instance: checks the machine, starts the control plane and deploys StreamSpace."""

import asyncio
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from signal import SIGHUP, SIGKILL, SIGTERM

from streamspace_sandbox import faults
from streamspace_sandbox.faults.catalogue import UnknownFaultError
from streamspace_sandbox.faults.catalogue import find as find_fault
from streamspace_sandbox.faults.contracts import CONTRACTS
from streamspace_sandbox.host import network_bridge, novnc, processes, rootless
from streamspace_sandbox.host.start_error import StartError
from streamspace_sandbox.lifecycle import channel, preflight, removal
from streamspace_sandbox.lifecycle.instance import Instance, InstanceState, claimed_numbers, lock, root_locked
from streamspace_sandbox.streamspace.deployment import (
    DEADLINE,
    DeployedStreamSpace,
    DeploymentError,
    deploy,
    is_deployed,
)
from streamspace_sandbox.streamspace.kube.client import KubeEndpoint

STOP_SECONDS = 30.0

Report = Callable[[str], None]


@dataclass(frozen=True)
class Flavor:
    """A kind of Kubernetes: the module that runs it, and how long it and StreamSpace may take to start, in seconds."""

    module: str
    answer_seconds: float
    deploy_seconds: float


SMALL = Flavor("streamspace_sandbox.control_plane", 60.0, DEADLINE)
REAL = Flavor("streamspace_sandbox.real_kubernetes.plane", 150.0, 180.0)


@dataclass(frozen=True)
class StartOptions:
    """The options of `up`. With `owner`, a process id, the instance ends with that process."""

    time_scale: float = 0.1
    fault: str | None = None
    owner: int | None = None
    flavor: Flavor = SMALL
    contract: str | None = None
    nodes: int = 1


def up(instance: Instance, options: StartOptions, report: Report) -> InstanceState:
    """Start the instance unless it is up. Returns its state once StreamSpace is Ready. Raises StartError."""
    preflight.check_machine()
    _choose_patches(options.contract, options.fault)
    begun = time.monotonic()

    def timed(sentence: str) -> None:
        report(f"{time.monotonic() - begun:5.1f} s  {sentence}")

    while True:
        with _claimed(instance, options, timed) as (state, is_new):
            if is_new:
                return asyncio.run(_start(instance, state, options, timed))
        if state.ready:
            return _refreshed(instance, state, timed)
        _await_other_start(instance, state)


def check() -> list[str]:
    """Check whether this machine can run an instance, and start nothing. Raises StartError.

    Returns the bridges of which nothing shows whether a sandbox uses them.
    """
    preflight.check_machine()
    try:
        with root_locked():
            preflight.check_overlay()
            own = {network_bridge.bridge_name(number) for number in claimed_numbers()}
            return [name for name in network_bridge.of_unknown_makers() if name not in own]
    finally:
        removal.remove_root()


def down(instance: Instance) -> bool:
    """Remove the instance with everything that belongs to it. Returns whether it existed."""
    existed = instance.exists
    state = instance.read()
    if state is not None:
        state.process.signal(SIGTERM)
        if not state.process.wait(STOP_SECONDS):
            state.process.signal(SIGKILL)
            state.process.wait(STOP_SECONDS)
    with root_locked():
        left = instance.read()
        if left is None or not left.process.is_alive:
            removal.remove(instance)
    removal.remove_root()
    return existed


@contextmanager
def _claimed(instance: Instance, options: StartOptions, report: Report) -> Iterator[tuple[InstanceState, bool]]:
    """(state, whether the caller must start the instance). The instance's directory is locked meanwhile."""
    held = None
    reservation = ExitStack()
    try:
        with root_locked():
            for name in removal.sweep():
                report(f"removed the remains of the sandbox {name!r}, whose control plane is dead")
            for name in network_bridge.sweep():
                report(f"removed the network bridge {name} of a sandbox whose control plane is dead")
            state = instance.read()
            is_new = state is None
            if state is None:
                preflight.check_overlay()
                number = reservation.enter_context(network_bridge.reserved_number(claimed_numbers()))
                state = _new_state(options, number)
                held = lock(instance.directory, create=True)
                instance.write(state)
        yield state, is_new
    finally:
        reservation.close()
        if held is not None:
            os.close(held)
        removal.remove_root()


def _choose_patches(contract: str | None, fault: str | None) -> None:
    """Set or clear the contract and fault in the environment of this process's children. Raises StartError."""
    os.environ.pop(faults.FAULT_VARIABLE, None)
    if contract is not None and contract not in CONTRACTS:
        raise StartError(f"There is no contract {contract!r}; the contracts are: {', '.join(CONTRACTS)}.")
    for name in fault.split(",") if fault else ():
        try:
            find_fault(name)
        except UnknownFaultError as error:
            raise StartError(f"{str(error)[0].upper()}{str(error)[1:]}.") from error
    if contract or fault:
        os.environ[faults.FAULT_VARIABLE] = ",".join(filter(None, (contract, fault)))


def _new_state(options: StartOptions, number: int) -> InstanceState:
    return InstanceState(
        number=number,
        process=processes.current(),
        since=datetime.now(UTC).isoformat(timespec="seconds"),
        time_scale=options.time_scale,
        token=secrets.token_urlsafe(32),
        fault=options.fault,
        contract=options.contract,
        nodes=options.nodes,
    )


def _await_other_start(instance: Instance, state: InstanceState) -> None:
    """Wait until the other process has started or stopped the instance."""
    held = lock(instance.directory, create=False)
    if held is not None:
        os.close(held)
    now = instance.read()
    if now is not None and not now.ready and not now.process.wait(STOP_SECONDS):
        raise StartError(
            f"The sandbox {instance.name!r} does not stop; kill process {state.process.pid} and try again."
        )


async def _start(instance: Instance, state: InstanceState, options: StartOptions, report: Report) -> InstanceState:
    """Start the control plane and deploy. A failure or an interruption removes everything."""
    task = asyncio.current_task()
    if task is not None:
        for number in (SIGTERM, SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    ours, theirs = socket.socketpair()
    with theirs:
        child = _spawn(instance, options, theirs)
    to_plane = await channel.on_socket(ours)
    try:
        state = replace(state, process=_identify(instance, child))
        instance.write(state)
        state = await _deploy(instance, state, to_plane, options.flavor, report)
        instance.write(state)
        await to_plane.send({"deployed": True})
    except BaseException:
        child.terminate()
        await asyncio.to_thread(_stop, child)
        with root_locked():
            removal.remove(instance)
        raise
    finally:
        to_plane.close()
    return state


def _refreshed(instance: Instance, state: InstanceState, report: Report) -> InstanceState:
    """The state of an instance that is up. Deploys StreamSpace again if its namespace was deleted."""
    held = lock(instance.directory, create=False)
    try:
        return asyncio.run(_deploy_if_deleted(instance, instance.read() or state, report))
    except DeploymentError as failure:
        raise StartError(str(failure)) from failure
    finally:
        if held is not None:
            os.close(held)


async def _deploy_if_deleted(instance: Instance, state: InstanceState, report: Report) -> InstanceState:
    endpoint = _endpoint(instance, state)
    if await is_deployed(endpoint):
        return state
    report("the namespace was deleted: deploying StreamSpace again")
    deployed = await deploy(
        endpoint, time_scale=state.time_scale, no_limits=rootless.no_limits(), from_images=state.is_real
    )
    report(_where(deployed))
    state = _found(instance, state, deployed)
    instance.write(state)
    return state


def _endpoint(instance: Instance, state: InstanceState) -> KubeEndpoint:
    url = f"https://{state.kubernetes_host}:{state.kubernetes_port}"
    return KubeEndpoint(url=url, token=state.token, ca_path=str(instance.tls / "ca.crt"))


def _identify(instance: Instance, child: subprocess.Popen[bytes]) -> processes.Process:
    process = processes.find(child.pid)
    if process is None:
        raise StartError(_no_answer(instance))
    return process


def _spawn(instance: Instance, options: StartOptions, end: socket.socket) -> subprocess.Popen[bytes]:
    """Start the control plane in its own session, so that it outlives this terminal."""
    environment = os.environ | {channel.INSTANCE_VARIABLE: instance.name, channel.VARIABLE: str(end.fileno())}
    if options.owner:
        environment[channel.OWNER_VARIABLE] = str(options.owner)
    environment[novnc.VARIABLE] = str(novnc.find_novnc())
    with instance.log.open("ab") as log:
        python, *module = faults.argv("kubernetes", options.flavor.module)
        return subprocess.Popen(
            # Python ignores this option: it names the instance in the process list.
            [python, "-X", f"sandbox={instance.directory}/", *module],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            # conmon writes a file `oom` into its working directory when a container runs out of memory.
            cwd=instance.directory,
            pass_fds=[end.fileno()],
            start_new_session=True,
        )


def _stop(child: subprocess.Popen[bytes]) -> None:
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


async def _deploy(
    instance: Instance, state: InstanceState, to_plane: channel.StartChannel, flavor: Flavor, report: Report
) -> InstanceState:
    try:
        message = await asyncio.wait_for(to_plane.receive(), flavor.answer_seconds)
    except TimeoutError:
        message = None
    if message is None or "failed" in message:
        raise StartError(message["failed"] if message else _no_answer(instance))
    host = message.get("kubernetes_host", state.kubernetes_host)
    state = replace(state, kubernetes_host=host, kubernetes_port=message["kubernetes_port"])
    endpoint = _endpoint(instance, state)
    report(f"Kubernetes answers at {endpoint.url}")
    try:
        deployed = await deploy(
            endpoint,
            time_scale=state.time_scale,
            deadline=flavor.deploy_seconds,
            no_limits=rootless.no_limits(),
            from_images=state.is_real,
        )
    except DeploymentError as failure:
        raise StartError(str(failure)) from failure
    report(_where(deployed))
    return replace(_found(instance, state, deployed), ready=True)


def _found(instance: Instance, state: InstanceState, deployed: DeployedStreamSpace) -> InstanceState:
    """The state with the way to the deployed StreamSpace."""
    instance.keep_expired_token(deployed.expired_token)
    return replace(state, api_url=deployed.api_url, api_token=deployed.token)


def _where(deployed: DeployedStreamSpace) -> str:
    if deployed.api_url is None:
        raise StartError("Service streamspace-api has no address outside the cluster; try `up` again.")
    return f"StreamSpace answers at {deployed.api_url}"


def _no_answer(instance: Instance) -> str:
    """Why the control plane did not start, from the last line of its log."""
    lines = instance.log.read_text(errors="replace").strip().splitlines() if instance.log.exists() else []
    return f"The control plane did not start ({lines[-1] if lines else 'its log is empty'}); try `up` again."
