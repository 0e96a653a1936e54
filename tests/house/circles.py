"""Import circles between files, of any length."""

from collections.abc import Iterator

from house.source import Source


def graph(source: Source) -> dict[str, set[str]]:
    """Which modules each module imports, also inside functions and by strings.

    Imports for type checkers alone are left out, and so is that importing a module
    runs the ``__init__`` of its packages: it is no fault that ``a/__init__.py`` imports
    ``a/b.py``.
    """
    edges: dict[str, set[str]] = {name: set() for name in source.modules}
    for module in source.modules.values():
        for link in source.imports(module):
            target = source.target(link)
            if not link.typing and target in edges:
                edges[module.name].add(target)
    return edges


def circles(source: Source) -> Iterator[str]:
    """One shortest circle for each knot of modules that all reach each other.

    Yields:
        A fault in words: the modules of the circle, from the first to itself.
    """
    edges = graph(source)
    for knot in knots(edges):
        way = _shortest_circle(edges, knot)
        yield f"import circle: {' -> '.join(way)} ({len(knot)} modules are tied up)"


def knots(edges: dict[str, set[str]]) -> list[set[str]]:
    """Sets of modules that reach each other (strongly connected, by Kosaraju)."""
    order: list[str] = []
    seen: set[str] = set()
    for start in edges:
        _visit(edges, start, seen, order)
    back: dict[str, set[str]] = {name: set() for name in edges}
    for name, targets in edges.items():
        for target in targets:
            back[target].add(name)
    seen = set()
    knots = []
    for start in reversed(order):
        knot: list[str] = []
        _visit(back, start, seen, knot)
        if len(knot) > 1 or start in edges[start]:
            knots.append(set(knot))
    return [knot for knot in knots if knot]


def _visit(
    edges: dict[str, set[str]], start: str, seen: set[str], order: list[str]
) -> None:
    if start in seen:
        return
    seen.add(start)
    stack = [(start, iter(sorted(edges[start])))]
    while stack:
        name, rest = stack[-1]
        following = next((target for target in rest if target not in seen), None)
        if following is None:
            stack.pop()
            order.append(name)
        else:
            seen.add(following)
            stack.append((following, iter(sorted(edges[following]))))


def _shortest_circle(edges: dict[str, set[str]], knot: set[str]) -> list[str]:
    ways = [_way_back(edges, start, knot) for start in sorted(knot)]
    return min(ways, key=len)


def _way_back(edges: dict[str, set[str]], start: str, knot: set[str]) -> list[str]:
    """The shortest way from a module to itself, breadth first."""
    ways = [[start]]
    seen: set[str] = set()
    for way in ways:
        for target in sorted(edges[way[-1]] & knot):
            if target == start:
                return [*way, start]
            if target not in seen:
                seen.add(target)
                ways.append([*way, target])
    raise AssertionError(f"{start} is in no circle")
