//! The tests of the core in one program, which is compiled and linked once. What changes something that the whole process has, its
//! environment for instance, is a program of its own beside it.

#[macro_use]
#[path = "../support/mod.rs"]
mod support;

mod accuracy;
mod arguments;
mod blocks;
mod calculus;
mod calls;
mod columns;
mod complex;
mod conformance;
mod cuda;
mod defects;
mod dtypes;
mod golden;
mod gradients;
mod identities;
mod language;
mod layering;
mod many_columns;
mod masks;
mod nearest;
mod new_operation;
mod one_array;
mod operation_counts;
mod products;
mod reduction_gradients;
mod reductions;
mod roundtrip;
mod runs;
mod skipping;
mod solve;
mod special_gradients;
mod summation;
