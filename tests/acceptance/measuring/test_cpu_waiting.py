"""The time that threads wait for a processor is summed up over a window."""

from __future__ import annotations

import subprocess

import pytest

from streamspace_acceptance.measuring.cpu_waiting import SCRIPT, parse, waited

BEGAN = "/proc/1/task/1 1000000000\n/proc/2/task/2 500000000\n"
ENDED = "/proc/1/task/1 3000000000\n/proc/3/task/3 250000000\n/proc/4/task/4 no\n"


def test_waits_of_living_and_new_threads_are_summed_up() -> None:
    assert waited(parse(BEGAN), parse(ENDED)) == pytest.approx(2.25)


def test_a_thread_whose_number_was_given_again_counts_nothing() -> None:
    assert waited(parse(ENDED), parse(BEGAN)) == pytest.approx(0.5)


def test_other_lines_are_left_out() -> None:
    assert parse("") == {}
    assert parse("sh: not found\n/proc/1/task/1 7") == {"/proc/1/task/1": 7}


def test_the_script_reads_the_threads_of_this_machine() -> None:
    said = subprocess.run(["sh", "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert "/proc/1/task/1" in parse(said.stdout)
    assert said.stderr == ""
