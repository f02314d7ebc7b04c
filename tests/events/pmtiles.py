"""The smallest PMTiles files there can be: one tile, the same everywhere down to zoom 5."""

import struct

PICTURE = (  # one red pixel
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS"
    b"\xde\x00\x00\x00\x0cIDATx\x9cc\xf8\xcf\xc0\x00\x00\x03\x01\x01\x00\xc9\xfe\x92\xef\x00\x00"
    b"\x00\x00IEND\xaeB`\x82"
)
MVT, PNG = 1, 2
DEEPEST = 5


def archive(kind: int) -> bytes:
    """A file of shapes (MVT) or of pictures (PNG), by version 3 of the specification."""
    tile = PICTURE if kind == PNG else shapes()
    tiles = sum(4**zoom for zoom in range(DEEPEST + 1))
    # One entry: its first tile, how many in a row, its length, its place (plus one).
    directory = b"\x01" + b"".join(varint(n) for n in (0, tiles, len(tile), 1))
    metadata = b"{}"
    at_metadata = 127 + len(directory)
    at_tiles = at_metadata + len(metadata)
    header = b"PMTiles\x03" + struct.pack(
        "<8Q3Q4B2B4iB2i",
        *(127, len(directory), at_metadata, len(metadata), 0, 0, at_tiles, len(tile)),
        *(tiles, 1, 1),
        *(1, 1, 1, kind),  # clustered, nothing compressed
        *(0, DEEPEST),
        *(-1_800_000_000, -850_000_000, 1_800_000_000, 850_000_000),
        *(0, 0, 0),
    )
    return header + directory + metadata + tile


def shapes() -> bytes:
    """A vector tile whose layer "earth" fills its northern half."""
    move, line, close = 9, (3 << 3) | 2, 15
    corners = [move, 0, 0, line, zigzag(4096), 0, 0, zigzag(2048), zigzag(-4096), 0, close]
    feature = field(3, 0, 3) + field(4, 2, b"".join(varint(n) for n in corners))
    layer = field(15, 0, 2) + field(1, 2, b"earth") + field(2, 2, feature) + field(5, 0, 4096)
    return field(3, 2, layer)


def field(number: int, wire: int, value: int | bytes) -> bytes:
    key = varint(number << 3 | wire)
    return key + (varint(value) if isinstance(value, int) else varint(len(value)) + value)


def zigzag(number: int) -> int:
    return (number << 1) ^ (number >> 31)


def varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])
