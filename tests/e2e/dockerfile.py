"""A Dockerfile without docker: what it installs, in a fresh folder and environment."""

import os
import re
import shlex
import shutil
import string
import subprocess
import sys

# How much is installed, not what.
_BESIDE = re.compile(r" (--system|--no-cache|--compile-bytecode)(?= )")


def instructions(text):
    """Pairs of an instruction and what it is given."""
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    return [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]


def build(text, context, folder, **arguments):
    """Follow the instructions of a Dockerfile, but for FROM: Python is that of here.

    Args:
        text: of the Dockerfile.
        context: folder that files are copied from.
        folder: for the working directory and the environment, which are made.
        arguments: of the build.

    Returns:
        The working directory, and the variables of a container.
    """
    venv, root = folder / "venv", folder / "root"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    variables = {"PATH": f"{venv}/bin:/usr/bin:/bin", "HOME": str(folder)}
    known, work = {}, root
    for instruction, rest in instructions(text):
        if instruction == "WORKDIR":
            work = root / rest.lstrip("/")
            work.mkdir(parents=True)
        elif instruction == "COPY":
            *sources, target = rest.split()
            for name in sources:
                copy(context / name, work / target)
        elif instruction == "ARG":
            name, _, value = rest.partition("=")
            known[name] = arguments.get(name, value)
        elif instruction == "ENV":
            name, _, value = rest.partition("=")
            variables[name] = string.Template(value).substitute(known)
        elif instruction == "RUN":
            command = ["bash", "-c", _BESIDE.sub("", rest)]
            # With the caches and certificates of here, but none of its packages.
            here = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
            path = {"PATH": variables["PATH"], "VIRTUAL_ENV": str(venv)}
            subprocess.run(command, check=True, cwd=work, env=here | path | known)
        else:
            assert instruction == "FROM", shlex.join([instruction, rest])
    return work, variables


def copy(source, target):
    """As COPY does: a folder's contents, or a file into a folder or to a path."""
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
