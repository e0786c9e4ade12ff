"""A measurement of images that takes no time; workers of clusters import it, too."""

from image_lisa.benchmark.experiments import Measurement


class CodeMeasurement(Measurement):
    """The mean of the codes."""

    file = "codes.json"
    samplers = ("gaussian",)

    def identity(self):
        return {"of": "codes"}

    def measure(self, data, model, samplers, codes):
        return {"mean": float(codes.mean.mean())}
