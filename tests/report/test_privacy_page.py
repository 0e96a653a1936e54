"""The page on a privacy statement: what it says, and that it is one sheet."""

import base64
import hashlib
import html
import re
from dataclasses import replace

import pytest
from privacy.statements import TRAINING

from tfrwc._common.percent import percent
from tfrwc.privacy import DPSVD, PixelGaussian, PixelLaplace, compose
from tfrwc.privacy.accounting.sgd import Stage, composed
from tfrwc.privacy.sgd.statement import NoPrivacy
from tfrwc.report.privacy_page import rows_of, write_privacy_page

STAGE = Stage(2.5, 256 / 1293, 120)
COST = composed([STAGE], 1e-5)
BY_PATIENT = replace(
    TRAINING,
    epsilon=COST.epsilon,
    sampling="poisson",
    unit="patient",
    images_per_patient=1,
    patient_epsilon=COST.epsilon,
)
RELEASE = PixelLaplace(2550.0).statement((8, 8), images_per_patient=2)
FIXED = replace(TRAINING, rests_on=("Batches were taken for shuffled ones.",))


def page_of(statement, path, before=()):
    return write_privacy_page(statement, path / "page.html", before).read_text("utf-8")


def words(page):
    text = re.sub("<[^>]*>", " ", page.split("<body>")[1])
    return " ".join(html.unescape(text).split())


def test_it_says_who_is_protected_how_much_and_who_vouches(tmp_path):
    text = words(page_of(BY_PATIENT, tmp_path))
    best = BY_PATIENT.attacks()
    assert "every patient of whom data were used" in text
    assert "with all its weights" in text
    assert f"in more than {percent(best.success)}" in text
    [row] = rows_of(BY_PATIENT)
    assert row.is_of_noise
    assert row.guarantee == BY_PATIENT.guarantee
    assert f"{100 * best.advantage:.2f} %" in text
    assert "the greatest that the noise allows" in text
    assert "All images of a patient were given under one name" in text
    assert all(sentence in text for sentence in BY_PATIENT.not_promised)
    digest = hashlib.sha256(BY_PATIENT.to_json().encode()).hexdigest()
    assert text.endswith(f"{digest}.")
    assert "Nothing was named when this page was made" in text


def test_what_was_spent_before_is_added(tmp_path):
    both = compose([BY_PATIENT, BY_PATIENT])
    text = words(page_of(BY_PATIENT, tmp_path, before=[BY_PATIENT]))
    assert f"epsilon {both.epsilon:.3g} but for a probability of 2e-05" in text
    assert f"at most {100 * both.attacks().success:.1f} % of cases" in text
    with_release = compose([BY_PATIENT, RELEASE])
    text = words(page_of(BY_PATIENT, tmp_path, before=[RELEASE]))
    for guarantee in (with_release.guarantee, with_release.patient_epsilon_delta):
        assert f"epsilon {guarantee.epsilon:.3g} but for" in text
    household = replace(BY_PATIENT, unit="household")
    with pytest.raises(ValueError, match="for one household"):
        write_privacy_page(BY_PATIENT, tmp_path / "page.html", [household])


def test_patients_with_several_images_have_a_row(tmp_path):
    one, patient = rows_of(FIXED)
    assert patient.guarantee == (FIXED.patient_epsilon, FIXED.delta)
    # Of this statement no more than epsilon and delta are known.
    assert not one.is_of_noise
    assert one.attacks.advantage == pytest.approx(FIXED.largest_advantage)
    text = words(page_of(FIXED, tmp_path))
    assert "No patient has more images than stated: 2." in text
    assert "not proven" in text
    assert "Batches were taken for shuffled ones." in text
    assert "greatest that epsilon and its probability allow" in text


@pytest.mark.parametrize("statement", [NoPrivacy(), DPSVD(0.1, 2).statement((8, 8))])
def test_no_guarantee_is_said_and_nothing_else(statement, tmp_path):
    text = words(page_of(statement, tmp_path))
    assert "There is no guarantee." in text
    assert "No attack" not in text


def test_texts_are_shown_as_they_are(tmp_path):
    odd = replace(BY_PATIENT, unit="<b>ward", rests_on=("1 < 2 & 3",))
    page = page_of(odd, tmp_path)
    assert "1 &lt; 2 &amp; 3" in page
    assert "<b>ward" not in page
    assert not re.search(r"(src|href)=\"(?!data:)", page)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "before"),
    [
        (BY_PATIENT, [BY_PATIENT]),
        (FIXED, []),
        (RELEASE, [FIXED]),
        (PixelGaussian(9000.0).statement((8, 8)), []),
        (compose([FIXED, RELEASE]), []),
        (NoPrivacy(), []),
    ],
    ids=lambda case: getattr(case, "kind", ""),
)
def test_it_prints_on_one_sheet_of_a4(statement, before, tmp_path, browser):
    browser.get(write_privacy_page(statement, tmp_path / "p.html", before).as_uri())
    options = {"preferCSSPageSize": True, "printBackground": True}
    printed = browser.execute_cdp_cmd("Page.printToPDF", options)
    pdf = base64.b64decode(printed["data"])
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    [box] = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert [round(float(side)) for side in box] == pytest.approx([595, 842], abs=1)
