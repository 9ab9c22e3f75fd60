"""An upload that takes long enough to be cut: a clip of some megabytes, on a network that is slow or gone."""

from pathlib import Path

from playwright.sync_api import Page

from tests.videos import media

SLOW = 500_000  # bytes a second
NOISE = ("-vf", "noise=alls=80:allf=t", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "3", "-pix_fmt", "yuv420p")


def noisy_clip() -> Path:
    """Some megabytes, so that there is a middle in which to cut."""
    return media.clip(size="480x270", video=NOISE)


class Network:
    """The page's network: slow, or gone."""

    def __init__(self, page: Page):
        self._session = page.context.new_cdp_session(page)

    def be(self, *, offline: bool = False, slow: bool = False) -> None:
        self._session.send(
            "Network.emulateNetworkConditions",
            {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": SLOW if slow else -1},
        )


def until_sent(page: Page, percent: int) -> None:
    """Wait until the page says that so much has gone out."""
    page.wait_for_function(
        "least => parseInt(document.querySelector('[data-run-percent]').textContent) >= least", arg=percent
    )
