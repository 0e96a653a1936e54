"""Run the steps of compiled pipelines as the containers of Kubeflow run them.

python kubeflow.py FOLDER SPECIFICATION...

In the environment of the image, with its working directory; all in one process, since
most of what a container does is to import TensorFlow. Components of TFX' own are left
out. Below FOLDER/<name of the specification>/ is what each step made.
"""

import json
import runpy
import sys
from graphlib import TopologicalSorter
from pathlib import Path

EXECUTOR = "--executor_class_path"


def argument(container, name):
    return container["args"][container["args"].index(name) + 1]


def ours(specification):
    """Component and container of each step whose executor is of this package."""
    found = {}
    for name, task in specification["root"]["dag"]["tasks"].items():
        component = specification["components"][task["componentRef"]["name"]]
        label = component["executorLabel"]
        container = specification["deploymentSpec"]["executors"][label]["container"]
        if argument(container, EXECUTOR).startswith("tfrwc."):
            found[name] = task, component, container
    return found


def producers(task):
    artifacts = task.get("inputs", {}).get("artifacts", {}).values()
    return {one["taskOutputArtifact"]["producerTask"] for one in artifacts}


def parameters(task, given):
    """Values of a step: constants, or what is given when the pipeline is run."""
    return {
        name: given[one["componentInputParameter"]]
        if "componentInputParameter" in one
        else one["runtimeValue"]["constantValue"]
        for name, one in task["inputs"].get("parameters", {}).items()
    }


def executor_input(name, task, component, given, made, folder):
    """What Kubeflow tells a container: a message ExecutorInput, as plain data."""
    inputs = {
        key: made[one["taskOutputArtifact"]["producerTask"]][
            one["taskOutputArtifact"]["outputArtifactKey"]
        ]
        for key, one in task.get("inputs", {}).get("artifacts", {}).items()
    }
    outputs = {}
    for key, one in component["outputDefinitions"]["artifacts"].items():
        path = folder / name / key
        path.mkdir(parents=True)
        artifact = {
            "name": f"{folder.name}/{name}/{key}",
            "uri": str(path),
            "type": one["artifactType"],
        }
        outputs[key] = {"artifacts": [artifact]}
    return {
        "inputs": {"artifacts": inputs, "parameters": parameters(task, given)},
        "outputs": {
            "artifacts": outputs,
            "outputFile": str(folder / name / "executor_output.json"),
        },
    }


def run_container(container, message):
    """Run a container's command with its arguments, in this process."""
    python, option, module = container["command"]
    assert (python, option) == ("python", "-m")
    arguments = [json.dumps(message) if a == "{{$}}" else a for a in container["args"]]
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as stop:
        if stop.code:
            raise


def run(path, folder):
    job = json.loads(path.read_text())
    steps = ours(job["pipelineSpec"])
    made = {}
    graph = {name: producers(task) for name, (task, *_) in steps.items()}
    for name in TopologicalSorter(graph).static_order():
        task, component, container = steps[name]
        given = job["runtimeConfig"].get("parameters", {})
        message = executor_input(name, task, component, given, made, folder)
        run_container(container, message)
        written = json.loads(Path(message["outputs"]["outputFile"]).read_text())
        made[name] = message["outputs"]["artifacts"]
        for key, one in written["artifacts"].items():
            made[name][key]["artifacts"][0] |= one["artifacts"][0]
        print("ran", argument(container, EXECUTOR), flush=True)


if __name__ == "__main__":
    out, *paths = map(Path, sys.argv[1:])
    for path in paths:
        run(path, out / path.stem)
