//! An output is refused exactly if one of its elements shares memory with another element of the call, however the
//! arrays lie in each other; where it is not, its elements get their values and everything else stays as it was.

use std::ffi::{CString, c_void};
use std::ptr::{null, null_mut};

use rkeops::*;

/// The kernel of a text.
fn kernel(text: &str, aliases: &[&str]) -> *mut rkeops_kernel {
    let text = CString::new(text).unwrap();
    let aliases: Vec<CString> = aliases.iter().map(|alias| CString::new(*alias).unwrap()).collect();
    let list: Vec<_> = aliases.iter().map(|alias| alias.as_ptr()).collect();
    let (mut reduction, mut kernel) = (null_mut(), null_mut());
    // SAFETY: strings and list live here, and results go to variables of this function.
    unsafe {
        assert!(rkeops_reduction_parse(text.as_ptr(), list.as_ptr(), list.len(), &mut reduction).is_null());
        assert!(rkeops_kernel_compile(&reduction.cast_const(), 1, null(), &mut kernel).is_null());
        rkeops_reduction_free(reduction);
    }
    kernel
}

/// A matrix inside `memory`: its first element, shape and strides.
struct Matrix(usize, [i64; 2], [i64; 2]);

impl Matrix {
    fn array(&self, memory: *mut f32) -> rkeops_array {
        rkeops_array {
            data: memory.wrapping_add(self.0).cast::<c_void>(),
            dtype_code: RKEOPS_DTYPE_FLOAT,
            dtype_bits: 32,
            device_type: RKEOPS_DEVICE_CPU,
            device_id: 0,
            rank: 2,
            shape: self.1.as_ptr(),
            strides: self.2.as_ptr(),
        }
    }
}

/// Runs a kernel on matrices that lie in the same memory; gives the code of the error.
fn run(kernel: *mut rkeops_kernel, memory: &mut [f32], inputs: &[Matrix], output: &Matrix) -> i32 {
    let start = memory.as_mut_ptr();
    let inputs: Vec<rkeops_array> = inputs.iter().map(|input| input.array(start)).collect();
    let output = output.array(start);
    // SAFETY: the kernel is live, and the arrays lie inside `memory`, which nobody else uses.
    unsafe {
        let error = rkeops_kernel_run(kernel, inputs.as_ptr(), inputs.len(), &output, 1, null());
        let code = rkeops_error_code(error);
        rkeops_error_free(error);
        code
    }
}

#[test]
fn an_output_beside_the_columns_of_an_input() {
    let kernel = kernel("Sum_Reduction(SqNorm2(y),0)", &["y = Vj(0,3)"]);
    let columns = || [Matrix(0, [5, 3], [8, 1])];
    for place in 0..40 {
        let before: Vec<f32> = (0..40).map(|k| k as f32).collect();
        let mut memory = before.clone();
        let code = run(kernel, &mut memory, &columns(), &Matrix(place, [1, 1], [0, 0]));
        let mut expected = before.clone();
        if place % 8 < 3 {
            assert_eq!(code, RKEOPS_ERROR_OVERLAP, "{place}");
        } else {
            assert_eq!(code, RKEOPS_OK, "{place}");
            expected[place] = before.iter().enumerate().filter(|(k, _)| k % 8 < 3).map(|(_, x)| x * x).sum();
        }
        assert_eq!(memory, expected, "{place}");
    }
    // SAFETY: the kernel is live.
    unsafe { rkeops_kernel_free(kernel) };
}

#[test]
fn outputs_whose_columns_lie_between_each_other() {
    let kernel = kernel("Sum_Reduction(x*y,0)", &["x = Vi(0,1)", "y = Vj(1,2)"]);
    let inputs = || [Matrix(20, [3, 1], [1, 1]), Matrix(24, [1, 2], [2, 1])];
    let mut before = vec![7.0; 40];
    before[20..23].copy_from_slice(&[1.0, 2.0, 3.0]);
    before[24..26].copy_from_slice(&[10.0, 100.0]);
    // Six places of seven that differ, and six of which two are one.
    for (strides, code) in [([2, 3], RKEOPS_OK), ([1, 2], RKEOPS_ERROR_STRIDE), ([3, 6], RKEOPS_ERROR_STRIDE)] {
        let mut memory = before.clone();
        assert_eq!(run(kernel, &mut memory, &inputs(), &Matrix(0, [3, 2], strides)), code, "{strides:?}");
        let mut expected = before.clone();
        for (i, k) in (0..3).flat_map(|i| [(i, 0), (i, 1)]).filter(|_| code == RKEOPS_OK) {
            expected[i * strides[0] as usize + k * strides[1] as usize] = before[20 + i] * before[24 + k];
        }
        assert_eq!(memory, expected, "{strides:?}");
    }
    // The same around the inputs, where the output is computed aside.
    let mut memory = before.clone();
    assert_eq!(run(kernel, &mut memory, &inputs(), &Matrix(19, [3, 2], [4, 0])), RKEOPS_ERROR_STRIDE);
    assert_eq!(memory, before);
    assert_eq!(run(kernel, &mut memory, &inputs(), &Matrix(19, [3, 2], [4, 7])), RKEOPS_OK);
    let mut expected = before;
    for (place, value) in [(19, 10.0), (23, 20.0), (27, 30.0), (26, 100.0), (30, 200.0), (34, 300.0)] {
        expected[place] = value;
    }
    assert_eq!(memory, expected);
    // SAFETY: the kernel is live.
    unsafe { rkeops_kernel_free(kernel) };
}
