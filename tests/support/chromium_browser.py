"""Headless Chromium of the system, driven over WebDriver; nothing is downloaded."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

__all__ = ["CHROMIUM", "chromium_installed", "running_chromium"]

CHROMIUM = "chromium"
_DRIVER = "chromedriver"
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=900,700",
)


def chromium_installed() -> bool:
    """Whether there is a browser with its driver."""
    return shutil.which(CHROMIUM) is not None and shutil.which(_DRIVER) is not None


@contextmanager
def running_chromium(folder: Path) -> Iterator["Chrome"]:
    """Run a browser whose profile is kept in `folder`."""
    # Every test session imports this module, and few start a browser.
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService

    options = ChromeOptions()
    options.binary_location = str(shutil.which(CHROMIUM))
    for flag in (*_FLAGS, f"--user-data-dir={folder}"):
        options.add_argument(flag)
    # A proxy that the environment names would be asked for 127.0.0.1 as well.
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    service = ChromeService(executable_path=str(shutil.which(_DRIVER)), env=environment)
    browser = Chrome(options=options, service=service)
    try:
        yield browser
    finally:
        browser.quit()
