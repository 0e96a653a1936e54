import os
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
