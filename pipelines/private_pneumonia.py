"""What privacy costs on X-rays: images with noise, and training on them or by DP-SGD.

    python pipelines/private_pneumonia.py --help

The same as `tfrwc study`; see `tfrwc.commands.private_pneumonia`.
"""

from tfrwc.commands.private_pneumonia import main

if __name__ == "__main__":
    main()
