"""What a file is, as JSON on standard output: python -I probe.py PATH FORMAT DECODERS MOST_PIXELS

Runs as a child within limits (measuring.py) and knows nothing of the portal. Formats, decoders and protocols are
pinned, so that nothing but this one file is opened, and that only as a clip. Times come from every packet in the file,
as what a header says is only what somebody wrote there. One picture is decoded, unless it is larger than allowed: it
tells how it is turned, and in which light it was taken.
"""

import json
import sys
from fractions import Fraction
from typing import Any

import av

CANNOT_READ = 3
# Of a file that holds millions of empty packets, before time is up; five minutes hold some 30,000.
MOST_PACKETS = 5_000_000
PACKETS_TO_A_PICTURE = 100


def main(path: str, container_format: str, decoders: str, most_pixels: str) -> int:
    av.logging.set_level(None)
    options = {
        "protocol_whitelist": "file", "format_whitelist": container_format, "codec_whitelist": decoders,
        "max_pixels": most_pixels,
    }  # fmt: skip
    try:
        with av.open(f"file:{path}", format=container_format, options=options, metadata_errors="replace") as container:
            sys.stdout.write(json.dumps(measured(container, int(most_pixels))))
    except (av.error.FFmpegError, ValueError, IndexError, OverflowError) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return CANNOT_READ
    return 0


def measured(container: Any, most_pixels: int) -> dict[str, Any]:
    header = container.duration or 0
    streams = {stream.index: described(stream) for stream in container.streams}
    pictures = [stream for stream in container.streams.video if streams[stream.index].get("codec")]
    for stream in pictures:
        stream.codec_context.options = {"max_pixels": str(most_pixels)}
        stream.codec_context.thread_count = 1
    to_see = {
        stream.index: PACKETS_TO_A_PICTURE
        for stream in pictures
        if 0 < stream.codec_context.width * stream.codec_context.height <= most_pixels
    }
    times = Times()
    for packet in container.demux():
        times.add(packet)
        if to_see.get(packet.stream.index):
            to_see[packet.stream.index] -= 1
            frame = decoded(packet)
            if frame is not None:
                streams[packet.stream.index] |= seen(frame)
                del to_see[packet.stream.index]
    for index, stream in streams.items():
        stream["packets"], stream["packet_seconds"] = times.of(index)
    return {
        "format": container.format.name, "header_seconds": header / av.time_base, "streams": list(streams.values()),
    }  # fmt: skip


def described(stream: Any) -> dict[str, Any]:
    context = stream.codec_context
    duration = stream.duration or 0
    found = {
        "index": stream.index,
        "type": stream.type,
        "codec": context.codec.canonical_name if context else "",
        "header_seconds": float(duration * stream.time_base) if duration and stream.time_base else 0.0,
    }
    if stream.type == "video" and context:
        found |= {
            "width": context.width,
            "height": context.height,
            "sample_aspect": ratio(stream.sample_aspect_ratio or context.sample_aspect_ratio),
            "rate": ratio(stream.average_rate or stream.guessed_rate),
            "is_cover": bool(stream.disposition & av.stream.Disposition.attached_pic),
            "rotation": 0, "transfer": int(context.color_trc or 0), "matrix": int(context.colorspace or 0),
        }  # fmt: skip
    if stream.type == "audio" and context:
        found |= {"channels": context.channels or 0, "sample_rate": context.sample_rate or 0}
    return found


def ratio(value: Fraction | None) -> list[int]:
    return [value.numerator, value.denominator] if value else [0, 1]


def decoded(packet: Any) -> Any:
    """The first picture that the packet gives; None when it gives none, or cannot be read."""
    try:
        return next(iter(packet.decode()), None)
    except av.error.FFmpegError:
        return None


def seen(frame: Any) -> dict[str, Any]:
    """What only a decoded picture tells for certain."""
    return {
        "width": frame.width, "height": frame.height, "rotation": int(frame.rotation) % 360,
        "transfer": int(frame.color_trc), "matrix": int(frame.colorspace), "was_decoded": True,
    }  # fmt: skip


class Times:
    """By stream, when its packets begin and end."""

    def __init__(self) -> None:
        self._number = 0
        self._count: dict[int, int] = {}
        self._first: dict[int, float] = {}
        self._last: dict[int, float] = {}

    def add(self, packet: Any) -> None:
        self._number += 1
        if self._number > MOST_PACKETS:
            raise ValueError("too many packets")
        at = packet.pts if packet.pts is not None else packet.dts
        if at is None or packet.time_base is None or packet.is_discard:
            return
        index = packet.stream.index
        begins = float(at * packet.time_base)
        ends = begins + float((packet.duration or 0) * packet.time_base)
        self._count[index] = self._count.get(index, 0) + 1
        self._first[index] = min(self._first.get(index, begins), begins)
        self._last[index] = max(self._last.get(index, ends), ends)

    def of(self, index: int) -> tuple[int, float]:
        """How many, and the seconds from the first (from 0, if it begins before) to the last's end."""
        if index not in self._last:
            return 0, 0.0
        return self._count[index], self._last[index] - max(0.0, self._first[index])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:5]))
