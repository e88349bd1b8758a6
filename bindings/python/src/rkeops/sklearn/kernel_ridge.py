"""Ridge regression with a kernel whose matrix is never stored."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from ..errors import ArgumentError
from ..numpy import Vi, Vj
from .pairwise import FLOATING, Choice, kernel_of, together


class KernelRidge(MultiOutputMixin, RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Ridge regression with a kernel, as `sklearn.kernel_ridge.KernelRidge`, by conjugate gradients.

    Memory grows with the points, not with their pairs. `alpha` (> 0) is the regularization; `kernel`, `gamma`, `degree`
    and `coef0` are those of `pairwise_kernels`, and the kernel has to be positive semidefinite; a residual of `tol`
    times the targets, root mean square, ends the iteration.

    After `fit`, `X_fit_` has the training points and `dual_coef_` their weights, of shape (M,) or (M, targets).
    """

    def __init__(
        self,
        alpha: float = 1,
        *,
        kernel: Choice = "linear",
        gamma: float | None = None,
        degree: float = 3,
        coef0: float = 1,
        tol: float = 1e-8,
    ) -> None:
        self.alpha, self.kernel, self.gamma = alpha, kernel, gamma
        self.degree, self.coef0, self.tol = degree, coef0, tol

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> KernelRidge:
        """Fits targets y, of shape (M,) or (M, targets), at points X, of shape (M, D), with weights of shape (M,).

        Raises ArgumentError where a parameter is out of range, and ConvergenceError where the kernel is not positive.
        """
        for name in ("alpha", "tol"):
            value = getattr(self, name)
            if not (isinstance(value, Real) and 0 < float(value) < np.inf):
                raise ArgumentError(f"{name} is {value!r}; expected a positive number")
        X, y = validate_data(self, X, y, dtype=FLOATING, multi_output=True, y_numeric=True)
        self.X_fit_ = X
        targets = np.asarray(y, X.dtype).reshape(len(X), -1)
        K = self._kernel(X, X)
        if sample_weight is not None:
            roots = np.sqrt(_check_sample_weight(sample_weight, X, dtype=X.dtype))[:, None]
            K, targets = Vi(roots) * K * Vj(roots), roots * targets
        # Columns are scaled so that one tolerance suits them all.
        scale = np.sqrt(np.mean(targets**2, axis=0))
        scale[scale == 0] = 1
        weights = scale * K.solve(targets / scale, alpha=float(self.alpha), eps=float(self.tol))
        if sample_weight is not None:
            weights *= roots
        self.dual_coef_ = weights.reshape(np.shape(y))
        return self

    def predict(self, X: Any) -> Any:
        """The predictions at points X of shape (M, D): shape (M,) or (M, targets)."""
        check_is_fitted(self)
        x, fitted = together(validate_data(self, X, dtype=FLOATING, reset=False), self.X_fit_)
        return self._kernel(x, fitted).matmat(self.dual_coef_)

    def _kernel(self, x: Any, y: Any) -> Any:
        return kernel_of(self.kernel, self.gamma, self.degree, self.coef0)(x, y)
