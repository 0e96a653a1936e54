"""The page of recordings in a browser: what it does, how it looks, what it costs."""

import base64
import re
import shutil
import subprocess

import pytest
from answers.networks import ODD_NAMES, network
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tfrwc.answers.page import write_report

SCREEN = 900  # pixels
# By what the values of a network are multiplied, and whether some are missing or 0.
LEVELS = {
    "1e-12": (1e-10, False),
    "0.001": (1.0, False),
    "0.001, with gaps": (1.0, True),
    "0.01": (8.0, False),
    "1000000": (1e8, True),
    "1000": (1e5, False),
}
ROW = re.compile(r"/kernel .*(Dense|Conv2D) .*\d ?%")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Pages by name: few layers, 300 x 300, two of them, two recordings, odd names."""
    folder = tmp_path_factory.mktemp("pages")
    large, tilted = network(300, 300), network(300, 300, seed=1, tilt=0.5)
    return {
        "few": write_report(network(10, 12), folder / "few.html"),
        "large": write_report(large, folder / "large.html"),
        "pair": write_report(large, folder / "pair.html", against=tilted),
        "two": write_report(
            network(60, 20),
            folder / "two.html",
            against=network(60, 20, seed=1, tilt=0.5),
        ),
        "odd": write_report(network(records=6, names=ODD_NAMES), folder / "odd.html"),
        **dict(_of_levels(folder)),
    }


def _of_levels(folder):
    """Pages of one and of two recordings whose values have short and long numbers."""
    for level, (number, odd) in LEVELS.items():
        of = {"layers": 12, "records": 9, "level": number, "odd": odd}
        one, other = network(**of), network(**of, seed=1, tilt=0.5)
        name = f"one of {level}"
        yield name, write_report(one, folder / f"{name}.html")
        name = f"two of {level}"
        yield name, write_report(one, folder / f"{name}.html", against=other)


@pytest.fixture
def show(browser, pages):
    """Opens a page in a window of a width, light or dark."""

    def opened(name, width=1200, dark=False):
        metrics = {"width": width, "height": SCREEN, "deviceScaleFactor": 1}
        metrics["mobile"] = width < 500
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {
            "name": "prefers-color-scheme",
            "value": "dark" if dark else "light",
        }
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        browser.get(f"file://{pages[name]}")
        return browser

    yield opened
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


def script(browser, text, *arguments):
    return browser.execute_script(text, *arguments)


@pytest.mark.parametrize("name", ["few", "large", "two", "odd"])
@pytest.mark.parametrize("width", [390, 1200])
def test_pages_open_without_errors_or_requests(show, name, width):
    page = show(name, width)
    asked = script(
        page, "return performance.getEntriesByType('resource').map(one => one.name)"
    )
    assert [address for address in asked if not address.startswith("data:")] == []
    assert page.get_log("browser") == []
    wide = script(page, "return document.documentElement.scrollWidth")
    assert wide <= width


@pytest.mark.parametrize("name", ["large", "pair"])
def test_a_large_page_is_small_and_short(show, pages, name):
    page = show(name)
    assert pages[name].stat().st_size < 2_000_000
    assert script(page, "return document.documentElement.scrollHeight") < 4 * SCREEN


def test_hovering_shows_layer_record_and_value(show):
    page = show("few")
    cells = page.find_elements(By.CSS_SELECTOR, "#map-0 rect > title")
    said = [script(page, "return arguments[0].textContent", cell) for cell in cells]
    assert len(said) == 10 * 12
    assert said[12].startswith("encoder/layer_0/attention/query/kernel, epoch 1: 0.0")
    assert said[24].endswith(": exactly 0")
    assert said[60].endswith(": no value")
    # What lies under the pointer is the mark, and nothing above it.
    under = script(
        page,
        """const cell = document.querySelectorAll("#map-0 rect")[15];
        cell.scrollIntoView({block: "center"});
        const box = cell.getBoundingClientRect();
        return document.elementFromPoint(box.x + box.width / 2, box.y + 5) === cell;""",
    )
    assert under


def test_a_touch_shows_what_a_mark_says(show):
    page = show("few", 390)
    script(
        page,
        """const cell = document.querySelectorAll("#map-0 rect")[0];
        cell.dispatchEvent(new PointerEvent("pointerup",
            {bubbles: true, pointerType: "touch"}));""",
    )
    readout = page.find_element(By.ID, "readout")
    assert readout.is_displayed()
    assert readout.text.startswith("conv/kernel, epoch 1:")


def column(page, number):
    rows = page.find_elements(By.CSS_SELECTOR, "#layers-0 tbody tr")
    return [row.find_elements(By.CSS_SELECTOR, "th, td")[number].text for row in rows]


def test_tables_are_sorted_by_their_heads(show):
    page = show("few")
    heads = page.find_elements(By.CSS_SELECTOR, "#layers-0 thead button")
    sizes = [int(text.replace(",", "")) for text in column(page, 3)]
    heads[3].click()
    assert column(page, 3) == [f"{size:,}" for size in sorted(sizes, reverse=True)]
    heads[3].send_keys(Keys.ENTER)
    assert column(page, 3) == [f"{size:,}" for size in sorted(sizes)]
    sort = "[...document.querySelectorAll('[aria-sort]')].map(one => one.ariaSort)"
    assert script(page, f"return {sort}") == ["ascending"]
    heads[0].click()
    assert column(page, 0) == sorted(column(page, 0))
    heads[10].click()
    settled = column(page, 10)
    missing = [text == "–" for text in settled]
    assert missing == sorted(missing), "what has no number comes last"


def test_a_caption_is_read_whole_on_a_narrow_screen(show):
    ends = script(
        show("few", 390),
        """const area = document.querySelector("#layers .scroll");
        area.scrollLeft = 200;
        const box = area.querySelector("caption span").getBoundingClientRect();
        return [area.scrollLeft, box.left, box.right];""",
    )
    moved, left, right = ends
    assert moved == 200
    assert 0 <= left < right <= 390


def test_a_trend_can_be_chosen(show):
    page = show("large")
    radios = page.find_elements(By.CSS_SELECTOR, ".choice input")
    radios[1].click()
    chosen = radios[1].get_attribute("value")
    rest = "document.querySelectorAll('[data-trend]:not(.off)')"
    assert set(script(page, f"return [...{rest}].map(one => one.dataset.trend)")) == {
        chosen
    }
    shown = [row for row in page.find_elements(By.CSS_SELECTOR, "#layers-0 tbody tr")]
    counted = sum(row.is_displayed() for row in shown)
    label = radios[1].find_element(By.XPATH, "..").text
    assert f": {counted} layers" in label
    radios[0].click()
    assert script(page, "return document.querySelectorAll('.off').length") == 0


def box(page):
    view = page.find_element(By.CSS_SELECTOR, "#trends-0 svg")
    return [float(number) for number in view.get_dom_attribute("viewBox").split()]


def test_pictures_zoom_by_buttons_and_keys(show):
    page = show("few")
    whole = box(page)
    more, less, all_ = page.find_elements(By.CSS_SELECTOR, "#trends-0 .zoom button")
    more.click()
    assert box(page)[2] == pytest.approx(0.7 * whole[2])
    area = page.find_element(By.CSS_SELECTOR, "#trends-0 .scroll")
    before = box(page)
    area.send_keys(Keys.ARROW_RIGHT)
    assert box(page)[0] > before[0]
    area.send_keys("+")
    less.click()
    all_.click()
    assert box(page) == whole


def test_a_block_opens_into_its_layers(show):
    page = show("large")
    page.find_element(By.CSS_SELECTOR, ".every > summary").click()
    block = page.find_elements(By.CSS_SELECTOR, "details.block")[1]
    block.find_element(By.TAG_NAME, "summary").click()
    page.implicitly_wait(3)
    names = block.find_elements(By.CSS_SELECTOR, "svg text")
    assert (
        len(names)
        == int(block.get_attribute("data-last"))
        - int(block.get_attribute("data-first"))
        + 1
    )
    cells = block.find_elements(By.CSS_SELECTOR, "rect > title")
    said = script(page, "return arguments[0].textContent", cells[0])
    view = network(300, 300).values()[0, int(block.get_attribute("data-first"))]
    assert float(said.split(": ")[1]) == pytest.approx(float(view), rel=6e-3)
    assert page.get_log("browser") == []


CONTRAST = """
const light = text => {
  const [r, g, b] = text.match(/[\\d.]+/g).slice(0, 3).map(one => {
    const share = one / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const under = element => {
  for (let one = element; one; one = one.parentElement) {
    const colour = getComputedStyle(one).backgroundColor;
    if (!/, 0\\)$/.test(colour)) return colour;
  }
  return "rgb(255, 255, 255)";
};
const found = [];
for (const element of document.querySelectorAll("body *")) {
  const texts = [...element.childNodes].filter(one => one.nodeType === 3);
  if (!texts.some(one => one.data.trim()) || !element.getClientRects().length) continue;
  if (element.closest("defs, script, style, title, desc")) continue;
  const style = getComputedStyle(element);
  const ink = element instanceof SVGElement ? style.fill : style.color;
  const [a, b] = [light(ink), light(under(element))].sort((x, y) => y - x);
  const ratio = (a + 0.05) / (b + 0.05);
  if (ratio < 4.5) found.push([element.textContent.slice(0, 40), ratio]);
}
return found;
"""


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", ["few", "two"])
def test_texts_have_contrast(show, name, dark):
    page = show(name, dark=dark)
    background = script(page, "return getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") != dark
    assert script(page, CONTRAST) == []


def test_texts_of_pictures_are_within_them(show):
    for name in ("few", "large", "two", "odd"):
        outside = script(
            show(name),
            """return [...document.querySelectorAll("figure svg")].flatMap(svg => {
              const frame = svg.getBoundingClientRect();
              return [...svg.querySelectorAll("text")].filter(text => {
                const box = text.getBoundingClientRect();
                return box.left < frame.left - 2 || box.right > frame.right + 2
                  || box.top < frame.top - 2 || box.bottom > frame.bottom + 2;
              }).map(text => text.textContent);
            });""",
        )
        assert outside == [], name


OUTSIDE = """
return [...document.querySelectorAll("figure svg")].flatMap(svg => {
  const room = svg.viewBox.baseVal, place = svg.getScreenCTM().inverse();
  return [...svg.querySelectorAll("text")].filter(text => {
    const box = text.getBBox(), way = place.multiply(text.getScreenCTM());
    const [left, top] = [box.x + way.e, box.y + way.f];
    return left < room.x - .1 || left + box.width > room.x + room.width + .1
      || top < room.y - .1 || top + box.height > room.y + room.height + .1;
  }).map(text => text.textContent);
});
"""


ON_EACH_OTHER = """
return [...document.querySelectorAll("svg .axis")].flatMap(axis => {
  const boxes = [...axis.querySelectorAll("text")].map(
    text => [text.textContent, text.getBoundingClientRect()]);
  return boxes.flatMap(([name, one], i) => boxes.slice(i + 1).filter(([, other]) =>
    one.left < other.right - 1 && other.left < one.right - 1
      && one.top + 3 < other.bottom - 3 && other.top + 3 < one.bottom - 3
  ).map(([other]) => [name, other]));
});
"""


@pytest.mark.parametrize("width", [390, 1200, 1900])
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("columns", ["one", "two"])
def test_numbers_of_every_length_are_within_their_pictures(show, columns, level, width):
    page = show(f"{columns} of {level}", width)
    assert page.find_elements(By.CSS_SELECTOR, "svg .axis text")
    assert script(page, OUTSIDE) == []
    assert script(page, ON_EACH_OTHER) == []


def printed(page, folder):
    pdf = page.execute_cdp_cmd(
        "Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True}
    )
    path = folder / "page.pdf"
    path.write_bytes(base64.b64decode(pdf["data"]))
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext here: apt-get install poppler-utils")
    command = ["pdftotext", "-layout", path, "-"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return text.split("\f")


def test_print_has_all_columns_and_rows(show, tmp_path):
    sheets = printed(show("large"), tmp_path)
    text = "\n".join(sheets)
    for head in ("layer", "block", "kind", "size", "settled", "trend"):
        assert head in text
    summary = network(300, 300).summary().table
    rows = [line for line in text.splitlines() if ROW.search(line)]
    assert len(rows) == 300
    for sheet in sheets:
        if ROW.search(sheet):
            assert re.search(r"settled +trend", sheet), "each sheet has the heads"
    trends = {int(line.split()[-1]) for line in rows if line.split()[-1].isdigit()}
    assert trends == {trend + 1 for trend in summary["trend"] if trend >= 0}
    assert "Not certain" in text
    assert "One run" in text, "what is folded on the screen is open on paper"


def test_no_heading_is_left_alone_on_paper(show, tmp_path):
    headings = {
        "Change",
        "Layers that learn alike",
        "Depth",
        "Loss and metrics",
        "All layers",
        "How it was made",
        "Against each other",
        "this run",
        "the other run",
        "Which layers learn, when, and how much",
    }
    for name in ("few", "large", "two"):
        for sheet in printed(show(name), tmp_path):
            lines = [line.strip() for line in sheet.splitlines() if line.strip()]
            assert not lines or lines[-1] not in headings
            assert not lines or not re.search("layer +(block|condition)", lines[-1])


IN_TWO = """
window.dispatchEvent(new Event("beforeprint"));
return [...document.querySelectorAll("tbody td")].filter(cell => {
  const inside = document.createRange();
  inside.selectNodeContents(cell);
  return new Set([...inside.getClientRects()].map(line => line.top)).size > 1;
}).map(cell => cell.textContent);
"""


@pytest.mark.parametrize("name", ["few", "large", "two"])
def test_on_paper_numbers_and_kinds_stay_in_one_line(show, name):
    page = show(name, width=718)  # 190 mm, an A4 sheet without its margins
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert script(page, IN_TWO) == []
    assert script(page, "return document.documentElement.scrollWidth") <= 718


def test_names_of_every_length_are_within_a_sheet(show):
    page = show("odd", width=718)
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    script(page, IN_TWO)
    assert script(page, "return document.documentElement.scrollWidth") <= 718


def test_nothing_lies_on_a_table_on_paper(show, tmp_path):
    """Rows of the two tables of layers have a line of their own on each sheet."""
    text = "\n".join(printed(show("two"), tmp_path))
    rows = [line for line in text.splitlines() if ROW.search(line)]
    assert len(rows) == 2 * 60
    assert not [line for line in rows if line.count("/kernel") > 1]
