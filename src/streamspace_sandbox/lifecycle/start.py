"""Bringing an instance up: room for it, its control plane, and StreamSpace deployed on it."""

import asyncio
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from signal import SIGHUP, SIGKILL, SIGTERM

from streamspace_sandbox import faults
from streamspace_sandbox.faults.catalogue import UnknownFault
from streamspace_sandbox.faults.catalogue import find as find_fault
from streamspace_sandbox.host import network_bridge, processes
from streamspace_sandbox.host.start_error import StartError
from streamspace_sandbox.lifecycle import channel, preflight, removal
from streamspace_sandbox.lifecycle.instance import Instance, State, claimed_numbers, lock, root_locked
from streamspace_sandbox.streamspace.deployment import (
    Deployed,
    DeploymentFailed,
    KubeEndpoint,
    deploy,
    is_deployed,
)

CONTROL_PLANE = "streamspace_sandbox.control_plane"
ANSWER_SECONDS = 20.0
STOP_SECONDS = 30.0

Report = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """What `up` was asked for. With `owner`, a process number, the instance lives no longer than that process."""

    time_scale: float = 0.1
    fault: str | None = None
    owner: int | None = None


def up(instance: Instance, options: Options, report: Report) -> State:
    """The state of the instance, which is up and Ready now; started if it was not. Raises StartFailure."""
    preflight.check_machine()
    _choose_fault(options.fault)
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


def check() -> None:
    """Raises StartFailure with the first thing that keeps this machine from running an instance; starts nothing."""
    preflight.check_machine()
    try:
        with root_locked():
            preflight.check_overlay()
    finally:
        removal.remove_root()


def down(instance: Instance) -> bool:
    """Remove the instance with everything that belongs to it; whether there was one."""
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
def _claimed(instance: Instance, options: Options, report: Report) -> Iterator[tuple[State, bool]]:
    """(state, whether it is ours to start). While ours, the instance's directory is locked."""
    held = None
    try:
        with root_locked():
            for name in removal.sweep():
                report(f"removed what was left of the sandbox {name!r}, whose control plane is dead")
            state = instance.read()
            is_new = state is None
            if state is None:
                preflight.check_overlay()
                state = _new_state(options)
                held = lock(instance.directory, create=True)
                instance.write(state)
        yield state, is_new
    finally:
        if held is not None:
            os.close(held)
        removal.remove_root()


def _choose_fault(name: str | None) -> None:
    """Let this process's children run with that fault, or with none."""
    os.environ.pop(faults.FAULT_VARIABLE, None)
    if name is not None:
        try:
            find_fault(name)
        except UnknownFault as error:
            raise StartError(f"{str(error)[0].upper()}{str(error)[1:]}.") from error
        os.environ[faults.FAULT_VARIABLE] = name


def _new_state(options: Options) -> State:
    return State(
        number=network_bridge.free_number(claimed_numbers()),
        process=processes.current(),
        since=datetime.now(UTC).isoformat(timespec="seconds"),
        time_scale=options.time_scale,
        token=secrets.token_urlsafe(32),
        fault=options.fault,
    )


def _await_other_start(instance: Instance, state: State) -> None:
    """Another process starts or stops the instance: wait until it has."""
    held = lock(instance.directory, create=False)
    if held is not None:
        os.close(held)
    now = instance.read()
    if now is not None and not now.ready and not now.process.wait(STOP_SECONDS):
        raise StartError(f"The sandbox {instance.name!r} hangs while it stops; end process {state.process.pid}.")


async def _start(instance: Instance, state: State, options: Options, report: Report) -> State:
    """Start the control plane and deploy; when that fails or is interrupted, nothing stays."""
    task = asyncio.current_task()
    if task is not None:
        for number in (SIGTERM, SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    ours, theirs = socket.socketpair()
    with theirs:
        child = _spawn(instance, options, theirs)
    line = await channel.on_socket(ours)
    try:
        state = replace(state, process=_identify(instance, child))
        instance.write(state)
        state = await _deploy(instance, state, line, report)
        instance.write(state)
        await line.send({"deployed": True})
    except BaseException:
        child.terminate()
        await asyncio.to_thread(_stop, child)
        with root_locked():
            removal.remove(instance)
        raise
    finally:
        line.close()
    return state


def _refreshed(instance: Instance, state: State, report: Report) -> State:
    """The state of an instance that is up; its StreamSpace is deployed again if it has been deleted."""
    held = lock(instance.directory, create=False)
    try:
        return asyncio.run(_deploy_if_deleted(instance, instance.read() or state, report))
    except DeploymentFailed as failure:
        raise StartError(str(failure)) from failure
    finally:
        if held is not None:
            os.close(held)


async def _deploy_if_deleted(instance: Instance, state: State, report: Report) -> State:
    endpoint = _endpoint(instance, state)
    if await is_deployed(endpoint):
        return state
    report("its namespace has been deleted: StreamSpace is deployed again")
    deployed = await deploy(endpoint, time_scale=state.time_scale)
    report(f"StreamSpace answers at {deployed.api_url}")
    state = replace(state, api_url=deployed.api_url, api_token=deployed.token)
    instance.write(state)
    return state


def _endpoint(instance: Instance, state: State) -> KubeEndpoint:
    url = f"https://127.0.0.1:{state.kubernetes_port}"
    return KubeEndpoint(url=url, token=state.token, ca_path=str(instance.tls / "ca.crt"))


def _identify(instance: Instance, child: subprocess.Popen[bytes]) -> processes.Process:
    found = processes.find(child.pid)
    if found is None:
        raise StartError(_no_answer(instance))
    return found


def _spawn(instance: Instance, options: Options, end: socket.socket) -> subprocess.Popen[bytes]:
    """Start the control plane in a session of its own, so that it outlives this terminal."""
    environment = os.environ | {channel.INSTANCE_VARIABLE: instance.name, channel.VARIABLE: str(end.fileno())}
    if options.owner:
        environment[channel.OWNER_VARIABLE] = str(options.owner)
    with instance.log.open("ab") as log:
        python, *module = faults.argv("kubernetes", CONTROL_PLANE)
        return subprocess.Popen(
            # The option means nothing to Python: it tells people who look at the processes whose this one is.
            [python, "-X", f"sandbox={instance.directory}/", *module],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            # conmon leaves a file called `oom` in its working directory when a container ran out of memory.
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


async def _deploy(instance: Instance, state: State, line: channel.Channel, report: Report) -> State:
    try:
        said = await asyncio.wait_for(line.receive(), ANSWER_SECONDS)
    except TimeoutError:
        said = None
    if said is None or "failed" in said:
        raise StartError(said["failed"] if said else _no_answer(instance))
    state = replace(state, kubernetes_port=said["kubernetes_port"])
    endpoint = _endpoint(instance, state)
    report(f"Kubernetes answers at {endpoint.url}")
    try:
        deployed: Deployed = await deploy(endpoint, time_scale=state.time_scale)
    except DeploymentFailed as failure:
        raise StartError(str(failure)) from failure
    report(f"StreamSpace answers at {deployed.api_url}")
    return replace(state, ready=True, api_url=deployed.api_url, api_token=deployed.token)


def _no_answer(instance: Instance) -> str:
    """Why the control plane did not come up, from the last line that it wrote."""
    lines = instance.log.read_text(errors="replace").strip().splitlines() if instance.log.exists() else []
    return f"The control plane did not start ({lines[-1] if lines else 'it wrote nothing'}); try `up` again."
