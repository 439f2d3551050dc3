"""Results on disk, by case and fingerprint of the code: a stopped proof goes on from them."""

import hashlib
import json
import shutil
from functools import cache
from pathlib import Path

from tests.proof.case import Result
from tests.support.project import PROJECT

CODE = ("src", "steps", "features", "plan", "tests", "environment.py", "behave.ini", "pyproject.toml")
NO_CODE = {".pyc"}
NOT_ABOUT_RESULTS = {"weights.json"}


@cache
def fingerprint() -> str:
    """Of all files that could change a result: the same code has the same one."""
    digest = hashlib.sha256()
    for name in CODE:
        top = PROJECT / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and path.suffix not in NO_CODE and path.name not in NOT_ABOUT_RESULTS:
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                digest.update(f"{path.relative_to(PROJECT)}\0{content}\n".encode())
    return digest.hexdigest()[:16]


class Results:
    """The results of the code as it is now. Those of other code are removed when this one is opened."""

    def __init__(self, folder: Path, code: str) -> None:
        self._folder = folder / code
        for other in folder.glob("*"):
            if other.name != code:
                shutil.rmtree(other)
        self._folder.mkdir(parents=True, exist_ok=True)

    def forget(self, case_id: str) -> None:
        """The case has not been run."""
        self._path(case_id).unlink(missing_ok=True)

    def read(self, case_id: str) -> Result | None:
        """The result of that case, if it has one."""
        path = self._path(case_id)
        return Result.from_json(json.loads(path.read_text())) if path.exists() else None

    def write(self, result: Result) -> None:
        """Whole or not at all, whenever the proof is killed."""
        draft = self._path(result.id).with_suffix(".tmp")
        draft.write_text(json.dumps(result.as_json(), indent=1))
        draft.replace(self._path(result.id))

    def _path(self, case_id: str) -> Path:
        return self._folder / f"{case_id.replace('/', '--')}.json"
