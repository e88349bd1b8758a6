//! A short run of the fuzz target `abi` of `core/fuzz`, the same on every machine.

#[path = "../../core/fuzz/bodies/abi.rs"]
mod abi;
#[path = "../../core/fuzz/bodies/arrays.rs"]
mod arrays;
#[path = "../../core/fuzz/bodies/bytes.rs"]
mod bytes;
#[path = "../../core/fuzz/bodies/cases.rs"]
mod cases;

#[test]
fn any_calls_give_results_or_errors() {
    let mut compared = [0; 2];
    let run = cases::each(1500, 1200, |_, data| {
        let more = abi::abi(&data);
        compared = [compared[0] + more[0], compared[1] + more[1]];
    });
    assert!(!compared.contains(&0) || run < 1500, "nothing was compared: {compared:?}");
}
