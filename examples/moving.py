"""The README's moving picture, the page playing its passes: `uv run --group dev examples/moving.py`.

Chromium without a window presses the page's own buttons, and each step is a frame of examples/pictures/passes.gif.
"""

import base64
import io
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from selenium import webdriver

from engine import ChainRule, Value, chain_rule

WIDTH, HEIGHT, SCALE = 480, 440, 2  # CSS pixels of a telephone, each of 2 pixels
STEPS = 12  # six boxes forward, six backward
FORWARD, BACKWARD, LOOK, READ = 1200, 2200, 2500, 6000  # milliseconds
COLOURS = 96


def question() -> ChainRule:
    """The README's first question: the error is 1, and the gradient nearly 0."""
    w, x, y = Value(0.8, "w"), Value(62.5, "x"), Value(0.0, "y")
    z = w * x
    z.label = "z"
    a = z.sigmoid()
    a.label = "a"
    cost = (a - y) ** 2
    cost.label = "C"
    return chain_rule(cost, w)


def film(page: Path) -> list[tuple[Image.Image, int]]:
    """Frames and their milliseconds: the passes step by step, then the chain rule, then the verdict."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for switch in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(switch)
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    with webdriver.Chrome(options=options, service=service) as browser:
        size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": SCALE, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        light = [
            {"name": "prefers-color-scheme", "value": "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": light})
        browser.get(page.as_uri())
        top, height = browser.execute_script(
            "return [$('answer').getBoundingClientRect().top, $('graph').offsetHeight]"
        )

        def press(*buttons: str) -> None:
            for button in buttons:
                browser.find_element("id", button).click()

        def seen(from_top: float = 0.0) -> Image.Image:
            clip = {"x": 0, "y": from_top, "width": WIDTH, "height": height, "scale": 1}
            shot = browser.execute_cdp_cmd("Page.captureScreenshot", {"clip": clip, "captureBeyondViewport": True})
            return Image.open(io.BytesIO(base64.b64decode(shot["data"]))).convert("RGB")

        frames = [(seen(), LOOK)]
        press("closer", "closer")
        for step in range(STEPS):
            press("forth")
            frames.append((seen(), FORWARD if step < STEPS // 2 else BACKWARD))
        press("leave", "fit")
        return [*frames, (seen(), LOOK), (seen(top - 10), READ)]


def record(file: Path) -> None:
    """Write the film as a GIF that starts over at its end."""
    with TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        question().save(page)
        pictures, times = zip(*film(page), strict=True)
    first, *rest = [picture.quantize(COLOURS, dither=Image.Dither.NONE) for picture in pictures]
    first.save(file, save_all=True, append_images=rest, duration=times, loop=0, optimize=True)


if __name__ == "__main__":
    record(Path(__file__).parent / "pictures/passes.gif")
