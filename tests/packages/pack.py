"""Packs the current folder into ../package.zip with one library or tool: python pack.py WRITER."""

import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

OUTPUT = pathlib.Path("..", "package.zip").resolve()


def files() -> Iterator[pathlib.Path]:
    """Every file below the current folder, in the order of the names. Links are followed."""
    for folder, folders, names in os.walk(".", followlinks=True):
        folders.sort()
        for name in sorted(names):
            yield pathlib.Path(folder, name)


def run(program: str, *arguments: str, **environment: str) -> None:
    """Runs a program that is installed beside this Python."""
    path = pathlib.Path(sys.executable).parent / program
    subprocess.run([str(path), *arguments], check=True, env=os.environ | environment)


def stream_zip(method_name: str) -> Callable[[], None]:
    def pack() -> None:
        import stream_zip as library

        method = getattr(library, method_name)

        def members() -> Iterator[tuple]:
            for file in files():
                stat, body = file.stat(), file.read_bytes()
                at = datetime.fromtimestamp(stat.st_mtime, UTC).replace(tzinfo=None)
                chosen = method
                if method_name == "ZIP_AUTO":
                    chosen = method(len(body))
                yield str(file), at, stat.st_mode, chosen, iter([body])

        with OUTPUT.open("wb") as output:
            for part in library.stream_zip(members()):
                output.write(part)

    return pack


def pex() -> None:
    run("pex", "-D", ".", "-o", str(OUTPUT))


def pex_flat_zipped() -> None:
    """What docs/packages.md tells those to do who have a pex."""
    app = OUTPUT.with_name("app.pex")
    run("pex", "-D", ".", "-o", str(app))
    flat = ["--layout", "flat-zipped", "-d", str(OUTPUT.with_suffix(""))]
    run("pex3", "venv", "create", "--pex-repository", str(app), *flat)


def shiv() -> None:
    run("shiv", "--site-packages", ".", "-e", "app.handler", "-o", str(OUTPUT))


CHALICE_APP = """\
from chalice import Chalice

app = Chalice(app_name="shop")


@app.lambda_function()
def handler(event, context):
    return event
"""


def chalice() -> None:
    pathlib.Path(".chalice").mkdir()
    configuration = {"version": "2.0", "app_name": "shop"}
    pathlib.Path(".chalice", "config.json").write_text(json.dumps(configuration))
    pathlib.Path("requirements.txt").touch()
    pathlib.Path("app.py").write_text(CHALICE_APP)
    # A region is asked for and not called.
    folder = OUTPUT.with_name("chalice")
    run("chalice", "package", str(folder), AWS_DEFAULT_REGION="eu-central-1")
    (folder / "deployment.zip").rename(OUTPUT)


WRITERS = {
    "stream-zip-32": stream_zip("ZIP_32"),
    "stream-zip-64": stream_zip("ZIP_64"),
    "stream-zip-auto": stream_zip("ZIP_AUTO"),
    "pex": pex,
    "pex-flat-zipped": pex_flat_zipped,
    "shiv": shiv,
    "chalice": chalice,
}

WRITERS[sys.argv[1]]()
