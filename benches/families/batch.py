"""Many small problems at once."""

from peers.keops import pykeops
from peers.tensors import broadcasting
from problems import gauss
from row import Row

ROWS = [
    Row(
        "10,000 Gaussian sums of 64 x 64, D=3", gauss(3), 64, 64, [broadcasting(3), pykeops(10, share=1)], batch=10_000
    ),
]
