"""Each class and each file of tests has a name of its own."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
OF_EACH = {
    "Options",  # of a command
    "Architecture",  # of a tool
}


def test_no_two_classes_have_one_name():
    places = defaultdict(list)
    for package in ("grammar_lisa", "image_lisa", "shared"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places[node.name].append(str(path.relative_to(ROOT)))
    twice = {name: found for name, found in places.items() if len(found) > 1}
    assert twice.keys() == OF_EACH, twice


def test_no_two_files_of_tests_have_one_name():
    """Pytest imports them by their names alone."""
    places = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        places[path.name].append(str(path.relative_to(ROOT)))
    assert len(places) > 100
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
