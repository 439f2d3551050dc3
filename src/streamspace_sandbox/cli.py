"""Run an embedded StreamSpace on this machine, or on a cluster that you have."""

import argparse
import asyncio
import json
import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from pathlib import Path

import shtab

from streamspace_sandbox.faults.catalogue import faults
from streamspace_sandbox.host import rootless
from streamspace_sandbox.host.start_error import StartError
from streamspace_sandbox.lifecycle import given_cluster, start
from streamspace_sandbox.lifecycle.credentials import CONTEXT
from streamspace_sandbox.lifecycle.instance import Instance, InstanceState, instances
from streamspace_sandbox.lifecycle.report import describe
from streamspace_sandbox.real_kubernetes import cache
from streamspace_sandbox.real_kubernetes import preparation as real_kubernetes

NAMESPACE = "streamspace"
NOT_UP = 3
_NAME = "name of the instance (default: %(default)s)"
_TIME_SCALE = "factor on the product's times (default: %(default)s)"


def main(arguments: Sequence[str] | None = None) -> None:
    """Exit statuses: 0; 1 (a sentence on standard error says why); 2 (wrong usage); 3 (`status`: not up); 130 and 143
    (interrupted by SIGINT or another signal: nothing is left running).
    """
    options = _parser().parse_args(arguments)
    try:
        sys.exit(_run(options))
    except StartError as failure:
        _say(str(failure))
        sys.exit(1)
    except OSError as error:
        _say(f"A system call failed ({error}); run `streamspace-sandbox down --all` and try again.")
        sys.exit(1)
    except KeyboardInterrupt:
        _say("Interrupted; nothing is left running.")
        sys.exit(130)
    except asyncio.CancelledError:
        _say("Interrupted; nothing is left running.")
        sys.exit(143)


def _run(options: argparse.Namespace) -> int:
    runs_containers = options.run not in (_deploy, _undeploy) and not getattr(options, "list_faults", False)
    if runs_containers and os.geteuid() != 0:
        if options.run is _images or getattr(options, "kubernetes", "small") == "real":
            raise StartError("A real Kubernetes and its images need root; try again with sudo.")
        rootless.become_root()
    code: int = options.run(options)
    return code


def _up(options: argparse.Namespace) -> int:
    if options.list_faults:
        return _list_faults()
    instance = Instance(options.name)
    flavor = start.SMALL
    if options.kubernetes == "real":
        flavor = start.REAL
        if options.contract is not None:
            raise StartError("A real Kubernetes serves only the plan's contract: leave out --contract.")
        real_kubernetes.prepare(_say)
    elif options.nodes > 1:
        raise StartError("--nodes needs --kubernetes real: the stand-in always has three nodes.")
    planted = ",".join(options.fault) if options.fault else None
    wanted = start.StartOptions(options.time_scale, planted, options.owner_pid, flavor, options.contract, options.nodes)
    state = start.up(instance, wanted, _say)
    if wanted.fault is not None and state.fault != wanted.fault:
        raise StartError(
            f"The instance {instance.name} was already up, with fault {state.fault or 'none'}: end it first "
            f"(streamspace-sandbox down --name {instance.name}), or start another one (--name)."
        )
    if (state.time_scale, state.fault, state.contract) != (wanted.time_scale, wanted.fault, wanted.contract):
        contract = f", the contract {state.contract}" if state.contract else ""
        _say(f"It was already up, with time scale {state.time_scale:g}{contract} and fault {state.fault or 'none'}.")
    environment = _environment(instance, state)
    _print(json.dumps(environment) + "\n" if options.format == "json" else _exports(environment))
    return 0


def _list_faults() -> int:
    try:
        for fault in faults():
            tolerable = "; tolerable: no criterion turns red" if fault.tolerable else ""
            sys.stdout.write(f"{fault.name}\t{fault.breaks}\t{fault.description}{tolerable}\n")
        sys.stdout.flush()
    except BrokenPipeError:  # nobody reads the rest, as after `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _down(options: argparse.Namespace) -> int:
    chosen = instances() if options.all else [Instance(options.name)]
    for instance in chosen:
        _say(f"{instance.name}: removed" if start.down(instance) else f"{instance.name}: does not exist")
    return 0


def _status(options: argparse.Namespace) -> int:
    instance = Instance(options.name)
    state = instance.read()
    if state is None or not state.process.is_alive:
        _say(f"{instance.name}: not up")
        return NOT_UP
    sys.stdout.write(describe(instance, state))
    return 0 if state.ready else NOT_UP


def _deploy(options: argparse.Namespace) -> int:
    deployed = given_cluster.deploy_on(options.kubeconfig, options.context, time_scale=options.time_scale)
    if deployed.api_url is None:
        _say("The cluster gives Services no address: run kubectl -n streamspace port-forward svc/streamspace-api 8080")
    api_url = deployed.api_url or "http://localhost:8080"
    _print(_exports(_variables(api_url, deployed.token, deployed.expired_token, options.kubeconfig.absolute())))
    return 0


def _undeploy(options: argparse.Namespace) -> int:
    was_there = given_cluster.undeploy_from(options.kubeconfig, options.context)
    _say("StreamSpace is removed." if was_there else "StreamSpace was not deployed there.")
    return 0


