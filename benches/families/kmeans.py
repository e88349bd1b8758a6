"""The step of k-means that assigns points to their nearest centres."""

from peers.neighbours import lloyd
from problem import Problem
from problems import cloud, points, squares
from row import Row

NEAREST = Problem("SqDist(x,y)", points(16), squares, "ArgMin", draw=cloud(16))
ROWS = [Row("nearest of 1,000 centres, D=16", NEAREST, 1_000_000, 1_000, [lloyd(1.5)])]
