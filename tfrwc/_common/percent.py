"""Shares in percent, with as many decimals as are asked for."""


def percent(share: float, decimals: int = 1) -> str:
    """A share in percent, with a space as the units of physics have.

    >>> percent(0.9634), percent(0.02, 0)
    ('96.3 %', '2 %')
    """
    return f"{100 * share:.{decimals}f} %"
