"""Several pictures in one, side by side or stacked, each under a title."""

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

from .parts import PAGE, TEXT, Diagram
from .svg import SVG, element, lettered, to_svg
from .theme import Line, Theme, room, sheet, wrapped

LINE = 24.0  # points from one line to the next
MARGIN = 16.0  # points around the whole; each picture has its own as well
SPACE = 8.0  # points between two pictures


def beside(pictures: Mapping[str, Diagram], headline: Sequence[str] = (), sign: str = "", theme: Theme = "auto") -> str:
    """An SVG of several diagrams, each under its title, with a `sign` between such as "="; a headline stands above.

    They stand beside each other where that is no wider than a page, and else below each other.

    >>> from engine import Value, chain_rule
    >>> from engine.picture import View, diagram_of
    >>> w, x = Value(1.0, "w"), Value(2.0, "x")
    >>> both = {"one": diagram_of(chain_rule(w * x, w), View()), "other": diagram_of(chain_rule(w * x, x), View())}
    >>> beside(both, ["Two derivatives of one product"], "|").count("<svg")
    3
    """
    drawn = [_Placed(title, to_svg(diagram)) for title, diagram in pictures.items()]
    side_by_side = sum(picture.width for picture in drawn) + SPACE * (len(drawn) - 1)
    across = side_by_side <= PAGE
    width = max(side_by_side if across else max(picture.width for picture in drawn), TEXT + 2 * MARGIN)
    named = [(text, "said" if i else "name") for i, text in enumerate(headline)]
    lines = [line for text, name in named for line in wrapped(text.split(), name, width - 2 * MARGIN)]
    x, y = max(0.0, width - side_by_side) / 2 * across, MARGIN + LINE * (len(lines) + (len(lines) > 0) / 2)
    for picture in drawn:
        picture.put(x, y)
        x, y = (x + picture.width + SPACE, y) if across else (x, y + picture.height + SPACE)
    height = max(picture.y + picture.height for picture in drawn) + MARGIN
    root = element("svg", width=f"{width:.0f}pt", height=f"{height:.0f}pt", viewBox=f"0 0 {width:.0f} {height:.0f}")
    root.set("class", "whygrad")
    root.set("role", "img")
    root.append(element("title", headline[0] if headline else " | ".join(pictures)))
    root.append(element("style", sheet(theme)))
    root.append(element("rect", width="100%", height="100%", **{"class": "backdrop"}))
    root.extend(lettered(line, MARGIN, MARGIN + LINE * (i + 0.7)) for i, line in enumerate(lines))
    for before, picture in zip([None, *drawn], drawn, strict=False):
        root.extend(picture.parts())
        if before and sign and across:
            middle = (before.x + before.width + picture.x) / 2
            root.append(lettered([("total", sign)], middle, picture.y + picture.height / 2, "middle"))
    return ElementTree.tostring(root, encoding="unicode")


class _Placed:
    """A picture and its title, and where they stand."""

    def __init__(self, title: str, svg: str) -> None:
        self.title, self.root = title, ElementTree.fromstring(svg)
        self.wide, self.high = map(float, self.root.get("viewBox", "0 0 0 0").split()[2:])
        self.width, self.height = max(self.wide, room(self.line)), self.high + LINE

    @property
    def line(self) -> Line:
        return [("verdict", self.title)]

    def put(self, x: float, y: float) -> None:
        """Set its position; its title, description and style are left to the outer SVG."""
        self.x, self.y = x, y
        place = {"x": x + (self.width - self.wide) / 2, "y": y + LINE, "width": self.wide, "height": self.high}
        for name, number in place.items():
            self.root.set(name, f"{number:.1f}")
        for name in ("title", "desc", "style"):
            self.root.remove(self.root.find(f"{{{SVG}}}{name}"))  # type: ignore[arg-type]

    def parts(self) -> list[ElementTree.Element]:
        """The title and the picture."""
        return [lettered(self.line, self.x + self.width / 2, self.y + LINE * 0.6, "middle"), self.root]
