"""The shells complete the commands."""

from __future__ import annotations

import subprocess

import pytest

COMMANDS = {
    "streamspace-acceptance": {"doctor", "report", "sweep", "init", "lint", "decide", "explain", "verify", "profile"},
    "streamspace-sandbox": {"up", "down", "status", "deploy", "undeploy", "images", "check"},
}


def script(program: str, shell: str) -> str:
    command = [program, "--print-completion", shell]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.mark.slow
@pytest.mark.parametrize("program", COMMANDS)
def test_completion_in_bash_lists_the_commands(program: str) -> None:
    asking = (
        f"{script(program, 'bash')}\nCOMP_WORDS=({program} ''); COMP_CWORD=1\n"
        f"_shtab_{program.replace('-', '_')}\nprintf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    done = subprocess.run(["bash", "-c", asking], capture_output=True, text=True, check=True, timeout=60)
    assert set(done.stdout.split()) >= COMMANDS[program]


@pytest.mark.slow
@pytest.mark.parametrize("program", COMMANDS)
def test_completion_for_zsh_names_the_commands(program: str) -> None:
    written = script(program, "zsh")
    assert written.startswith(f"#compdef {program}")
    assert not [command for command in COMMANDS[program] if command not in written]
