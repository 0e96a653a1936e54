"""scikit-learn's own check of an estimator's input, in its old and its new place."""

from typing import Any

try:
    from sklearn.utils.validation import validate_data
except ImportError:  # before scikit-learn 1.6, to which TFX holds its users

    def validate_data(estimator: Any, X: Any, **options: Any) -> Any:
        return estimator._validate_data(X, **options)


__all__ = ["validate_data"]
