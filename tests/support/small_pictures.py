"""Small image files and data sets, and a place without network and without the user's files."""

import gzip
import io
import struct

import numpy as np
import pooch
from PIL import Image


def alone(monkeypatch, tmp_path):
    """No network, no LISA_DATA_DIR, and a cache folder of the test's own."""

    def refused(url, **_):
        raise AssertionError(f"a test must not reach for {url}")

    monkeypatch.setattr(pooch, "retrieve", refused)
    monkeypatch.delenv("LISA_DATA_DIR", raising=False)
    monkeypatch.delenv("LISA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def offline(monkeypatch):
    """Every download fails as it does without network; the list of those tried."""
    tried = []

    def retrieve(url, **_):
        tried.append(url)
        raise ConnectionError("no route to host")

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    return tried


def served(monkeypatch, contents):
    """Downloads give these contents by the address's last word; the list of those tried."""
    tried = []

    def retrieve(url, known_hash, fname, path, downloader):
        if (path / fname).exists():  # as pooch does, which takes it for what was asked for
            return str(path / fname)
        tried.append(url)
        content = contents(url) if callable(contents) else contents[url.rsplit("/", 1)[1]]
        if isinstance(content, Exception):
            raise content
        (path / fname).write_bytes(content)
        return str(path / fname)

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    return tried


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def idx(array):
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return head + array.tobytes()


def packed(content):
    return gzip.compress(content, mtime=0)


def png(path, pixels, **options):
    """A PNG of `[height, width]` or `[height, width, channel]` pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, format="PNG", **options)
    return path


def jpeg(pixels, **options):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="JPEG", **options)
    return buffer.getvalue()
