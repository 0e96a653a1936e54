"""Packaging. Tool settings live in pyproject.toml."""

from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION = next(
    line.split('"')[1]
    for line in (ROOT / "tfrwc" / "_version.py").read_text().splitlines()
    if line.startswith("__version__")
)

# tensorflow-privacy 0.9 needs Python below 3.12 and pins several of its own
# dependencies. Naming them here as it does (and the last pandas and pyarrow that go
# with its numpy) spares pip a search through all versions of TensorFlow.
WITH_PRIVACY = [
    f"{requirement}; python_version < '3.12'"
    for requirement in (
        "tensorflow-privacy>=0.9,<0.10",
        "absl-py>=1.4,<2",
        "dm-tree==0.1.8",
        "dp-accounting==0.4.3",
        "numpy>=1.26,<2",
        "packaging>=22,<23",
        "pandas>=2.1,<3.1",
        "pyarrow>=15,<26",
        "tensorflow-probability>=0.22,<0.23",
    )
]
WITHOUT_PRIVACY = [
    f"{requirement}; python_version >= '3.12'"
    for requirement in (
        "dp-accounting>=0.4.3",
        "numpy>=1.26",
        "pandas>=2.1",
        "pyarrow>=15",
        "tensorflow-probability>=0.24",
    )
]

setup(
    name="tfrwc",
    version=VERSION,
    description="See which layers of a Keras model learn, when, and how much.",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    packages=find_packages(include=["tfrwc", "tfrwc.*"]),
    package_data={
        "tfrwc": [
            "py.typed",
            "report/*.jinja",
            "studies/*/*.jinja",
            "datasets/checksums.tsv",
        ]
    },
    python_requires=">=3.10",
    install_requires=[
        "tensorflow>=2.16",
        "keras>=3.12",
        "tf-keras>=2.16",
        "tensorflow-datasets>=4.9.4",
        # tensorflow-datasets imports it without asking for it.
        "importlib-resources>=5",
        # The last etils that runs on Python 3.10; pip, asked by tensorflow-datasets
        # for etils with extras, can pick a later one and then not find its way back.
        "etils<1.14; python_version < '3.11'",
        "cryptography>=43",
        "h5py>=3.9",
        "jinja2>=3.1",
        "matplotlib>=3.8",
        "ml-dtypes",
        "pillow>=10",
        "scikit-image>=0.22",
        "scikit-learn>=1.5",
        "scipy>=1.11",
        *WITH_PRIVACY,
        *WITHOUT_PRIVACY,
    ],
    extras_require={
        "test": [
            "apache-beam[dask]>=2.61",
            "hypothesis>=6.100",
            "jax>=0.4.35",
            "pytest>=8",
            "pytest-timeout>=2.3",
            "ruff>=0.6",
            "selenium>=4.20",
            "tensorboard>=2.16",
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
