"""A network through its stages as an animation: curves move, edges that die turn grey, weights change."""

from __future__ import annotations

import base64
import io
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from kandisco.errors import ConfigError, InputError, PluginError
from kandisco.types import Array
from kandisco.viz.canvas import THEMES, recolour
from kandisco.viz.diagram import diagram
from kandisco.viz.network import Edge, Network

FORMATS = (".gif", ".mp4", ".html")
_BETWEEN, _REST, _MILLISECONDS = 10, 6, 90


def save(steps: Sequence[Network], path: Path | str, theme: str = "light") -> None:
    """Write the animation.

    Args:
        steps: one network at several stages; all of one shape.
        path: ends in .gif, .mp4 (needs ffmpeg) or .html (a page with a slider, self-contained).
        theme: ``light`` or ``dark``.

    Raises:
        ConfigError: another suffix.
        PluginError: no ffmpeg for .mp4.
        InputError: no steps, or the file cannot be written.
    """
    path = Path(path)
    if path.suffix not in FORMATS:
        raise ConfigError(f"An animation cannot be written as {path.suffix or path.name!r}.", hint=f"Use {', '.join(FORMATS)}.")
    if not steps:
        raise InputError("There is no network to animate.", hint="Run discover with --width, for a network of that shape.")
    shown = list(_frames(steps))
    drawn = {id(frame): _png(frame, steps[0], theme) for frame in {id(frame): frame for frame in shown}.values()}
    frames = [drawn[id(frame)] for frame in shown]
    try:
        {".gif": _gif, ".mp4": _mp4, ".html": _html}[path.suffix](frames, path)
    except OSError as error:
        raise InputError(f"Cannot write {path}: {error.strerror}.", hint="Choose another file with -o.") from None


def _frames(steps: Sequence[Network]) -> Iterator[Network]:
    for before, after in zip(steps, steps[1:], strict=False):
        yield from [before] * _REST
        for share in np.linspace(0, 1, _BETWEEN + 2)[1:-1]:
            yield _between(before, after, float(share))
    yield from [steps[-1]] * (2 * _REST)


def _between(before: Network, after: Network, share: float) -> Network:
    olds = {edge.place: edge for edge in before.edges}
    edges = tuple(_mixed(olds.get(edge.place, edge), edge, share) for edge in after.edges)
    return replace(after, edges=edges, title=before.title)


def _mixed(old: Edge, new: Edge, share: float) -> Edge:
    def mix(a: Array, b: Array) -> Array:
        return (1 - share) * a + share * b

    shown = old if share < 0.5 else new
    weight = float((1 - share) * old.weight + share * new.weight)
    return replace(shown, u=mix(old.u, new.u), v=mix(old.v, new.v if new.kind != "dead" else old.v), weight=weight)


def _png(frame: Network, first: Network, theme: str) -> bytes:
    figure = diagram(frame, like=first)
    recolour(figure, theme)
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=110, facecolor=THEMES[theme].paper)
    return out.getvalue()


def _gif(frames: Sequence[bytes], path: Path) -> None:
    from PIL import Image

    images = [Image.open(io.BytesIO(frame)).convert("RGB").quantize(64) for frame in frames]
    images[0].save(path, save_all=True, append_images=images[1:], duration=_MILLISECONDS, loop=0, optimize=True)


def _mp4(frames: Sequence[bytes], path: Path) -> None:
    tool = shutil.which("ffmpeg")
    if tool is None:
        raise PluginError("There is no ffmpeg to write .mp4.", hint="Install it, or write .gif or .html.")
    with tempfile.TemporaryDirectory() as folder:
        for i, frame in enumerate(frames):
            (Path(folder) / f"{i:04}.png").write_bytes(frame)
        rate = f"{1000 / _MILLISECONDS:.3f}"
        even = "pad=ceil(iw/2)*2:ceil(ih/2)*2"
        command = [tool, "-y", "-framerate", rate, "-i", f"{folder}/%04d.png", "-vf", even, "-pix_fmt", "yuv420p", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(f"ffmpeg could not write {path}: {done.stderr.strip().splitlines()[-1]}.", hint="Write .gif instead.")


def _html(frames: Sequence[bytes], path: Path) -> None:
    distinct = list(dict.fromkeys(frames))
    images = ",".join(f'"{base64.b64encode(frame).decode()}"' for frame in distinct)
    order = ",".join(str(distinct.index(frame)) for frame in frames)
    path.write_text(_PAGE.replace("IMAGES", images).replace("ORDER", order).replace("WAIT", str(_MILLISECONDS)), encoding="utf-8")


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>kandisco: a network in training</title>
<style>body{margin:1rem;font:15px system-ui;color-scheme:light dark}img{max-width:100%}input{width:min(100%,40rem)}</style>
<img id="image" alt="the network"><p><button id="play">Pause</button> <input id="at" type="range" min="0" value="0"></p>
<script>
const images=[IMAGES],order=[ORDER],image=document.getElementById("image"),at=document.getElementById("at");
let playing=true;at.max=order.length-1;
const show=()=>{image.src="data:image/png;base64,"+images[order[at.value]]};
document.getElementById("play").onclick=e=>{playing=!playing;e.target.textContent=playing?"Pause":"Play"};
at.oninput=()=>{playing=false;document.getElementById("play").textContent="Play";show()};
setInterval(()=>{if(playing){at.value=(+at.value+1)%order.length;show()}},WAIT);show();
</script></html>
"""
