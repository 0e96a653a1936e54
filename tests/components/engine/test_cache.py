"""The cache, whatever happens between runs: right values, and nothing done in vain."""

import json
import shutil
import tempfile
from pathlib import Path

from components.conformance.components import Generate, Train
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from tfrwc.components.engine import local
from tfrwc.components.engine.cleaning import clean

FACTORS, RATES = st.integers(1, 3), st.sampled_from([1.0, 2.0])
HARM = st.sampled_from(["alter", "shorten", "delete", "delete all", "add", "hidden"])


class Cache(RuleBasedStateMachine):
    """Generate reads a file, Train its output; both may be harmed, or cleaned away."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.source = self.folder / "factor.json"
        self.source.write_text("1")
        self.made = {}  # folders of outputs, by what they were made with
        self.newest = {}

    def teardown(self):
        shutil.rmtree(self.folder)

    @rule(factor=FACTORS)
    def another_file(self, factor):
        self.source.write_text(str(factor))

    @rule(rate=RATES)
    def run(self, rate):
        factor = json.loads(self.source.read_text())
        data = Generate(source=str(self.source))
        trained = Train(examples=data.outputs["examples"], rate=rate)
        lines = []
        made = local.run([data, trained], self.folder / "root", say=lines.append)
        uris = {step: next(iter(one.values())).uri for step, one in made.items()}
        ran = {line.split()[1][:-1] for line in lines if line.endswith(": running")}
        model = Path(uris["Train"]) / "model.json"
        assert json.loads(model.read_text()) == 3 * factor * rate
        keys = {"Generate": (factor,)}
        keys["Train"] = (uris["Generate"], rate)
        for step, key in keys.items():
            known = self.made.get((step, key))
            assert (step in ran) == (known is None)
            assert known in (None, uris[step])
            self.made[step, key] = uris[step]
            if step in ran:
                self.newest[step] = uris[step]

    @precondition(lambda self: self.made)
    @rule(data=st.data(), harm=HARM)
    def harm(self, data, harm):
        key = data.draw(st.sampled_from(sorted(self.made)))
        folder = Path(self.made[key])
        [file] = [p for p in folder.glob("*.json")]
        if harm == "hidden":  # which is none
            (folder / ".DS_Store").touch()
            return
        del self.made[key]
        if harm == "alter":
            text = file.read_text()
            file.write_text(text[:-1] + chr(ord(text[-1]) ^ 1))
        elif harm == "shorten":
            file.write_text(file.read_text()[:-1])
        elif harm == "delete":
            file.unlink()
        elif harm == "delete all":
            shutil.rmtree(folder)
        else:
            (folder / "more").touch()

    @precondition(lambda self: self.newest)
    @rule()
    def clean(self):
        clean(self.folder / "root")
        maker = {uri: key[1][0] for key, uri in self.made.items() if key[0] == "Train"}
        needed = {*self.newest.values(), maker.get(self.newest["Train"])}
        self.made = {k: uri for k, uri in self.made.items() if uri in needed}


TestCache = Cache.TestCase
TestCache.settings = settings(max_examples=20, stateful_step_count=12, deadline=None)
