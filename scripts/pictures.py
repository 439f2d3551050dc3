"""Take the pictures of the README: python scripts/pictures.py [REPORTS] writes docs/images/.

REPORTS is a folder of reports with a report.html. The picture of the console is of a run of test 1.1a, which it starts.
"""

from __future__ import annotations

import io
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.text import Text

IMAGES = Path("docs") / "images"
COLUMNS = 110
MOST_BYTES = 200_000
UP, ERASE = "\x1b[1A", "\x1b[2K"
PART = re.compile(r"\n|\x1b\[1A|\x1b\[2K|\x1b\[[0-9;?]*[A-Za-z]|[^\n\x1b]+")
RUN = ["behave", "--tags=@test-1.1a"]


def main() -> None:
    reports = Path(sys.argv[1] if len(sys.argv) > 1 else "reports")
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        executable = os.environ.get("STREAMSPACE_BROWSER") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        take(browser, (reports / "report.html").resolve(), "report", 1000, 760)
        page = Path(scratch) / "console.html"
        page.write_text(f"<body style='margin:0'>{console(Path(scratch))}</body>", encoding="utf-8")
        take(browser, page, "console", 1000)
        browser.close()


def take(browser: Browser, page: Path, name: str, width: int, height: int | None = None) -> None:
    """Write the top of a page, or all of it, as a PNG of few colours."""
    opened = browser.new_page(viewport={"width": width, "height": height or 400})
    opened.goto(page.as_uri())
    opened.wait_for_timeout(2000)  # the report is drawn by a script
    image = Image.open(io.BytesIO(opened.screenshot(full_page=height is None)))
    path = IMAGES / f"{name}.png"
    image.convert("RGB").quantize(96).save(path, optimize=True)
    opened.close()
    print(f"{path}: {path.stat().st_size} bytes")  # noqa: T201 - the script's own output
    if path.stat().st_size > MOST_BYTES:
        sys.exit(f"{path} has more than {MOST_BYTES} bytes")


def console(scratch: Path) -> str:
    """What a short run writes to a terminal, as SVG."""
    command = " ".join(RUN)
    written = on_terminal(RUN, scratch)
    drawn = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    drawn.print(Text(f"$ {command}"))
    drawn.print(Text.from_ansi("\n".join(left(written)).replace(str(scratch), "reports")))
    return drawn.export_svg(title="streamspace-acceptance")


def left(written: str) -> list[str]:
    """The lines that stand on the terminal in the end: progress is drawn over itself again and again."""
    lines, row = [""], 0
    for part in PART.findall(written.replace("\r", "")):
        if part == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif part == UP:
            row = max(row - 1, 0)
        elif part == ERASE:
            lines[row] = ""
        else:
            lines[row] += part
    return lines


def on_terminal(command: list[str], reports: Path) -> str:
    """The output of a command that believes to write to a terminal; its reports go elsewhere."""
    mine, its = pty.openpty()
    environment = os.environ | {"COLUMNS": str(COLUMNS), "TERM": "xterm-256color", "STREAMSPACE_REPORTS": str(reports)}
    with subprocess.Popen(command, stdout=its, stderr=its, stdin=subprocess.DEVNULL, env=environment) as running:
        os.close(its)
        parts: list[bytes] = []
        while True:
            try:
                part = os.read(mine, 65536)
            except OSError:  # Linux says so when the last writer is gone
                break
            if not part:
                break
            parts.append(part)
        running.wait()
    os.close(mine)
    return b"".join(parts).decode()


if __name__ == "__main__":
    main()
