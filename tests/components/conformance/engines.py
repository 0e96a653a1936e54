"""The engines, behind one function: which steps ran, and where their outputs are."""

import importlib.util
import logging

from tfrwc.components.engine import local

ENGINES = ["local", "tfx"]


def missing(engine):
    """Why an engine cannot be tested here, or None."""
    if engine == "tfx" and importlib.util.find_spec("tfx") is None:
        return "TFX is not installed here: make tfx-check"
    return None


def run(engine, steps, root):
    """Run steps.

    Returns:
        ran: ids of the steps that were not taken from the cache, in their order.
        uris: of outputs, by name, by id of step.
    """
    return {"local": _local, "tfx": run_on_tfx}[engine](steps, root)


def _local(steps, root):
    lines = []
    made = local.run(steps, root, say=lines.append)
    ran = [line.split()[1][:-1] for line in lines if "running" in line]
    uris = {
        step: {name: artifact.uri for name, artifact in outputs.items()}
        for step, outputs in made.items()
    }
    return ran, uris


def run_on_tfx(steps, root, pipeline_root=None):
    """As `run`, with artifacts elsewhere than metadata."""
    from ml_metadata.proto import metadata_store_pb2
    from tfx import v1 as tfx
    from tfx.orchestration.metadata import Metadata, sqlite_metadata_connection_config

    from tfrwc.components.engine.tfx import nodes

    logging.disable(logging.WARNING)
    root.mkdir(parents=True, exist_ok=True)
    connection = sqlite_metadata_connection_config(str(root / "metadata.sqlite"))
    with Metadata(connection) as metadata:
        before = {execution.id for execution in metadata.store.get_executions()}
    tfx.orchestration.LocalDagRunner().run(
        tfx.dsl.Pipeline(
            pipeline_name="conformance",
            pipeline_root=str(pipeline_root or root),
            components=list(nodes(steps).values()),
            enable_cache=True,
            metadata_connection_config=connection,
        )
    )
    ran, uris = [], {}
    with Metadata(connection) as metadata:
        store = metadata.store
        for execution in sorted(store.get_executions(), key=lambda one: one.id):
            if execution.id in before:
                continue
            [node] = [
                context.name.removeprefix("conformance.")
                for context in store.get_contexts_by_execution(execution.id)
                if context.type == "node"
            ]
            if execution.last_known_state == metadata_store_pb2.Execution.COMPLETE:
                ran.append(node)
            events = [
                event
                for event in store.get_events_by_execution_ids([execution.id])
                if event.type == metadata_store_pb2.Event.OUTPUT
            ]
            uris[node] = {
                event.path.steps[0].key: store.get_artifacts_by_id([event.artifact_id])[
                    0
                ].uri
                for event in events
            }
    return ran, uris
