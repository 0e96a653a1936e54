"""Pages and pictures of layers with very long names, and of very many layers."""

import numpy as np
import pytest

from tfrwc.report.page import write_page
from tfrwc.studies.dynamics.figures.heat_map import caption, heat_map


def results(layers, epochs=4, length=20):
    names = [f"block_{i}/{'x' * length}/kernel" for i in range(layers)]
    change = np.random.default_rng(0).lognormal(size=(layers, epochs))
    return {
        "layers": [{"name": name} for name in names],
        "change": {"mean": change.tolist()},
        "epochs": list(range(1, epochs + 1)),
    }


@pytest.mark.parametrize(("layers", "length"), [(3, 10_000), (5000, 20)])
def test_the_heat_map_keeps_its_size(layers, length, tmp_path):
    facts = results(layers, length=length)
    figure = heat_map(facts)
    width, height = figure.get_size_inches()
    assert width == 9
    assert height < 40
    assert all(len(t.get_text()) <= 40 for t in figure.axes[0].get_yticklabels())
    assert len(caption(facts)) < 400
    figure.savefig(tmp_path / "map.png", dpi=20)


def test_many_layers_are_folded_as_in_the_heat_map_of_a_recording():
    axis = heat_map(results(5000)).axes[0]
    assert len(axis.images[0].get_array()) == len(axis.get_yticklabels()) == 40
    few = heat_map(results(12)).axes[0]
    names = [label.get_text() for label in few.get_yticklabels()]
    assert names[0] == f"block_0/{'x' * 20}/kernel"
    assert len(names) == 12


def test_a_page_has_short_names_with_the_whole_ones_in_their_titles(tmp_path):
    template = tmp_path / "page.html.jinja"
    template.write_text(
        '{% for name in names %}<td title="{{ name }}">{{ name | short }}</td>'
        "{% endfor %}"
    )
    long = "block/" + "<x>" * 5000 + "/kernel"
    page = write_page(template, [], tmp_path, names=[long, "stem"]).read_text()
    short = page.split('">')[1].split("</td>")[0]
    assert short.startswith("block/")
    assert "…" in short
    assert len(short) < 300
    assert "<x>" not in page
    assert page.endswith('<td title="stem">stem</td>')
