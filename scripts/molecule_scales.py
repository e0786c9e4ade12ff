"""Computes the means and deviations that penalised logP is standardised by.

From a file of SMILES, one a line: `scripts/molecule_scales.py zinc_24k_smiles.txt.gz` prints what
stands in `grammar_lisa/molecules/properties.py`. Lines that are no molecules are left out.
"""

import gzip
import statistics
import sys
from pathlib import Path

from grammar_lisa.molecules.properties import PropertyScale, large_rings, logp, sa
from grammar_lisa.molecules.reading import canonical_smiles

MEASURED = {"LOGP_SCALE": logp, "SA_SCALE": sa, "RINGS_SCALE": large_rings}


def scales(lines):
    """Return the scale of each property over molecules, by its name in the code."""
    found = {name: [property_of(line) for line in lines] for name, property_of in MEASURED.items()}
    return {
        name: PropertyScale(statistics.fmean(values), statistics.pstdev(values))
        for name, values in found.items()
    }


def main(path):
    text = Path(path).read_bytes()
    lines = (gzip.decompress(text) if path.endswith(".gz") else text).decode().split()
    molecules = [line for line in lines if canonical_smiles(line) is not None]
    for name, scale in scales(molecules).items():
        print(f"{name}: Final = PropertyScale({scale.mean!r}, {scale.deviation!r})")
    print(f"# {len(molecules):,} of {len(lines):,} lines are molecules")


if __name__ == "__main__":
    main(*sys.argv[1:])
