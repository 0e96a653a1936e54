"""Find which β a β-VAE should have: exact theory, trained models, images.

    python pipelines/optimal_beta.py --out runs/beta

leaves report.html, results.json, figures, recordings and models in --out; --help tells
the rest. `tfrwc study beta` is the same.
"""

from tfrwc.commands.optimal_beta import main

if __name__ == "__main__":
    main()
