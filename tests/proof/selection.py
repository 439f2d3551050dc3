"""Which cases a proof runs: all, those that `--only` names, or those of a shard."""

from collections.abc import Sequence

from tests.proof.case import Case


class NothingSelectedError(Exception):
    """No case is meant by what was asked for."""


def only(cases: Sequence[Case], wanted: Sequence[str]) -> list[Case]:
    """The cases that any of `wanted` means; all if it is empty. Raises NothingSelectedError if one means none."""
    for word in wanted:
        if not any(case.concerns(word) for case in cases):
            raise NothingSelectedError(f"--only {word} means no case; `--list` prints all of them")
    return [case for case in cases if not wanted or any(case.concerns(word) for word in wanted)]


def shard(cases: Sequence[Case], index: int, count: int) -> list[Case]:
    """Part `index` (from 1) of `count` parts of about the same weight; the same cases give the same parts.

    The heaviest case goes first, each to the part that is lightest so far.
    """
    parts: list[list[Case]] = [[] for _ in range(count)]
    weights = [0.0] * count
    for case in sorted(cases, key=lambda case: (-case.seconds, case.id)):
        lightest = weights.index(min(weights))
        parts[lightest].append(case)
        weights[lightest] += case.seconds
    chosen = {case.id for case in parts[index - 1]}
    return [case for case in cases if case.id in chosen]
