"""``python -m tfrwc`` is the command `tfrwc`."""

from tfrwc.cli import main

if __name__ == "__main__":
    main()
