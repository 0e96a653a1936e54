"""Packaging. Tool settings live in pyproject.toml."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION = next(
    line.split('"')[1]
    for line in (ROOT / "tfrwc" / "_version.py").read_text().splitlines()
    if line.startswith("__version__")
)
# The pictures lie beside the README and not in the wheel: there, their texts stay.
README = re.sub(
    r"!\[(.+?)\]\(.+?\)", r"(\1)", (ROOT / "README.md").read_text(encoding="utf-8")
)

TENSORFLOW = ["tensorflow>=2.16"]
PRIVACY = [
    *TENSORFLOW,
    "cryptography>=43",
    "dp-accounting>=0.6",
    # For tensorflow-privacy, which comes with --no-deps: what it asks for itself (numpy
    # below 2, packaging below 23, tensorflow-probability 0.22 and others) would hold
    # back the whole environment, and its queries do not need it.
    "packaging>=22",
]
# 0.24 is the first tensorflow-probability that knows Keras 3.
VAE = [*TENSORFLOW, "tensorflow-probability>=0.24", "tf-keras>=2.16"]
DATASETS = [
    *TENSORFLOW,
    "tensorflow-datasets>=4.9.4",
    # Without a bound, uv chose 0.5 on Python 3.10, which fails beside protobuf 6.
    "tensorflow-metadata>=1.17",
    # tensorflow-datasets imports it without asking for it.
    "importlib-resources>=5",
    # The last etils that runs on Python 3.10; pip, asked by tensorflow-datasets for
    # etils with extras, can pick a later one and then not find its way back.
    "etils<1.14; python_version < '3.11'",
]
BEAM = ["apache-beam>=2.61"]
NOTEBOOKS = ["jupyterlab>=4", "nbmake>=1.5"]
DOCS = ["mkdocs>=1.6", "mkdocs-material>=9.5", "mkdocstrings[python]>=0.26"]
ALL = sorted({*PRIVACY, *VAE, *DATASETS, *BEAM, "scikit-image>=0.22"})

setup(
    name="tfrwc",
    version=VERSION,
    description="See which layers of a Keras model learn, when, and how much.",
    long_description=README,
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    packages=find_packages(include=["tfrwc", "tfrwc.*"]),
    package_data={
        "tfrwc": [
            "py.typed",
            "answers/page/report.*",
            "report/*.css",
            "report/*.jinja",
            "studies/*/*.jinja",
            "datasets/checksums.tsv",
        ]
    },
    entry_points={"console_scripts": ["tfrwc = tfrwc.cli:main"]},
    python_requires=">=3.10",
    install_requires=[
        "jinja2>=3.1",
        # With h5py, which is not named: pip and uv would then choose the newest h5py
        # first, and for it a TensorFlow before 2.21, which asks for h5py below 3.15.
        "keras>=3.12",
        "lazy_loader>=0.4",
        "matplotlib>=3.8",
        "ml-dtypes>=0.3",
        "numpy>=1.26",
        "pandas>=2.1",
        "pillow>=10",
        "pyarrow>=15",
        "rich>=13",
        "scikit-learn>=1.5",
        "scipy>=1.11",
        # The first whose options may be typed as Annotated.
        "typer>=0.12",
    ],
    extras_require={
        "tensorflow": TENSORFLOW,
        "privacy": PRIVACY,
        "vae": VAE,
        "datasets": DATASETS,
        "beam": BEAM,
        "notebooks": NOTEBOOKS,
        "docs": DOCS,
        "all": ALL,
        "test": [
            *ALL,
            *DOCS,
            "apache-beam[dask]>=2.61",
            "build>=1",
            "hypothesis>=6.100",
            "mypy>=1.13",
            "pyright>=1.1.400",
            "jax>=0.4.35",
            "pytest>=8",
            "pytest-timeout>=2.3",
            "pytest-xdist>=3.5",
            "ruff>=0.6",
            "selenium>=4.20",
            "tensorboard>=2.16",
            "twine>=6",
        ],
    },
    project_urls={
        "Method": "https://arxiv.org/abs/2011.06735",
        "Depth and trends": "https://arxiv.org/abs/2107.07005",
        "Private images": "https://arxiv.org/abs/2005.13099",
    },
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Intended Audience :: Science/Research",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Typing :: Typed",
    ],
)
