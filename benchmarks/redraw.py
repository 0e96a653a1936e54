"""Draw the pages of stored results again, as the package of today draws them.

    python benchmarks/redraw.py [NAME ...]

Nothing is trained. For each study whose results are kept beside this file, the page is
written to runs/redrawn; the pictures that are kept are replaced, and results.json gets
the claims as they are decided and the sentences as they are said today. The releases of
private_digits, of public images, are made anew. The pictures of diagnose.json,
freeze.json and recording.json are drawn again, too.
"""

import argparse
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diagnose
import freeze
import numpy as np
import recording

from tfrwc.privacy import new_key
from tfrwc.studies.beta import findings as beta_findings
from tfrwc.studies.beta import page as beta_page
from tfrwc.studies.beta import verdicts as beta_verdicts
from tfrwc.studies.beta.summary import READING
from tfrwc.studies.dynamics import findings as dynamics_findings
from tfrwc.studies.dynamics import page as dynamics_page
from tfrwc.studies.dynamics.stored import decided_again
from tfrwc.studies.privacy import data, release_comparison
from tfrwc.studies.privacy import findings as privacy_findings
from tfrwc.studies.privacy import page as privacy_page

HERE = Path(__file__).parent
Results = dict[str, Any]


def trial(results: Results, out: Path) -> Results:
    results["findings"] = dynamics_findings.findings(results)
    dynamics_page.write_report(results, out)
    return results


def claims(results: Results, out: Path) -> Results:
    results = decided_again(results)
    dynamics_page.write_claims_report(results, out)
    return results


def privacy(results: Results, out: Path) -> Results:
    results["findings"] = release_comparison.findings(results)
    training = results["training"]
    training["findings"] = privacy_findings.findings(training)
    privacy_page.write_report(results, {}, out)
    return results


def releases(_: Results, out: Path) -> Results:
    images = release_comparison.sample(data.load("digits"))
    results, pictures = release_comparison.compare_releases(images, new_key())
    privacy_page.write_report(results, pictures, out)
    return results


def beta(results: Results, out: Path) -> Results:
    results = beta_verdicts.decided(results) | {"reading": READING}
    results["findings"] = beta_findings.findings(results)
    with np.load(HERE / "optimal_beta" / "pictures.npz") as pictures:
        beta_page.write_report(results, dict(pictures), out)
    return results


STUDIES: dict[str, Callable[[Results, Path], Results]] = {
    "learning_dynamics_digits": trial,
    "learning_dynamics": claims,
    "private_pneumonia": privacy,
    "private_digits": releases,
    "optimal_beta": beta,
}


# From the content of NAME.json to NAME.png.
BENCHMARKS: dict[str, Callable[[Results, Path], None]] = {
    "diagnose": lambda results, path: diagnose.picture(results["curves"], path),
    "freeze": freeze.picture,
    "recording": lambda results, path: recording.picture(results["results"], path),
}


def study(name: str) -> None:
    folder, out = HERE / name, Path("runs") / "redrawn" / name
    path = folder / "results.json"
    results = STUDIES[name](json.loads(path.read_text(encoding="utf-8")), out)
    path.write_text(json.dumps(results, indent=1), encoding="utf-8")
    for picture in folder.glob("*.png"):
        shutil.copy(out / "figures" / picture.name, picture)
    print(out / "report.html")


def main() -> None:
    names = [*STUDIES, *BENCHMARKS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", choices=names, metavar="NAME")
    for name in parser.parse_args().names or names:
        if name in STUDIES:
            study(name)
            continue
        results = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
        BENCHMARKS[name](results, HERE / f"{name}.png")


if __name__ == "__main__":
    main()
