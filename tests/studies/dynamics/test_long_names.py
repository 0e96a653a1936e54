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


def test_more_rows_than_points_leave_out_some():
    image = heat_map(results(5000)).axes[0].images[0]
    assert 1000 < len(image.get_array()) <= 1500
    assert image.get_extent()[2] == 5000
    assert len(heat_map(results(1500)).axes[0].images[0].get_array()) == 1500


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
