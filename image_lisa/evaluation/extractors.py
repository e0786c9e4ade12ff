"""Which network's features distances are measured on, as worker processes are told of it."""

from dataclasses import dataclass
from pathlib import Path

from image_lisa.data import Images
from image_lisa.evaluation.extractor import FeatureExtractor
from image_lisa.evaluation.features import ClassifierFeatures, ClassifierRecipe, LabelledImages
from image_lisa.evaluation.inception import InceptionFeatures
from shared.common.callbacks import Notify


@dataclass(frozen=True)
class Extractor:
    """Where the network lies whose features distances are measured on.

    Attributes:
        path: Of its weights.
        inception: Whether it is Inception and not the tool's own classifier.
        device: Where it runs.
    """

    path: Path
    inception: bool
    device: str

    def identity(self) -> str:
        """Return what decides its features: a classifier's file is named by its data and recipe."""
        return "inception" if self.inception else self.path.stem

    def load(self) -> FeatureExtractor:
        """Return the network."""
        kind = InceptionFeatures if self.inception else ClassifierFeatures
        return kind.read(self.path, self.device)


def train_extractor(
    folder: Path,
    images: Images,
    device: str,
    notify: Notify,
    test: str = "test",
) -> Extractor:
    """Return the classifier of a data set's training part, from the folder if it is in there.

    Args:
        folder: Where its weights are kept.
        images: Of the data set.
        device: Where to train it.
        notify: Hears of the training.
        test: The part that its accuracy is told on.
    """
    parts = {
        name: LabelledImages(each, None if labels is None else labels.numpy())
        for name, (each, labels) in images.parts.items()
    }
    path = folder / ClassifierFeatures.file_name(parts["train"], 0, ClassifierRecipe())
    if not path.is_file():
        notify("training the classifier whose features distances are measured on")
    classifier = ClassifierFeatures.load_or_train(
        folder, parts["train"], parts[test], device=device
    )
    if classifier.record.accuracy is not None:
        notify(f"the classifier has {100 * classifier.record.accuracy:.2f} % accuracy")
    return Extractor(path, False, device)
