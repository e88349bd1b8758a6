"""Nearest neighbours and nearest centres, exact: faiss and scikit-learn."""

import numpy as np

from row import Against


def faiss(least=None, share=4):
    """faiss' exact `knn`."""
    return Against("faiss knn", _faiss, least, share)


def _faiss(work, run):
    import faiss as library

    x, y = work.inputs
    return (lambda: library.knn(x, y, work.problem.number)), lambda result: [result[1]]


def brute(least=None, share=4):
    """scikit-learn's NearestNeighbors by brute force."""
    return Against("scikit-learn brute", _brute, least, share)


def _brute(work, run):
    from sklearn.neighbors import NearestNeighbors

    x, y = work.inputs
    fitted = NearestNeighbors(n_neighbors=work.problem.number, algorithm="brute").fit(y)
    return (lambda: fitted.kneighbors(x, return_distance=False)), lambda result: [result]


def lloyd(least=None, share=1):
    """The step of scikit-learn's KMeans that assigns points to centres, without its checks of arguments."""
    return Against("scikit-learn Lloyd step", _lloyd, least, share)


def _lloyd(work, run):
    from sklearn.cluster._k_means_lloyd import lloyd_iter_chunked_dense
    from sklearn.utils.parallel import (
        _threadpool_controller_decorator,
    )  # as KMeans has it: BLAS on one thread in each of ours
    from timing import CORES

    x, y = work.inputs
    ones, labels = np.ones(len(x), x.dtype), np.empty(len(x), np.int32)
    shift = np.empty(len(y), x.dtype)

    @_threadpool_controller_decorator(limits=1, user_api="blas")
    def call():
        lloyd_iter_chunked_dense(x, ones, y, None, None, labels, shift, CORES, update_centers=False)
        return labels

    return call, lambda result: [result]
