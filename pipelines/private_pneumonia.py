"""What privacy costs on X-rays: images with noise, and training on them or by DP-SGD.

    python pipelines/private_pneumonia.py --out runs/private

leaves report.html, results.json, figures, recordings and models in --out; --help tells
the rest. `tfrwc study privacy` is the same.
"""

from tfrwc.commands.private_pneumonia import main

if __name__ == "__main__":
    main()
