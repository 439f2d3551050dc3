"""The register of criteria, in the folder where a command runs."""

from pathlib import Path

import pytest

from streamspace_acceptance import cli


@pytest.mark.parametrize("command", [["explain", "1.1a-1"], ["lint"]])
def test_commands_elsewhere_say_where_to_run(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(command) == 2
    assert capsys.readouterr().err == (
        f"There is no plan/criteria.toml in {tmp_path}: run this in the project's folder, or in one that "
        "`streamspace-acceptance init` wrote.\n"
    )
