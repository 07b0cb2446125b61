"""The course as notebooks, made from the scripts, in out/course: `uv run --group notebook examples/notebooks.py`.

A notebook has the script's first sentence, its functions, the parts of its main, the pictures, and the exercise.
"""

import argparse
import ast
import shlex
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import nbformat

SCRIPTS = [
    script
    for script in sorted(Path(__file__).parent.glob("[0-9]*.py"))
    if "__file__" not in script.read_text(encoding="utf-8")  # it starts processes of itself, which a notebook cannot
]


def notebook(script: Path) -> nbformat.NotebookNode:
    """The notebook of a script."""
    source = script.read_text(encoding="utf-8")
    title, exercise = ast.get_docstring(ast.parse(source)).split("\n\nExercise: ")
    question, _, command = exercise.partition("\n\n")
    words = shlex.split(command.replace("\\\n", " "))[1:]  # without the name of the command
    pictures = f"for picture in sorted(Path('out').glob('{script.stem[:2]}_*.svg')):\n    display(SVG(picture))"
    cells = [
        nbformat.v4.new_markdown_cell(f"# {title}"),
        *(nbformat.v4.new_code_cell(code) for code in parts(source)),
        nbformat.v4.new_code_cell(f"from IPython.display import SVG, display\n\n{pictures}"),
        nbformat.v4.new_markdown_cell(f"## Exercise\n\nPut your answer in place of the dots: {question}"),
        nbformat.v4.new_code_cell(f"from engine.__main__ import main\n\nmain({words});"),
    ]
    for number, cell in enumerate(cells, 1):
        cell.id = f"{script.stem}-{number}"
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=kernel)


def parts(source: str) -> Iterator[str]:
    """The code of a script, cell by cell: what its functions need, each function, and main at its blank lines."""
    together: list[str] = []
    for node in ast.parse(source).body[1:]:  # without the docstring
        start = min([node.lineno, *(line.lineno for line in getattr(node, "decorator_list", ()))])
        text = "\n".join(source.splitlines()[start - 1 : node.end_lineno])
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.If)) and together:
            yield "\n".join(together)
            together = []
        if isinstance(node, ast.FunctionDef) and node.name == "main":
            yield from paragraphs(dedent(text.partition("\n")[2]))
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield text
        elif not isinstance(node, ast.If):
            together.append(text)


def paragraphs(body: str) -> Iterator[str]:
    """The parts of a function's body between blank lines, with the command line's defaults."""
    body = body.replace("parse_args()", "parse_args([])").replace('print(f"{__doc__}\\n")\n', "")
    part = ""
    for paragraph in body.split("\n\n"):
        part += paragraph.strip("\n")
        try:
            ast.parse(part)
        except SyntaxError:  # a blank line inside a block
            part += "\n\n"
        else:
            yield part
            part = ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("out/course"), metavar="DIR", help="where notebooks go")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for script in SCRIPTS:
        nbformat.write(notebook(script), out / f"{script.stem}.ipynb")
    print(f"wrote {len(SCRIPTS)} notebooks to {out}")


if __name__ == "__main__":
    main()
