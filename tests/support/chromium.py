"""A real browser without a window, for tests and benchmarks of pages."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

QUIET = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--disable-dev-shm-usage",
)  # fmt: skip


def open_chromium(profile: Path) -> Any | None:
    """Return a driver whose console and requests are logged; None where Chromium, its driver or selenium is missing.

    Args:
        profile: Empty folder for the browser's own files.
    """
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        return None
    try:
        from selenium import webdriver
    except ImportError:
        return None
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (*QUIET, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.chrome.service.Service(executable_path=driver))
