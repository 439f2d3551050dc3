"""The Allure formatter: allure-behave's, with a listener and a writer that tell the truth."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import allure_commons
from allure_behave.formatter import AllureFormatter
from behave.formatter.base import Formatter, StreamOpener
from behave.model import Feature

from streamspace_acceptance.evidence import attachments, run_facts
from streamspace_acceptance.reporting.allure.listener import VerdictListener
from streamspace_acceptance.reporting.allure.writer import ResultWriter
from streamspace_acceptance.verdict.ledger import Ledger
from streamspace_acceptance.verdict.run_record import RunRecord


class VerdictAllureFormatter(AllureFormatter):  # type: ignore[misc]  # allure_behave is untyped
    """Made by the runner, always: the evidence of a run does not depend on how it is watched.

    `results` is emptied first: Allure takes what an earlier run left there for retries.
    """

    name = "streamspace.allure"
    description = "Allure results that agree with the ledger"

    def __init__(self, results: Path, config: Any, ledger: Ledger, record: RunRecord) -> None:
        Formatter.__init__(self, StreamOpener(str(results)), config)
        shutil.rmtree(results, ignore_errors=True)
        self.testplan: list[Any] = []
        self._ledger = ledger
        self.listener = VerdictListener(config, ledger.plan, record)
        self.file_logger = ResultWriter(results)  # type: ignore[no-untyped-call]
        allure_commons.plugin_manager.register(self.listener)
        allure_commons.plugin_manager.register(self.file_logger)
        self.listener.announce()

    def feature(self, feature: Feature) -> None:
        """Follow every scenario of the feature, those below a Rule as well."""
        for scenario in feature.walk_scenarios():
            scenario.run = allure_commons.test(  # type: ignore[no-untyped-call]
                scenario.run, context={"scenario": scenario}
            )

    def close(self) -> None:
        """Tell what no scenario could tell, then let go."""
        attachments.attach_json("verdicts.json", self._ledger.document(run_facts.facts()))
        self.listener.finish()
        super().close()
