import os
import shutil
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def data_dir():
    """Folder of real data sets, named by TFRWC_DATA_DIR."""
    folder = os.environ.get("TFRWC_DATA_DIR")
    if not folder:
        pytest.skip("TFRWC_DATA_DIR is not set: no real data sets here")
    return Path(folder)


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium."""
    driver = shutil.which("chromedriver")
    if driver is None:
        pytest.skip("no chromedriver here: apt-get install chromium-driver")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    for argument in (
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
        *("--no-first-run", "--disable-background-networking", "--disable-sync"),
        *("--disable-component-update", "--window-size=1200,900"),
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options, webdriver.ChromeService(driver))
    yield browser
    browser.quit()
