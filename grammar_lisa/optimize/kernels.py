"""GPyTorch kernels of sentences: of their directions, their trees and their monomials."""

import math

import numpy as np
import torch
from gpytorch.kernels import Kernel
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

from grammar_lisa.optimize.features import NOTHING
from shared.common.arrays import Floats

_ROUNDING = 1e-12
"""Of a squared distance."""


class FeatureKernel(Kernel):
    """The products of sparse rows that are written as hashes, with values or as counts.

    A kernel of sparse features costs what the few entries of its rows cost, where a dense one
    would cost as much as there are different features.
    """

    has_lengthscale = False

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self._last: tuple[Tensor, Tensor, Tensor] | None = None

    def forward(self, x1: Tensor, x2: Tensor, diag: bool = False, **params: object) -> Tensor:
        """Return the products of rows ``[..., n, _]`` and ``[..., m, _]``: ``[..., n, m]``."""
        batch = torch.broadcast_shapes(x1.shape[:-2], x2.shape[:-2])
        if diag:
            rows = (x.expand(*batch, *x.shape[-2:]).reshape(-1, x.shape[-1]) for x in (x1, x2))
            return self._diagonal(*rows).reshape(*batch, x1.shape[-2])
        first = x1.expand(*batch, *x1.shape[-2:]).reshape(-1, *x1.shape[-2:])
        second = x2.expand(*batch, *x2.shape[-2:]).reshape(-1, *x2.shape[-2:])
        grams = [self._gram(a, b) for a, b in zip(first, second, strict=True)]
        return torch.stack(grams).reshape(*batch, x1.shape[-2], x2.shape[-2])

    def weighted(self, weights: Tensor, first: Tensor, second: Tensor) -> Tensor:
        """Return weights ``[k, n]`` times the products of rows ``[n, _]`` and ``[m, _]``.

        The rows are added up before they are multiplied, so that no ``[n, m]`` is held.
        """
        a, b = self._rows(first), self._rows(second)
        columns, places = np.unique(a.columns, return_inverse=True)
        added = sparse.csr_matrix((a.values, (places, a.rows)), (len(columns), len(first)))
        found = b.on(columns, len(second)) @ (added @ weights.numpy().T)
        return torch.from_numpy(np.ascontiguousarray(found.T)).to(first)

    def _gram(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the products of all rows; a fit asks for those of the same ones at each step."""
        if self._last is not None:
            *last, gram = self._last
            if all(torch.equal(a, b) for a, b in zip(last, (first, second), strict=True)):
                return gram
        gram = self._products(first, second)
        self._last = first.detach().clone(), second.detach().clone(), gram
        return gram

    def _products(self, first: Tensor, second: Tensor) -> Tensor:
        a, b = self._rows(first), self._rows(second)
        columns, places = np.unique(b.columns, return_inverse=True)
        dense = np.zeros((len(columns), len(second)))
        dense[places, b.rows] = b.values
        return torch.from_numpy(a.on(columns, len(first)) @ dense).to(first)

    def _diagonal(self, first: Tensor, second: Tensor) -> Tensor:
        a, b = self._rows(first), self._rows(second)
        columns, places = np.unique(np.concatenate([a.columns, b.columns]), return_inverse=True)
        shape = len(first), len(columns)
        left = sparse.csr_matrix((a.values, (a.rows, places[: len(a.rows)])), shape)
        right = sparse.csr_matrix((b.values, (b.rows, places[len(a.rows) :])), shape)
        return torch.from_numpy(np.asarray(left.multiply(right).sum(axis=1)).ravel()).to(first)

    def _rows(self, x: Tensor) -> "Entries":
        raise NotImplementedError


class Entries:
    """The entries of sparse rows, each (row, column) once.

    Attributes:
        rows: ``[entry]``.
        columns: ``[entry]``.
        values: ``[entry]``.
    """

    def __init__(self, rows: NDArray[np.int64], columns: Floats, values: Floats) -> None:
        self.rows, self.columns, self.values = rows, columns, values

    def on(self, columns: Floats, n: int) -> sparse.csr_matrix:
        """Return the entries in some columns, which are sorted, as a matrix of n rows."""
        places = np.searchsorted(columns, self.columns).clip(max=max(0, len(columns) - 1))
        known = columns[places] == self.columns if len(columns) else np.zeros(len(places), bool)
        entries = self.values[known], (self.rows[known], places[known])
        return sparse.csr_matrix(entries, (n, len(columns)))


class TreeKernel(FeatureKernel):
    """The cosine of the counts of what two trees are made of; 1 for equal trees."""

    def _rows(self, x: Tensor) -> Entries:
        hashes = x.detach().numpy()
        rows, places = np.nonzero(hashes != NOTHING)
        columns = hashes[rows, places]
        order = np.lexsort((columns, rows))
        rows, columns = rows[order], columns[order]
        fresh = np.ones(len(rows), dtype=np.bool_)
        fresh[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
        counts = np.diff(np.append(np.flatnonzero(fresh), len(rows))).astype(np.float64)
        rows, columns = rows[fresh], columns[fresh]
        lengths = np.sqrt(np.bincount(rows, counts**2, minlength=len(hashes)))
        return Entries(rows, columns, counts / lengths[rows])


class MonomialKernel(FeatureKernel):
    """The product of the coefficients of two sums of monomials.

    A Gaussian process with this kernel is a Bayesian linear regression whose coefficients are
    what the monomials come to: a sentence comes to the sum of what its monomials come to.
    """

    def _rows(self, x: Tensor) -> Entries:
        width = x.shape[-1] // 2
        columns, values = x[:, :width].detach().numpy(), x[:, width:].detach().numpy()
        rows, places = np.nonzero(columns != NOTHING)
        return Entries(rows, columns[rows, places], values[rows, places])


class TermsKernel(Kernel):
    """A Matérn-5/2 kernel of the distance between the coefficients of two sums of monomials.

    A coefficient c counts as log(1 + |c|) with its sign, so that a large constant does not hide the
    rest. Sums of the same monomials are near where their coefficients are.
    """

    has_lengthscale = True

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self.products = _Logarithms()

    def forward(self, x1: Tensor, x2: Tensor, diag: bool = False, **params: object) -> Tensor:
        """Return the covariances of rows ``[..., n, _]`` and ``[..., m, _]``: ``[..., n, m]``."""
        products = self.products.forward
        cross = products(x1, x2, diag=diag, **params)
        first, second = (products(x, x, diag=True, **params) for x in (x1, x2))
        scale = self.lengthscale
        if diag:
            scale = scale.squeeze(-1)
        else:
            first, second = first[..., :, None], second[..., None, :]
        far = (first + second - 2 * cross).clamp_min(_ROUNDING).sqrt() * (math.sqrt(5) / scale)
        covariance: Tensor = (1 + far + far**2 / 3) * torch.exp(-far)
        return covariance


class _Logarithms(MonomialKernel):
    """The product of the logarithms of coefficients."""

    def _rows(self, x: Tensor) -> Entries:
        entries = super()._rows(x)
        entries.values = np.sign(entries.values) * np.log1p(np.abs(entries.values))
        return entries


class OncePerBatch(Kernel):
    """A kernel that is computed once for all outputs of a model that share their inputs."""

    def __init__(self, base: Kernel) -> None:
        super().__init__(active_dims=base.active_dims)
        base.active_dims = None
        self.base = base

    @property
    def is_stationary(self) -> bool:
        """Whether the kernel depends on differences only."""
        return bool(self.base.is_stationary)

    def forward(self, x1: Tensor, x2: Tensor, diag: bool = False, **params: object) -> Tensor:
        """Return the base kernel's covariances."""
        if x1.dim() <= 2 or not (_same(x1) and _same(x2)):
            whole: Tensor = self.base.forward(x1, x2, diag=diag, **params)
            return whole
        batch = torch.broadcast_shapes(x1.shape[:-2], x2.shape[:-2])
        first = x1.reshape(-1, *x1.shape[-2:])[0]
        second = x2.reshape(-1, *x2.shape[-2:])[0]
        covariance: Tensor = self.base.forward(first, second, diag=diag, **params)
        return covariance.expand(*batch, *covariance.shape)

    def weighted(self, weights: Tensor, first: Tensor, second: Tensor) -> Tensor:
        """Return weights ``[k, n]`` times the covariances of rows ``[n, _]`` and ``[m, _]``."""
        if isinstance(self.base, FeatureKernel):
            first, second = (x.index_select(-1, self.active_dims) for x in (first, second))
            return self.base.weighted(weights, first, second)
        covariances: Tensor = self(first, second).to_dense()
        return weights @ covariances


def _same(x: Tensor) -> bool:
    """Tell whether all batches hold the same rows."""
    flat = x.reshape(-1, *x.shape[-2:])
    return bool((flat == flat[:1]).all())
