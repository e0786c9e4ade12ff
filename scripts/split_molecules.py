"""Split files of SMILES into molecules to train on and molecules held out.

    .venv/bin/python scripts/split_molecules.py zinc.txt.gz moses.csv.gz --output data

Held out are lines of the first file, drawn by a seed. None of the molecules to train on is one of
them by its canonical SMILES, whichever file it is from. Of a .csv file the first column is read.
"""

import argparse
import gzip
import random
import sys
from collections.abc import Iterator
from pathlib import Path

from grammar_lisa.molecules import canonical_smiles


def lines(path: Path) -> Iterator[str]:
    """Yield the SMILES of a file, each once."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    rows = text.splitlines()
    table = ".csv" in path.suffixes
    found = (row.split(",")[0].strip() for row in rows[1 if table else 0 :])
    yield from dict.fromkeys(row for row in found if row)


def main() -> None:
    """Split and write `train.txt` and `held_out.txt`."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("files", type=Path, nargs="+")
    arguments.add_argument("--held-out", type=int, default=1000)
    arguments.add_argument("--output", type=Path, required=True, help="the folder to write to")
    arguments.add_argument("--seed", type=int, default=0)
    options = arguments.parse_args()
    draw = random.Random(options.seed)  # noqa: S311 - nothing is kept secret
    first = list(lines(options.files[0]))
    draw.shuffle(first)
    held_out = first[: options.held_out]
    known = {canonical_smiles(text) for text in held_out}
    rest = [*first[options.held_out :], *(row for path in options.files[1:] for row in lines(path))]
    train = [text for text in dict.fromkeys(rest) if canonical_smiles(text) not in known]
    draw.shuffle(train)
    options.output.mkdir(parents=True, exist_ok=True)
    for name, texts in (("train.txt", train), ("held_out.txt", held_out)):
        (options.output / name).write_text("\n".join(texts) + "\n", encoding="utf-8")
    sys.stdout.write(
        f"{len(train):,} molecules to train on, {len(held_out):,} held out; "
        f"{len(dict.fromkeys(rest)) - len(train):,} left out as they are among these\n"
    )


if __name__ == "__main__":
    main()
