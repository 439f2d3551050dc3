"""The environment, and nothing else, says what is tested."""

from pathlib import Path

import pytest

from streamspace_acceptance import lock_files
from streamspace_acceptance.settings import Settings


def test_nothing_set_asks_for_the_embedded_one() -> None:
    settings = Settings.from_environment({"STREAMSPACE_API_URL": "", "NAMESPACE": ""})
    assert settings.embedded
    assert settings.namespace == "streamspace"


def test_everything_set() -> None:
    settings = Settings.from_environment(
        {
            "STREAMSPACE_API_URL": "http://127.0.0.1:8080/",
            "STREAMSPACE_TEST_TOKEN": "t",
            "NAMESPACE": "other",
            "STREAMSPACE_BROWSER": "/usr/bin/chromium",
            "STREAMSPACE_TESTER": "somebody",
        }
    )
    assert settings == Settings("http://127.0.0.1:8080", "t", "other", None, "/usr/bin/chromium", tester="somebody")
    assert not settings.embedded


def test_user_without_a_home_has_no_kubeconfig(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", unknown)
    assert Settings.from_environment({}).kubeconfig_files() == []
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert lock_files.folder() == Path("/.local/state/streamspace-acceptance")


def test_cluster_as_the_target_is_no_embedded_one() -> None:
    assert not Settings.from_environment({"STREAMSPACE_TARGET": "cluster"}).embedded
    assert Settings.from_environment({}, {"target": "cluster"}).target == "cluster"


def test_context_is_given_by_option_or_variable() -> None:
    variables = {"STREAMSPACE_CONTEXT": "kind-one"}
    assert Settings.from_environment({}).context is None
    assert Settings.from_environment(variables).context == "kind-one"
    assert Settings.from_environment(variables, {"context": "kind-two"}).context == "kind-two"


def test_kubeconfig_may_name_several_files_of_which_some_exist(tmp_path: Path) -> None:
    there = tmp_path / "config"
    there.write_text("x")
    settings = Settings.from_environment({"KUBECONFIG": f"{tmp_path / 'none'}:{there}"})
    assert settings.kubeconfig_files() == [there]


def test_options_of_behave_come_before_the_environment() -> None:
    variables = {"STREAMSPACE_PROFILE": "one"}
    assert Settings.from_environment({}).profile == "plan"
    assert Settings.from_environment(variables).profile == "one"
    settings = Settings.from_environment(variables, {"profile": "two", "accept-deviations": "true"})
    assert (settings.profile, settings.accept_deviations) == ("two", True)
    assert not Settings.from_environment(variables, {"accept-deviations": "no"}).accept_deviations
