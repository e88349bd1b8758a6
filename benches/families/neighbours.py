"""Indices of the nearest neighbours, exact."""

from peers.keops import pykeops
from peers.neighbours import brute, faiss
from problem import Problem
from problems import cloud, points, squares
from row import Row


def neighbours(dimension, number):
    """The nearest points of y for each of x, nearest first."""
    return Problem("SqDist(x,y)", points(dimension), squares, "ArgKMin", number, draw=cloud(dimension))


def row(dimension, number, n, against):
    """So many neighbours among n points for each of n."""
    return Row(f"{number:,} nearest neighbours, D={dimension}", neighbours(dimension, number), n, n, against)


ROWS = [
    row(3, 10, 40_000, [pykeops(10), faiss(12), brute(2)]),
    row(10, 10, 40_000, [pykeops(15), faiss(4), brute(2)]),
    row(64, 10, 20_000, [pykeops(20, share=40), faiss(1.5, share=1), brute(2)]),
    row(784, 10, 10_000, [pykeops(45, share=80), faiss(1.05, share=1), brute(2, share=1)]),
    row(3, 100, 40_000, [pykeops(15, share=40), faiss(4)]),
    row(3, 1_000, 40_000, [pykeops(15, share=400), faiss(4)]),
]
