"""Curves of the kind that people bring as tables: constants with units, and noise."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class Curve:
    """A formula of some field.

    Attributes:
        name: How it is asked for.
        formula: With its constants.
        ranges: Of the inputs, by name.
        noise: Its standard deviation, as a share of the root mean square of the target.
        field: Where such tables come from.
    """

    name: str
    formula: str
    ranges: Mapping[str, tuple[float, float]]
    noise: float
    field: str


def _curve(
    name: str, field: str, formula: str, noise: float, **ranges: tuple[float, float]
) -> Curve:
    return Curve(name, formula, MappingProxyType(ranges), noise, field)


CURVES: Final = (
    _curve("saturation", "enzymes", "12.4*s/(3.1+s)", 0.01, s=(0.1, 40)),
    _curve("inhibition", "enzymes", "9.2*s/(2.3+s+s**2/18)", 0.01, s=(0.2, 60)),
    _curve("hill", "binding", "100*d**2.4/(3.5**2.4+d**2.4)", 0.01, d=(0.2, 20)),
    _curve("langmuir", "adsorption", "4.6*0.35*p/(1+0.35*p)", 0.01, p=(0.05, 25)),
    _curve("freundlich", "adsorption", "2.7*p**0.42", 0.01, p=(0.1, 50)),
    _curve("logistic", "growth", "640/(1+exp(-0.42*(t-9.5)))", 0.01, t=(0, 25)),
    _curve("gompertz", "growth", "85*exp(-4.2*exp(-0.31*t))", 0.01, t=(0, 24)),
    _curve("cooling", "heat", "21.5+63*exp(-0.087*t)", 0.005, t=(0, 60)),
    _curve("two-decays", "tracers", "40*exp(-0.9*t)+12*exp(-0.11*t)", 0.01, t=(0, 20)),
    _curve("oscillation", "vibration", "3.2*exp(-0.15*t)*cos(2.1*t)", 0.02, t=(0, 15)),
    _curve("tide", "sea levels", "4.1+1.7*sin(0.506*t+0.8)", 0.005, t=(0, 48)),
    _curve("power-offset", "allometry", "1.8+0.34*m**0.74", 0.01, m=(1, 400)),
    _curve("arrhenius", "kinetics", "3.6e7*exp(-5200/T)", 0.01, T=(280, 420)),
    _curve("antoine", "vapour", "exp(16.3-3816.4/(T+227))", 0.005, T=(10, 100)),
    _curve("peak", "spectra", "0.4+7.5*exp(-((w-532)/18)**2)", 0.01, w=(460, 600)),
    _curve("lorentz", "spectra", "5.2/(1+((f-50)/3.4)**2)", 0.01, f=(30, 70)),
    _curve("wind", "log law", "0.62*log(z/0.085)", 0.005, z=(1, 80)),
    _curve("kepler", "orbits", "365.25*a**1.5", 0.002, a=(0.3, 40)),
    _curve("drag", "road loads", "180+0.42*v**2", 0.01, v=(0, 40)),
    _curve("lens", "optics", "1/(1/f-1/d)", 0.005, f=(2, 8), d=(12, 60)),
    _curve("mixing", "calorimetry", "(m*21+k*84)/(m+k)", 0.005, m=(0.2, 5), k=(0.2, 5)),
    _curve("competition", "enzymes", "7.5*s/(2.1*(1+j/0.8)+s)", 0.01, s=(0.2, 30), j=(0, 6)),
    _curve("gas", "van der Waals", "8.314*T/(V-0.043)-0.36/V**2", 0.005, T=(250, 500), V=(0.2, 3)),
    _curve("pendulum", "mechanics", "6.2832*sqrt(L/9.81)*(1+a**2/16)", 0.002, L=(0.1, 2), a=(0, 1)),
)  # fmt: skip
"""Of one or two inputs."""
