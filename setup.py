"""Packaging. Tool settings live in pyproject.toml."""

from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION = next(
    line.split('"')[1]
    for line in (ROOT / "tfrwc" / "_version.py").read_text().splitlines()
    if line.startswith("__version__")
)

# tensorflow-privacy needs Python below 3.12 and holds tensorflow-probability
# at 0.22 and numpy below 2; everything else installs above as well.
PRIVACY = "python_version < '3.12'"

setup(
    name="tfrwc",
    version=VERSION,
    description="See which layers of a Keras model learn, when, and how much.",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    packages=find_packages(include=["tfrwc", "tfrwc.*"]),
    package_data={"tfrwc": ["py.typed", "report/*.jinja"]},
    python_requires=">=3.10",
    install_requires=[
        "tensorflow>=2.16",
        "keras>=3.12",
        "tensorflow-datasets>=4.9.4",
        # tensorflow-datasets imports it without asking for it.
        "importlib-resources>=5",
        f"tensorflow-privacy>=0.9; {PRIVACY}",
        f"dp-accounting>=0.4.3; {PRIVACY}",
        "tensorflow-probability>=0.22",
        "tf-keras>=2.16",
        "jinja2>=3.1",
        "matplotlib>=3.8",
        "numpy>=1.26",
        "pandas>=2.1",
        "pillow>=10",
        # pyarrow 26 imports only beside numpy 2 and does not say so.
        f"pyarrow>=15,<26; {PRIVACY}",
        "pyarrow>=15; python_version >= '3.12'",
        "scikit-learn>=1.4",
        "scipy>=1.11",
    ],
    extras_require={
        "test": [
            "hypothesis>=6.100",
            "pytest>=8",
            "pytest-timeout>=2.3",
            "ruff>=0.6",
            "selenium>=4.20",
        ],
        "beam": ["apache-beam>=2.61"],
        "notebooks": ["jupyterlab>=4", "nbmake>=1.5"],
    },
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Intended Audience :: Science/Research",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Typing :: Typed",
    ],
)