def _images(options: argparse.Namespace) -> int:
    real_kubernetes.write_product_images(options.file, _say)
    _say(f"{options.file} is written: `kind load image-archive`, `k3s ctr images import` or `docker load -i` take it.")
    return 0


def _check(_options: argparse.Namespace) -> int:
    bridges = start.check()
    _say("This machine can run a sandbox.")
    if bridges:
        _say(
            f"Nothing shows whether a sandbox uses these network bridges: {', '.join(bridges)}. They belong "
            "to another container or an older version. `ip link del NAME` removes one that no sandbox uses."
        )
    return 0


def _environment(instance: Instance, state: InstanceState) -> dict[str, str]:
    """The variables that lead curl, kubectl and the suite to the instance."""
    variables = _variables(state.api_url or "", state.api_token or "", instance.expired_token, instance.kubeconfig)
    if state.is_real:
        variables["STREAMSPACE_ALLOW_CONTEXT"] = CONTEXT  # the suite takes another address for somebody else's
        variables["PATH"] = f"{os.environ['PATH']}:{cache.folder() / 'bin'}"  # kubectl and Helm, after the user's own
    return variables | ({"STREAMSPACE_PROFILE": state.contract} if state.contract else {})


def _variables(api_url: str, token: str, expired_token: str, kubeconfig: Path) -> dict[str, str]:
    return {
        "STREAMSPACE_API_URL": api_url,
        "STREAMSPACE_TEST_TOKEN": token,
        "STREAMSPACE_EXPIRED_TOKEN": expired_token,
        "NAMESPACE": NAMESPACE,
        "KUBECONFIG": str(kubeconfig),
        "TOKEN": token,
    }


def _exports(variables: Mapping[str, str]) -> str:
    return "".join(f"export {name}={_quoted(value)}\n" for name, value in variables.items())


def _quoted(value: str) -> str:
    quoted = shlex.quote(value)
    return quoted if quoted.startswith("'") else f"'{quoted}'"


def _print(text: str) -> None:
    """Write to standard output. Raises StartError when that fails."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # Python would try to flush the buffer again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        reason = f"The sandbox is up, but its environment could not be printed ({error.strerror})"
        raise StartError(f"{reason}; `streamspace-sandbox up` prints it again.") from error


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def _time_scale(text: str) -> float:
    try:
        scale = float(text)
    except ValueError:
        scale = 0.0
    if not isfinite(scale) or not 0 < scale <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0 and up to 1")
    return scale


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="streamspace-sandbox", description=__doc__)
    shtab.add_argument_to(parser, help="print a script that completes the commands in this shell")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, description: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=description, description=f"{description[0].upper()}{description[1:]}.")
        command.set_defaults(run=run)
        return command

    up = add("up", "start an instance and print its environment", _up)
    up.add_argument("--name", default="default", help=f"{_NAME}; several can run side by side")
    up.add_argument(
        "--time-scale",
        type=_time_scale,
        default=0.1,
        help=_TIME_SCALE,
    )
    up.add_argument(
        "--kubernetes",
        choices=("small", "real"),
        default="small",
        help="small: a stand-in; real: a real one, built from Go modules on first use (default: %(default)s)",
    )
    up.add_argument(
        "--nodes",
        type=int,
        choices=range(1, 5),
        default=1,
        help="number of nodes, with --kubernetes real (default: %(default)s)",
    )
    up.add_argument("--contract", help="serve this contract instead of the plan's: shipped-v2.0-beta")
    up.add_argument("--fault", action="append", help="plant this fault; for several, repeat it or write A,B")
    up.add_argument("--owner-pid", type=int, help="remove the instance when the process with this id ends")
    up.add_argument(
        "--format",
        choices=("shell", "json"),
        default="shell",
        help="format of the printed environment (default: %(default)s)",
    )
    up.add_argument("--list-faults", action="store_true", help="print name, criterion and description of each fault")

    down = add("down", "remove an instance with everything that belongs to it", _down)
    which = down.add_mutually_exclusive_group()
    which.add_argument("--name", default="default", help=_NAME)
    which.add_argument("--all", action="store_true", help="remove all instances")

    deploy = add("deploy", "deploy the embedded StreamSpace on a cluster that you have", _deploy)
    undeploy = add("undeploy", "remove the embedded StreamSpace from that cluster", _undeploy)
    for command in (deploy, undeploy):
        command.add_argument("--kubeconfig", type=Path, required=True, help="kubeconfig of the cluster")
        command.add_argument("--context", help="context of the kubeconfig (default: its current one)")
    deploy.add_argument("--time-scale", type=_time_scale, default=0.1, help=_TIME_SCALE)

    images = add("images", "write the images that `deploy` needs into an archive", _images)
    images.add_argument("file", type=Path, metavar="FILE.tar", help="the archive to write")

    add("check", "check whether this machine can run an instance", _check)

    status = add("status", "show whether an instance is up, and its pods", _status)
    status.add_argument("--name", default="default", help=_NAME)
    return parser


if __name__ == "__main__":
    main()
