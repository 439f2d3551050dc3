"""`streamspace-acceptance shards N`: how a run is divided among N runners, and what each of them runs."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from behave.configuration import Configuration
from behave.runner_util import collect_feature_locations, parse_features

from streamspace_acceptance.evidence.report_folder import ReportFolder
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.reporting.markdown import seconds
from streamspace_acceptance.settings import Settings
from streamspace_acceptance.verdict import gates, shards
from streamspace_acceptance.verdict.judgement import Verdict
from streamspace_acceptance.verdict.register import Register
from streamspace_acceptance.verdict.run_document import place_of
from streamspace_acceptance.verdict.selection import select
from streamspace_acceptance.verdict.shards import DURATIONS, Planned, Shard
from streamspace_acceptance.verdict.verdict_file import VerdictFileError, read


def show(count: int, tags: Sequence[str], *, as_json: bool) -> int:
    """Print the command of each shard that has scenarios, or a matrix as CI systems read it."""
    planned = _plan(count, tags)
    own = _used(planned, count)
    if as_json:
        include = [{"shard": str(shard), "exclusive": shard.exclusive} for shard in own]
        sys.stdout.write(json.dumps({"include": include}) + "\n")
        return 0
    for shard in own:
        sys.stdout.write(f"{_command(shard, tags)}  # {_content(planned, shard)}\n")
    return 0


def used(count: int, tags: Sequence[str]) -> list[Shard]:
    """The shards that have scenarios. SetupProblem if none has."""
    return _used(_plan(count, tags), count)


def record(path: Path = DURATIONS) -> int:
    """Write the durations of the last run's proven scenarios into the file by which shards are planned."""
    folder = ReportFolder(Settings.from_environment().reports)
    try:
        run = read(folder.verdicts)
    except VerdictFileError as error:
        raise SetupProblem(f"There are no durations: {error}. Run `behave` first.") from error
    found = {
        scenario.place: round(scenario.seconds, 1)
        for scenario in run.scenarios
        if scenario.judged.verdict is Verdict.PROVEN
    }
    durations = dict(sorted((shards.read_durations(path) | found).items()))
    path.write_text(json.dumps(durations, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(f"{path}: {len(found)} scenarios recorded, {len(durations)} in all.\n")
    return 0


def _used(planned: Sequence[Planned], count: int) -> list[Shard]:
    return [Shard(number, count) for number in sorted({scenario.shard for scenario in planned})]


def _plan(count: int, tags: Sequence[str]) -> list[Planned]:
    register = Register.load()
    config = Configuration([f"--tags={tag}" for tag in tags])
    features = gates.in_order(parse_features(collect_feature_locations(config.paths)), register)
    scenarios = [(place_of(scenario), scenario) for scenario in select(features, config)]
    return shards.plan(scenarios, count, register, shards.read_durations())


def _command(shard: Shard, tags: Sequence[str]) -> str:
    return shlex.join(["behave", "-D", f"{shards.OPTION}={shard}", *(f"--tags={tag}" for tag in tags)])


def _content(planned: Sequence[Planned], shard: Shard) -> str:
    own = [scenario for scenario in planned if scenario.shard == shard.number]
    scenarios = f"{len(own)} scenario{'' if len(own) == 1 else 's'}"
    alone = "; alone on its target" if shard.exclusive else ""
    unknown = sum(not scenario.recorded for scenario in own)
    guessed = f" ({unknown} of them without a recorded duration)" if unknown else ""
    return f"{scenarios}{guessed}, about {seconds(sum(scenario.seconds for scenario in own))}{alone}"
