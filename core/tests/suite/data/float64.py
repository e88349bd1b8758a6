#!/usr/bin/env python3
"""Writes float64.txt: function values in twice the precision of float64, by mpmath in 60 digits.

Each line: function, the bits of its arguments, the bits of the value rounded to float64 and of what is left of it.
"""
import random
import struct
from pathlib import Path

import mpmath

mpmath.mp.dps = 60
random.seed(20240917)


def bits(x):
    return struct.pack(">d", float(x)).hex()


def both(value):
    high = float(value)
    return high, float(value - mpmath.mpf(high))


def log_uniform(low, high):
    return random.choice([-1, 1]) * 10 ** random.uniform(low, high)


def multiples(step, count, most):
    """Numbers next to multiples of a step, where the function is small or its argument is reduced."""
    found = []
    for _ in range(count):
        near = float(step * random.randint(-most, most))
        found.append(near + random.choice([0, 1, -1, 1e-3]) * near * 2**-52)
    return found


LN2, HALF_PI = mpmath.log(2), mpmath.pi / 2
COUNT = 80
ARGUMENTS = {
    "exp": [random.uniform(-700, 700) for _ in range(COUNT)] + [random.uniform(-1, 1) for _ in range(COUNT)]
    + [log_uniform(-18, 0) for _ in range(20)] + multiples(LN2 / 2, 40, 1000) + [709.78, -707.0],
    "exp2": [random.uniform(-1020, 1023) for _ in range(COUNT)] + [random.uniform(-1, 1) for _ in range(COUNT)]
    + [k + 0.5 for k in range(-20, 20)] + [1023.999],
    "log": [10 ** random.uniform(-307, 308) for _ in range(COUNT)] + [random.uniform(0.4, 2.5) for _ in range(COUNT)]
    + [1 + log_uniform(-15, -1) for _ in range(COUNT)] + [1e-310, 5e-324, 2.0**0.5, 0.5**0.5],
    "sin": [random.uniform(-4, 4) for _ in range(COUNT)] + [random.uniform(-1e4, 1e4) for _ in range(COUNT)]
    + [log_uniform(-12, 0) for _ in range(20)] + multiples(HALF_PI, COUNT, 10000),
    "cos": [random.uniform(-4, 4) for _ in range(COUNT)] + [random.uniform(-1e4, 1e4) for _ in range(COUNT)]
    + [log_uniform(-12, 0) for _ in range(20)] + multiples(HALF_PI, COUNT, 10000),
    "tanh": [random.uniform(-3, 3) for _ in range(COUNT)] + [random.uniform(-22, 22) for _ in range(COUNT)]
    + [log_uniform(-12, 0) for _ in range(COUNT)] + [0.625, -0.625, 30.0],
    "rsqrt": [10 ** random.uniform(-300, 300) for _ in range(COUNT)] + [random.uniform(0.5, 4) for _ in range(COUNT)],
    "asin": [random.uniform(-1, 1) for _ in range(COUNT)] + [log_uniform(-12, 0) for _ in range(COUNT)]
    + [1 - 10 ** random.uniform(-15, -1) for _ in range(COUNT)],
    "acos": [random.uniform(-1, 1) for _ in range(COUNT)] + [log_uniform(-12, 0) for _ in range(COUNT)]
    + [1 - 10 ** random.uniform(-15, -1) for _ in range(COUNT)],
    "atan": [random.uniform(-3, 3) for _ in range(COUNT)] + [log_uniform(-12, 12) for _ in range(COUNT)],
    "log1p": [random.uniform(-1, 3) for _ in range(COUNT)] + [log_uniform(-18, -1) for _ in range(COUNT)]
    + [10 ** random.uniform(0, 300) for _ in range(COUNT)],
    "expm1": [random.uniform(-40, 700) for _ in range(COUNT)] + [random.uniform(-1, 1) for _ in range(COUNT)]
    + [log_uniform(-18, 0) for _ in range(COUNT)],
    "erf": [random.uniform(-6, 6) for _ in range(COUNT)] + [random.uniform(-1.2, 1.2) for _ in range(COUNT)]
    + [log_uniform(-18, 0) for _ in range(20)],
    "erfc": [random.uniform(-6, 26) for _ in range(COUNT)] + [random.uniform(-1.2, 1.2) for _ in range(COUNT)]
    + [log_uniform(-18, 0) for _ in range(20)],
    "sinc": [random.uniform(-4, 4) for _ in range(2 * COUNT)] + [log_uniform(-12, 0) for _ in range(20)],
}
POWERS = [(10 ** random.uniform(-3, 3), random.uniform(-90, 90)) for _ in range(COUNT)]
POWERS += [(random.uniform(0.5, 2), random.uniform(-900, 900)) for _ in range(COUNT)]
POWERS += [(1 + log_uniform(-10, -2), log_uniform(0, 4)) for _ in range(COUNT)]
POWERS += [(random.uniform(0.1, 9), random.choice([0.5, -0.5, 1.5, 2, 3, 1 / 3])) for _ in range(COUNT)]
ORDERS = [0, 0.3, 0.5, 1, 1.75, 2.5, 7.2, 20]
LATER = {
    "lgamma": [random.uniform(0, 3) for _ in range(COUNT)] + [10 ** random.uniform(-300, 300) for _ in range(COUNT)]
    + [random.uniform(-20, 0) for _ in range(COUNT)] + [k + log_uniform(-15, -1) for k in [1, 2] * 20]
    + [random.uniform(3, 30) for _ in range(COUNT)],
    "digamma": [random.uniform(0, 3) for _ in range(COUNT)] + [10 ** random.uniform(-300, 300) for _ in range(COUNT)]
    + [random.uniform(-20, 0) for _ in range(COUNT)] + [random.uniform(3, 30) for _ in range(COUNT)],
}
for n in [1, 2, 5]:
    LATER[f"polygamma{n}"] = [random.uniform(0, 3) for _ in range(COUNT)] + [
        10 ** random.uniform(-30, 30) for _ in range(COUNT)
    ] + [random.uniform(-20, 0) for _ in range(COUNT)] + [random.uniform(3, 30) for _ in range(COUNT)]
