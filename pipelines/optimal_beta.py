"""Find which β a β-VAE should have: exact theory, trained models, images.

    python pipelines/optimal_beta.py --help

The same as `tfrwc study`; see `tfrwc.commands.optimal_beta`.
"""

from tfrwc.commands.optimal_beta import main

if __name__ == "__main__":
    main()
