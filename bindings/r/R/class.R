# The class of symbolic tensors, which files of later names give methods.
#
# `dims` are the columns of the formula and whether its values are complex; `values` are the arguments, `kinds` columns and category (0: i, 1: j,
# 2: parameter) of each, one after the other; `rows` how many rows i and j have, NA where nothing tells.
methods::setClass("LazyTensor", representation(
    formula = "externalptr", dims = "integer", values = "list", kinds = "integer", rows = "integer"
))
methods::setClass("ComplexLazyTensor", contains = "LazyTensor")

.prototype <- methods::new("LazyTensor")
.complex_prototype <- methods::new("ComplexLazyTensor")