for order in ORDERS:
    LATER[f"bessel{order}"] = [random.uniform(0, 4) for _ in range(COUNT)] + [
        random.uniform(1, 100) for _ in range(COUNT)
    ] + [10 ** random.uniform(-12, 2) for _ in range(COUNT)]
    if order > 0:
        LATER[f"matern{order}"] = [random.uniform(0, 4) for _ in range(COUNT)] + [
            10 ** random.uniform(-12, 1) for _ in range(COUNT)
        ]
LATER |= {
    "tan": [random.uniform(-4, 4) for _ in range(COUNT)] + [random.uniform(-1e4, 1e4) for _ in range(COUNT)]
    + [log_uniform(-12, 0) for _ in range(20)] + multiples(HALF_PI, COUNT, 10000),
    "sinh": [random.uniform(-3, 3) for _ in range(COUNT)] + [random.uniform(-709, 710) for _ in range(COUNT)]
    + [log_uniform(-18, 0) for _ in range(COUNT)] + [710.4],
    "cosh": [random.uniform(-3, 3) for _ in range(COUNT)] + [random.uniform(-709, 710) for _ in range(COUNT)] + [710.4],
    "asinh": [random.uniform(-3, 3) for _ in range(COUNT)] + [log_uniform(-18, 300) for _ in range(COUNT)],
    "acosh": [random.uniform(1, 4) for _ in range(COUNT)] + [10 ** random.uniform(0, 300) for _ in range(COUNT)]
    + [1 + 10 ** random.uniform(-15, -1) for _ in range(COUNT)],
    "atanh": [random.uniform(-1, 1) for _ in range(COUNT)] + [log_uniform(-18, 0) for _ in range(COUNT)]
    + [1 - 10 ** random.uniform(-15, -1) for _ in range(COUNT)],
    "sigmoid": [random.uniform(-40, 40) for _ in range(COUNT)] + [random.uniform(-700, 40) for _ in range(COUNT)],
    "softplus": [random.uniform(-40, 40) for _ in range(COUNT)] + [random.uniform(-700, 700) for _ in range(COUNT)],
}


def matern(order, x):
    z = mpmath.sqrt(2 * mpmath.mpf(order)) * x
    return 2 ** (1 - mpmath.mpf(order)) / mpmath.gamma(order) * z ** mpmath.mpf(order) * mpmath.besselk(order, z)


FUNCTIONS = {
    "lgamma": lambda x: mpmath.log(abs(mpmath.gamma(x))) if x < 1e3 else mpmath.loggamma(x),
    "digamma": mpmath.digamma,
    "exp": mpmath.exp, "exp2": lambda x: mpmath.power(2, x), "log": mpmath.log, "sin": mpmath.sin,
    "cos": mpmath.cos, "tanh": mpmath.tanh, "rsqrt": lambda x: 1 / mpmath.sqrt(x), "pow": mpmath.power,
    "asin": mpmath.asin, "acos": mpmath.acos, "atan": mpmath.atan, "log1p": mpmath.log1p, "expm1": mpmath.expm1,
    "erf": mpmath.erf, "erfc": mpmath.erfc, "sinc": lambda x: mpmath.sin(x) / x,
}
FUNCTIONS |= {
    "tan": mpmath.tan, "sinh": mpmath.sinh, "cosh": mpmath.cosh, "asinh": mpmath.asinh, "acosh": mpmath.acosh,
    "atanh": mpmath.atanh, "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)),
}
FUNCTIONS |= {f"polygamma{n}": lambda x, n=n: mpmath.polygamma(n, x) for n in [1, 2, 5]}
FUNCTIONS |= {f"bessel{order}": lambda x, order=order: mpmath.besselk(order, x) for order in ORDERS}
FUNCTIONS |= {f"matern{order}": lambda x, order=order: matern(order, x) for order in ORDERS}

with open(Path(__file__).with_name("float64.txt"), "w") as out:
    cases = [(name, (x,)) for name, values in ARGUMENTS.items() for x in values]
    later = [(name, (x,)) for name, values in LATER.items() for x in values]
    for name, arguments in cases + [("pow", p) for p in POWERS] + later:
        high, low = both(FUNCTIONS[name](*map(mpmath.mpf, arguments)))
        print(name, *map(bits, arguments), bits(high), bits(low), file=out)
