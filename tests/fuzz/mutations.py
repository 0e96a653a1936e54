"""What can happen to bytes."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path

from fuzz.door import Mutation

Bytes = Callable[[bytearray, random.Random], None]


def _place(data: bytearray, rng: random.Random) -> tuple[int, int]:
    """A part of the data that is not empty, most often a short one."""
    length = min(len(data), rng.choice([1, 2, 4, 8, 64, 512, 4096]))
    start = rng.randrange(len(data) - length + 1)
    return start, start + length


def flip_bit(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def flip_bits(data: bytearray, rng: random.Random) -> None:
    for _ in range(rng.randrange(2, 20)):
        flip_bit(data, rng)


def flip_bit_near_an_end(data: bytearray, rng: random.Random) -> None:
    """Where formats have their headers and footers."""
    near = rng.randrange(min(len(data), 512))
    data[near if rng.random() < 0.5 else -1 - near] ^= 1 << rng.randrange(8)


def set_byte(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(len(data))] = rng.choice([0, 1, 0x7F, 0x80, 0xFF])


def set_number(data: bytearray, rng: random.Random) -> None:
    """Lengths and offsets: none, negative, huge."""
    value = rng.choice([0, -1, -(2**31), 2**31 - 1, 2**40, 2**62, rng.randrange(2**32)])
    number = value.to_bytes(8, "little", signed=True)[: rng.choice([4, 8])]
    start = rng.randrange(max(len(data) - 8, 1))
    data[start : start + len(number)] = number


def truncate(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(len(data)) :]


def cut_the_end(data: bytearray, rng: random.Random) -> None:
    del data[-rng.randrange(1, min(len(data), 64) + 1) :]


def cut_the_start(data: bytearray, rng: random.Random) -> None:
    del data[: rng.randrange(1, min(len(data), 64) + 1)]


def empty(data: bytearray, rng: random.Random) -> None:
    data.clear()


def append(data: bytearray, rng: random.Random) -> None:
    data += rng.choice([b"\0", b"\n", rng.randbytes(100), bytes(data)])


def insert(data: bytearray, rng: random.Random) -> None:
    start, end = _place(data, rng)
    data[start:start] = rng.choice([rng.randbytes(end - start), data[start:end]])


def delete(data: bytearray, rng: random.Random) -> None:
    start, end = _place(data, rng)
    del data[start:end]


def zero(data: bytearray, rng: random.Random) -> None:
    start, end = _place(data, rng)
    data[start:end] = bytes(end - start)


def noise(data: bytearray, rng: random.Random) -> None:
    start, end = _place(data, rng)
    data[start:end] = rng.randbytes(end - start)


def swap(data: bytearray, rng: random.Random) -> None:
    """Two parts of the same length."""
    start, end = _place(data, rng)
    other = rng.randrange(len(data) - (end - start) + 1)
    stop = other + end - start
    data[start:end], data[other:stop] = data[other:stop], data[start:end]


def copy_over(data: bytearray, rng: random.Random) -> None:
    """One part over another, as after a lost write."""
    start, end = _place(data, rng)
    other = rng.randrange(len(data) - (end - start) + 1)
    data[other : other + end - start] = data[start:end]


BYTES: tuple[Bytes, ...] = (
    *(flip_bit, flip_bits, flip_bit_near_an_end, set_byte, set_number),
    *(truncate, cut_the_end, cut_the_start, empty, append),
    *(insert, delete, zero, noise, swap, copy_over),
)


def bytewise(change: Bytes) -> Mutation:
    """A mutation of one file, or of any one file in a folder."""

    def mutate(path: Path, rng: random.Random) -> str:
        file = path
        if path.is_dir():
            file = rng.choice(sorted(p for p in path.rglob("*") if p.is_file()))
        data = bytearray(file.read_bytes())
        if data:
            change(data, rng)
        file.write_bytes(data)
        return f"{change.__name__} in {file.name}"

    return mutate


def anywhere(changes: Sequence[Bytes] = BYTES) -> list[Mutation]:
    """A mutation for each of these changes of bytes."""
    return [bytewise(change) for change in changes]
