"""A picture in a notebook: an SVG as an image, which untrusted notebooks show too, in the notebook's colours."""

import html
from base64 import b64encode

# An image, or a page in a frame, is as light or dark as JupyterLab and VS Code say, whatever the system's setting is.
_STYLE = """<style>
:is([data-jp-theme-light="false"], .vscode-dark, .vscode-high-contrast) :is(.whygrad-picture, .whygrad-page)
{ color-scheme: dark }
:is([data-jp-theme-light="true"], .vscode-light, .vscode-high-contrast-light) :is(.whygrad-picture, .whygrad-page)
{ color-scheme: light }
</style>"""


def as_image(svg: str, title: str) -> str:
    """An SVG as HTML for a notebook: never wider than its cell.

    >>> as_image("<svg/>", "dL/dw").splitlines()[-1]
    '</style><img class="whygrad-picture" src="data:image/svg+xml;base64,PHN2Zy8+" alt="dL/dw" style=...>'
    """
    source = f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"
    style = "max-width: 100%; height: auto"
    return f'{_STYLE}<img class="whygrad-picture" src="{source}" alt="{html.escape(title)}" style="{style}">'


def by_night(svg: str) -> str:
    """An SVG of light colours, such as a plot, that turns dark where its reader likes it dark.

    >>> by_night("<svg width='1'><path/></svg>")
    "<svg width='1'><style>@media (prefers-color-scheme: dark) { svg { filter: ...; } }</style><path/></svg>"
    """
    start = svg.index(">", svg.index("<svg")) + 1
    return svg if _NIGHT in svg else svg[:start] + _NIGHT + svg[start:]


_NIGHT = "<style>@media (prefers-color-scheme: dark) { svg { filter: invert(0.92) hue-rotate(180deg); } }</style>"
