"""A colour table that brings high dynamic range to BT.709, for an ffmpeg that cannot compute it itself.

The same mapping as encoding.light_filter: ITU-R BT.2100 to light, white at 203 cd/m², a roll-off above the knee (the
function "mobius"), BT.2020 primaries to BT.709, and its transfer. Written as a .cube, which the filter lut3d reads.
"""

from math import exp, log
from pathlib import Path

from videos.processing.encoding import KNEE, PEAK, WHITE

NAME = "light.cube"
SIZE = 33
# ITU-R BT.2087: linear light in BT.2020 primaries to BT.709.
TO_BT709 = ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187))
LUMA_2020 = (0.2627, 0.6780, 0.0593)
HLG_PEAK, HLG_GAMMA = 1000.0, 1.2

Colour = tuple[float, float, float]


def write(path: Path, *, is_pq: bool) -> None:
    steps = [index / (SIZE - 1) for index in range(SIZE)]
    lines = [f"LUT_3D_SIZE {SIZE}"]
    for blue in steps:
        for green in steps:
            for red in steps:
                lines.append("{:.5f} {:.5f} {:.5f}".format(*to_sdr((red, green, blue), is_pq=is_pq)))
    path.write_text("\n".join(lines) + "\n")


def to_sdr(signal: Colour, *, is_pq: bool) -> Colour:
    """A BT.2100 signal (0 to 1) as a BT.709 one."""
    light = _pq_light(signal) if is_pq else _hlg_light(signal)
    red, green, blue = (sum(weight * part for weight, part in zip(row, light, strict=True)) / WHITE for row in TO_BT709)
    strongest = max(red, green, blue, 1e-6)
    scale = _rolled_off(strongest) / strongest
    return (_bt709(red * scale), _bt709(green * scale), _bt709(blue * scale))


def _pq_light(signal: Colour) -> Colour:
    """cd/m²: SMPTE ST 2084."""
    m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875

    def light(value: float) -> float:
        power = value ** (1 / m2)
        return float(10_000 * (max(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1))

    return (light(signal[0]), light(signal[1]), light(signal[2]))


def _hlg_light(signal: Colour) -> Colour:
    """cd/m² on a screen of HLG_PEAK: inverse OETF, then the system's gamma."""
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * log(4 * a)

    def scene(value: float) -> float:
        return value * value / 3 if value <= 0.5 else (exp((value - c) / a) + b) / 12

    scenes = (scene(signal[0]), scene(signal[1]), scene(signal[2]))
    luma = sum(weight * part for weight, part in zip(LUMA_2020, scenes, strict=True))
    gain = HLG_PEAK * luma ** (HLG_GAMMA - 1) if luma > 0 else 0.0
    return (gain * scenes[0], gain * scenes[1], gain * scenes[2])


def _rolled_off(value: float) -> float:
    """The function "mobius": as it is up to the knee, PEAK becomes 1."""
    if value <= KNEE:
        return value
    j, peak = KNEE, PEAK
    a = -j * j * (peak - 1) / (j * j - 2 * j + peak)
    b = (j * j - 2 * j * peak + peak) / max(peak - 1, 1e-6)
    return (b * b + 2 * b * j + j * j) / (b - a) * (value + a) / (value + b)


def _bt709(light: float) -> float:
    """For a screen as ITU-R BT.1886 has it."""
    return float(min(1.0, max(0.0, light)) ** (1 / 2.4))
