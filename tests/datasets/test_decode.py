"""Odd image files: the pixels that a viewer shows, or a refusal."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from tfrwc.datasets.decode import UnreadableImageError, decode

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (7, 5), np.uint8)
COLOUR = RNG.integers(0, 256, (7, 5, 3), np.uint8)
DEEP = RNG.integers(0, 2**16, (7, 5), np.uint16)
DEEP[0, 0] = 65535


def saved(image, format, **options):
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    buffer.seek(0)
    return buffer


def by_pillow(buffer):
    """An independent decoding of files of 8 bits."""
    buffer.seek(0)
    with Image.open(buffer) as image:
        upright = ImageOps.exif_transpose(image)
        grey = upright.mode in ("1", "L", "LA")
        pixels = np.asarray(upright.convert("L" if grey else "RGB"))
    buffer.seek(0)
    return pixels


def tiff(samples, bits, tags=(), sample_bytes=None):
    """A TIFF file of one strip, as Pillow cannot write them."""
    height, width = samples.shape
    data = samples.tobytes() if sample_bytes is None else sample_bytes
    entries = {256: width, 257: height, 258: bits, 259: 1, 262: 1, 277: 1, 278: height}
    entries |= {273: 8, 279: len(data)} | dict(tags)
    directory = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHIHH", tag, 3, 1, value, 0)
        for tag, value in sorted(entries.items())
    )
    header = b"II*\0" + struct.pack("<I", 8 + len(data) + len(data) % 2)
    return io.BytesIO(header + data + b"\0" * (len(data) % 2) + directory + b"\0" * 4)


def packed_12_bits(samples):
    bits = "".join(
        "".join(f"{value:012b}" for value in row).ljust(-(-12 * len(row) // 8) * 8, "0")
        for row in samples
    )
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize(
    ("format", "image"),
    [
        ("JPEG", Image.fromarray(COLOUR)),
        ("JPEG", Image.fromarray(GREY)),
        ("PNG", Image.fromarray(COLOUR)),
        ("WEBP", Image.fromarray(COLOUR)),
        ("TIFF", Image.fromarray(GREY)),
    ],
)
def test_images_are_turned_as_their_exif_says(format, image, turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    options = {"lossless": True} if format == "WEBP" else {}
    buffer = saved(image, format, exif=exif, **options)
    pixels = decode(buffer)
    np.testing.assert_array_equal(pixels, by_pillow(buffer))
    assert pixels.shape[:2] == ((7, 5) if turn < 5 else (5, 7))


@pytest.mark.parametrize("turn", [1, 3, 6])
def test_sixteen_bits_are_turned_too(turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    expected = {1: DEEP, 3: DEEP[::-1, ::-1], 6: np.rot90(DEEP, -1)}[turn] >> 8
    for format in ("PNG", "TIFF"):
        buffer = saved(Image.fromarray(DEEP), format, exif=exif)
        np.testing.assert_array_equal(decode(buffer), expected)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "LA", "RGBA", "YCbCr"])
@pytest.mark.parametrize("format", ["BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP"])
def test_modes_of_opaque_images_are_those_of_pillow(mode, format):
    try:
        buffer = saved(Image.fromarray(COLOUR).convert(mode), format)
        by_pillow(buffer)
    except (OSError, ValueError):
        pytest.skip("Pillow writes no such file, or cannot read it")
    np.testing.assert_array_equal(decode(buffer), by_pillow(buffer))


@pytest.mark.parametrize("mode", ["LA", "RGBA", "PA", "P", "L"])
def test_transparent_pixels_are_refused_and_opaque_ones_not(mode):
    for alpha, refused in ((255, False), (254, True)):
        image = Image.fromarray(COLOUR).convert("RGBA")
        options = {}
        if mode in ("P", "L"):
            image = Image.fromarray(np.array([[0, 1], [2, 3]], np.uint8))
            if mode == "P":
                image = image.convert("P")
            options["transparency"] = 3 if refused else 200
        else:
            image.putpixel((2, 3), (1, 2, 3, alpha))
            image = image.convert("LA" if mode == "LA" else "RGBA")
        format = "TIFF" if mode == "PA" else "PNG"
        buffer = saved(image, format, **options)
        if refused:
            with pytest.raises(UnreadableImageError, match="transparent in places"):
                decode(buffer)
        else:
            assert decode(buffer).shape[:2] == image.size[::-1]


def test_bits_of_grey_samples_keep_their_range():
    np.testing.assert_array_equal(decode(tiff(DEEP, 16)), DEEP >> 8)
    white_is_zero = tiff(DEEP, 16, {262: 0})
    np.testing.assert_array_equal(decode(white_is_zero), (65535 - DEEP) >> 8)
    twelve = RNG.integers(0, 4096, (6, 8), np.uint16)
    file = tiff(twelve, 12, sample_bytes=packed_12_bits(twelve))
    np.testing.assert_array_equal(decode(file), twelve >> 4)
    header = b"P5 5 7 65535\n"
    file = io.BytesIO(header + DEEP.astype(">u2").tobytes())
    np.testing.assert_array_equal(decode(file), DEEP >> 8)
    black = np.zeros((4, 4), np.uint16)
    assert not decode(saved(Image.fromarray(black), "PNG")).any()


def colour_png(samples):
    """A PNG file of 16 bits in each of three channels, as Pillow cannot write them."""
    height, width, _ = samples.shape
    rows = [b"\0" + row.astype(">u2").tobytes() for row in samples]

    def chunk(kind, data):
        checked = kind + data
        return (
            struct.pack(">I", len(data))
            + checked
            + struct.pack(">I", zlib.crc32(checked))
        )

    return io.BytesIO(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"".join(rows)))
        + chunk(b"IEND", b"")
    )


def test_colours_of_sixteen_bits():
    deep = RNG.integers(0, 2**16, (6, 4, 3), np.uint16)
    deep[0, 0] = 65535
    np.testing.assert_array_equal(decode(colour_png(deep)), deep >> 8)
    with pytest.raises(UnreadableImageError, match="whole range"):
        decode(colour_png(deep >> 4))


REFUSED = {
    "12 bits in 16": (lambda: saved(Image.fromarray(DEEP >> 4), "PNG"), "whole range"),
    "10 bits in 16": (lambda: tiff(DEEP >> 6, 16), "whole range"),
    "8 bits in 16": (lambda: tiff(DEEP >> 8, 16), "whole range"),
    "signed 8": (lambda: tiff(GREY.view(np.int8), 8, {339: 2}), "signed or real"),
    "signed 16": (lambda: tiff(DEEP.view(np.int16), 16, {339: 2}), "signed or real"),
    "real": (
        lambda: saved(Image.fromarray(GREY.astype(np.float32)), "TIFF"),
        "signed or real",
    ),
    "32 bits": (lambda: tiff(DEEP.astype(np.uint32), 32), "32 bits"),
    "lab": (
        lambda: saved(Image.frombytes("LAB", (5, 7), COLOUR.tobytes()), "TIFF"),
        "mode 'LAB'",
    ),
    "several in a gif": (
        lambda: saved(
            Image.fromarray(GREY),
            "GIF",
            save_all=True,
            append_images=[Image.fromarray(255 - GREY)],
        ),
        "holds 2 images",
    ),
    "pages": (
        lambda: saved(
            Image.fromarray(GREY),
            "TIFF",
            save_all=True,
            append_images=[Image.fromarray(GREY)] * 2,
        ),
        "holds 3 images",
    ),
    "a bomb": (
        lambda: saved(Image.new("1", (20_000, 20_000)), "PNG"),
        "exceeds limit|decompression bomb",
    ),
    "another format": (
        lambda: saved(Image.fromarray(COLOUR), "EPS"),
        "cannot identify",
    ),
    "nothing": (io.BytesIO, "cannot identify"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_could_mean_several_things_is_refused(name):
    make, reason = REFUSED[name]
    with pytest.raises(UnreadableImageError, match=reason):
        decode(make())


@pytest.mark.parametrize("level", [0, 1, 9])
def test_a_flipped_bit_in_a_png_is_noticed(level):
    """Also where it only changes a colour: Pillow does not compare all checksums."""
    pixels = RNG.integers(0, 4, (64, 200), np.uint8) * 60
    whole = saved(Image.fromarray(pixels), "PNG", compress_level=level).getvalue()
    for _ in range(300):
        changed = bytearray(whole)
        changed[RNG.integers(len(whole))] ^= 1 << RNG.integers(8)
        try:
            decoded = decode(io.BytesIO(changed))
        except UnreadableImageError:
            continue
        np.testing.assert_array_equal(decoded, pixels)
