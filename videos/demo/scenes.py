"""The moving pictures of the demo: a title, a bar that shows the time, and a tone. Made by code, and made once.

They are encoded in a hurry, by one thread and without dates, so that the same program gives the same bytes.
"""

import hashlib
import io
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import av
import typst

from videos.processing.encoding import POSTER_QUALITY
from videos.processing.ffmpeg import ffmpeg
from videos.processing.measuring import MOST_PIXELS, Measured
from videos.processing.probe import measured as probe_of

SECONDS, RATE = 3, 10
HEIGHTS = (720, 480)
_CARD = """
#set page(width: 1280pt, height: 720pt, margin: 0pt,
  fill: gradient.linear(rgb(sys.inputs.dark), rgb(sys.inputs.light), angle: 50deg))
#set text(fill: white, lang: "vi", font: "Libertinus Serif")
#place(bottom + right, dx: 90pt, dy: 150pt, circle(radius: 260pt, fill: rgb(255, 255, 255, 26)))
#place(bottom + right, dx: -150pt, dy: 210pt, circle(radius: 200pt, fill: rgb(255, 255, 255, 20)))
#place(top + left, dx: 96pt, dy: 96pt, text(size: 30pt, tracking: 3pt, upper(sys.inputs.line)))
#place(horizon + left, dx: 96pt, block(width: 1000pt, text(size: 80pt, weight: "bold", sys.inputs.title)))
#place(bottom + left, dx: 96pt, dy: -96pt, text(size: 28pt, fill: rgb(255, 255, 255, 200), sys.inputs.note))
"""
_NOTE = "Video minh họa, do cổng tự tạo"


@dataclass(frozen=True, slots=True)
class Card:
    """What a scene shows, in which colours, and the pitch of its tone in hertz."""

    title: str
    line: str
    dark: str
    light: str
    pitch: int


CARDS = (
    Card("Phóng sự", "Người thật, việc thật", "#0b4f6c", "#1b9aaa", 262),
    Card("Tiểu phẩm", "Chuyện ở bộ phận Một cửa", "#6a2c70", "#c0608a", 294),
    Card("Hướng dẫn", "Dịch vụ công trực tuyến", "#14532d", "#4d9a51", 330),
    Card("Mô hình, sáng kiến", "Cách làm hay", "#7a3b0c", "#d08c3a", 349),
    Card("Phóng sự", "Từ xã đến tỉnh", "#1e3a5f", "#5b7db1", 392),
    Card("Hướng dẫn", "Từng bước một", "#134e4a", "#3aa6a0", 440),
)


@dataclass(frozen=True, slots=True)
class Scene:
    """What processing would have made of it: renditions by height, poster, and what was measured."""

    renditions: dict[int, bytes]
    poster: bytes
    probe: dict[str, Any]

    @property
    def seconds(self) -> Decimal:
        return Decimal(f"{Measured.of(self.probe).seconds:.3f}")

    def original_of(self, file_id: UUID) -> bytes:
        """As a unit would hand it in: the large rendition with an empty box behind it, so that no two are equal."""
        return self.renditions[HEIGHTS[0]] + (8 + 16).to_bytes(4, "big") + b"free" + file_id.bytes


@cache
def make_scenes() -> tuple[Scene, ...]:
    """One for each of CARDS. Takes a second or two of each of two cores, the first time in a process."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        return tuple(pool.map(_make, CARDS))


def _make(card: Card) -> Scene:
    inputs = {"dark": card.dark, "light": card.light, "line": card.line, "title": card.title, "note": _NOTE}
    # Its own fonts only: the picture is not to hang on what the system has.
    fonts = typst.Fonts(include_system_fonts=False)
    picture = typst.compile(_CARD.encode(), format="png", ppi=72, font_paths=fonts, sys_inputs=inputs)
    assert isinstance(picture, bytes)
    with TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "card.png").write_bytes(picture)
        subprocess.run(_command(directory, card), check=True, stdin=subprocess.DEVNULL, timeout=120)
        renditions = {height: (directory / f"{height}.mp4").read_bytes() for height in HEIGHTS}
        poster = (directory / "poster.jpg").read_bytes()
    with av.open(io.BytesIO(renditions[HEIGHTS[0]]), format="mp4") as container:
        return Scene(renditions, poster, probe_of(container, MOST_PIXELS))


def _command(directory: Path, card: Card) -> Sequence[str]:
    bar = f"color=white@0.85:size=1280x10:rate={RATE},format=yuva420p"
    graph = (
        f"[0:v]format=yuv420p,split=2[card][still];[card]loop=loop=-1:size=1,setpts=N/{RATE}/TB[shown];"
        f"[shown][1:v]overlay=x='-W+W*t/{SECONDS}':y=H-10:shortest=1,format=yuv420p,split=2[v720][large];[large]scale=854:480[v480];[2:a]volume=0.2,asplit=2[a720][a480]"
    )
    command = [
        ffmpeg(), "-nostdin", "-v", "error", "-y", "-filter_complex_threads", "1",
        "-framerate", str(RATE), "-i", str(directory / "card.png"), "-f", "lavfi", "-t", str(SECONDS), "-i", bar,
        "-f", "lavfi", "-i", f"sine={card.pitch}:sample_rate=48000:duration={SECONDS}",
        "-filter_complex", graph,
    ]  # fmt: skip
    for height in HEIGHTS:
        command += [
            "-map", f"[v{height}]", "-map", f"[a{height}]", "-map_metadata", "-1", "-threads", "1",
            "-c:v", "libx264", "-preset", "ultrafast", "-tune", "stillimage", "-crf", "28", "-g", str(2 * RATE),
            "-c:a", "aac", "-b:a", "64k", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact",
            "-movflags", "+faststart", "-f", "mp4", str(directory / f"{height}.mp4"),
        ]  # fmt: skip
    return command + [
        "-map", "[still]", "-frames:v", "1", "-c:v", "mjpeg", "-q:v", str(POSTER_QUALITY), "-pix_fmt", "yuvj420p",
        "-fflags", "+bitexact", "-update", "1", "-f", "image2", str(directory / "poster.jpg"),
    ]  # fmt: skip


def digest(data: bytes) -> str:
    """Lower-case hex SHA-256."""
    return hashlib.sha256(data).hexdigest()
