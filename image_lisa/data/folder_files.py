"""Which files of a folder are images, to which part and class each belongs, what is left out."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from image_lisa.data.decoding import endings, listing
from shared.common.errors import LisaError
from shared.common.words import counted

_PARTS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("valid", "val", "validation", "validate"), "valid"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""What sub-folders that part the images are called, in small letters."""

_PLACES = (0, 1)
"""Where in a path they stand: above the classes, or below each."""

_UNREAD = (
    *(".heic", ".heif", ".jxl", ".svg", ".psd", ".xcf", ".eps", ".pdf", ".ai", ".exr", ".hdr"),
    *(".raw", ".cr2", ".cr3", ".nef", ".arw", ".dng", ".orf", ".rw2", ".dcm", ".nii", ".mp4"),
    *(".mov", ".jp2", ".j2k", ".avif", ".ico"),
)
"""Endings of pictures that may be of a kind that is not read here."""


@dataclass(frozen=True)
class FolderFile:
    """An image file: the part it belongs to, its class, its path below the folder."""

    part: str
    label: str | None
    name: str


@dataclass(frozen=True)
class FolderFiles:
    """What a folder holds.

    Attributes:
        files: Its images, sorted by their paths.
        notes: What was left out, and why.
    """

    files: list[FolderFile]
    notes: list[str]


def find_files(folder: Path, *, parts: bool = True) -> FolderFiles:
    """Find the images below a folder.

    Sub-folders called train (training), valid (val, validation) and test (testing) are the parts,
    below the folder or within each class; a single sub-folder that holds everything is entered.
    Below the parts, the first sub-folders are the classes.

    Args:
        folder: Where to look.
        parts: Whether there must be a training part where there are others, and nothing lies
            beside them; otherwise all images are taken alike.

    Raises:
        LisaError: There are no images, or parts that do not fit together.
    """
    walked = _walk(folder)
    names = sorted(walked.images, key=lambda name: name.split("/"))
    notes = walked.notes(folder)
    if not names:
        raise LisaError(
            f"{folder} holds no images: no file below it ends with {', '.join(endings())}"
            f"{describe_notes(notes)}"
        )
    below = _entered(names)
    if not parts:
        return FolderFiles([_alike(name, inner) for name, inner in below], notes)
    files, outside = _parted(folder, below)
    if outside:
        notes.append(
            f"left out of {folder}: {counted(len(outside), 'image')} outside train, valid and "
            f"test: {listing(outside)}"
        )
    return FolderFiles(files, notes)


def describe_notes(notes: Sequence[str]) -> str:
    """Return notes as they stand at the end of a message."""
    return "".join(f" ({note})" for note in notes)


@dataclass(frozen=True)
class _Walked:
    """The paths below a folder: images, hidden images, other pictures, all else, unread folders."""

    images: list[str]
    hidden: list[str]
    unread: list[str]
    others: list[str]
    closed: list[str]

    def notes(self, folder: Path) -> list[str]:
        """Say what is left out."""
        said = (
            (self.hidden, "hidden image", None),
            (
                self.unread,
                "picture of a kind that is not read here (saved as PNG or JPEG it is)",
                "pictures of a kind that is not read here (saved as PNG or JPEG they are)",
            ),
            (
                self.others,
                "file that is no image by its ending",
                "files that are no images by their endings",
            ),
            (self.closed, "folder that cannot be entered", "folders that cannot be entered"),
        )
        return [
            f"left out of {folder}: {counted(len(names), one, several)}: {listing(sorted(names))}"
            for names, one, several in said
            if names
        ]


def _walk(folder: Path) -> _Walked:
    """List what lies below a folder; linked folders are entered once."""
    found = _Walked([], [], [], [], [])
    seen = {os.path.realpath(folder)}

    def closed(error: OSError) -> None:
        found.closed.append(os.path.relpath(str(error.filename), folder))

    for base, folders, files in os.walk(folder, followlinks=True, onerror=closed):
        folders[:] = _fresh(base, folders, seen)
        for name in files:
            path = (Path(base) / name).relative_to(folder)
            kind = _kind(found, path)
            if kind is not None:
                kind.append(path.as_posix())
    return found


def _fresh(base: str, folders: list[str], seen: set[str]) -> list[str]:
    fresh = []
    for name in sorted(folders):
        place = os.path.realpath(Path(base) / name)
        if place not in seen:
            seen.add(place)
            fresh.append(name)
    return fresh


def _kind(found: _Walked, path: Path) -> list[str] | None:
    """Return the list that a file belongs to; None of a hidden one that is no image."""
    name = path.name.lower()
    image = name.endswith(endings())
    if any(part.startswith(".") or part == "__MACOSX" for part in path.parts):
        return found.hidden if image else None
    if image:
        return found.images
    return found.unread if name.endswith(_UNREAD) else found.others


def _entered(names: list[str]) -> list[tuple[str, str]]:
    """Return names as they are, and below the single sub-folder that holds them all, if one does.

    A sub-folder that is called as a part is not entered.
    """
    below = names
    while (firsts := {name.partition("/")[0] for name in below}) and len(firsts) == 1:
        (first,) = firsts
        if first.lower() in _PARTS or "/" not in below[0]:
            break
        below = [name.partition("/")[2] for name in below]
    return list(zip(names, below, strict=True))


def _parted(folder: Path, names: Sequence[tuple[str, str]]) -> tuple[list[FolderFile], list[str]]:
    """Return the files with their parts and classes, and the names of those outside the parts."""
    whole = [below for _, below in names]
    for place in _PLACES:
        if any(_part_at(below, place) == "train" for below in whole):
            _check_spelling(folder, whole, place)
            return _by_part_at(names, place)
    if others := sorted({b.split("/")[0] for b in whole if _part_at(b, 0) is not None}):
        raise LisaError(
            f"{folder} has a sub-folder '{others[0]}' but none called 'train' with images"
        )
    return [FolderFile("train", _class_of(below), name) for name, below in names], []


def _alike(name: str, below: str) -> FolderFile:
    """Return a file whose class stands below a part, above one, or where there are no parts."""
    for place in _PLACES:
        if (part := _part_at(below, place)) is not None:
            return FolderFile(part, _class_of(_without(below, place)), name)
    return FolderFile("train", _class_of(below), name)


def _by_part_at(names: Sequence[tuple[str, str]], place: int) -> tuple[list[FolderFile], list[str]]:
    files = [
        FolderFile(part, _class_of(_without(below, place)), name)
        for name, below in names
        if (part := _part_at(below, place)) is not None
    ]
    return files, [name for name, below in names if _part_at(below, place) is None]


def _without(name: str, place: int) -> str:
    words = name.split("/")
    return "/".join(words[:place] + words[place + 1 :])


def _part_at(name: str, place: int) -> str | None:
    """Return the part that the sub-folder at a place of a path is called as, if it is."""
    words = name.split("/")
    return _PARTS.get(words[place].lower()) if len(words) > place + 1 else None


def _check_spelling(folder: Path, names: Sequence[str], place: int) -> None:
    """Refuse a part that goes by two names, such as val and valid."""
    title = {"train": "training", "valid": "validation", "test": "test"}
    spelt: dict[str, set[str]] = {}
    for name in names:
        if (part := _part_at(name, place)) is not None:
            spelt.setdefault(part, set()).add(name.split("/")[place])
    for part, spellings in spelt.items():
        if len(spellings) > 1:
            raise LisaError(
                f"{folder} has several {title[part]} parts: {', '.join(sorted(spellings))}"
            )


def _class_of(name: str) -> str | None:
    first, slash, _ = name.partition("/")
    return first if slash else None
