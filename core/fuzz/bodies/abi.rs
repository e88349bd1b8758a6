//! Any calls of the C functions with valid pointers: every failure is an error with a code and a message, no handle is
//! trusted that was freed a short while ago or is of another type, and no byte but those of outputs is written.

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::{null, null_mut};

use rkeops::*;

use super::arrays::{Arrays, Memory, Ragged};
use super::bytes::Bytes;

#[path = "references.rs"]
mod references;
#[path = "systems.rs"]
mod systems;

use systems::ranges_of;

/// Calls of a run at most: fewer frees than the library remembers.
const CALLS: usize = 120;
/// Components of a formula and its parts at most where it is compiled.
const HEAVIEST: i64 = 2000;

/// A handle that was made, its live references, and how large its formula may be.
struct Handle {
    pointer: *mut c_void,
    references: usize,
    weight: i64,
}

/// The kinds of handles that are counted.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Formula,
    Reduction,
    Kernel,
    Ranges,
    Solver,
}

const KINDS: [Kind; 5] = [Kind::Formula, Kind::Reduction, Kind::Kernel, Kind::Ranges, Kind::Solver];

struct Session<'a> {
    bytes: Bytes<'a>,
    handles: [Vec<Handle>; 5],
    dead_errors: Vec<*mut rkeops_error>,
    gradients: usize,
    memory: Memory,
    /// Numbers that were compared with those of other runs: of batches and of ragged batches.
    compared: [usize; 2],
}

/// Makes the calls that these bytes choose. Says how many numbers were compared with those of other runs, of batches and
/// of ragged batches.
pub fn abi(data: &[u8]) -> [usize; 2] {
    let bytes = Bytes::new(data);
    let handles = std::array::from_fn(|_| Vec::new());
    let (dead_errors, memory) = (Vec::new(), Memory::new());
    let mut session = Session { bytes, handles, dead_errors, gradients: 0, memory, compared: [0; 2] };
    for _ in 0..CALLS {
        if session.bytes.is_empty() {
            break;
        }
        session.call();
    }
    for kind in KINDS {
        for k in 0..session.handles[kind as usize].len() {
            while session.handles[kind as usize][k].references > 0 {
                session.free(kind, k);
            }
        }
    }
    session.compared
}

/// Checks an error and frees it. Gives its code; 0 for success.
fn outcome(error: *mut rkeops_error, dead: &mut Vec<*mut rkeops_error>) -> i32 {
    // SAFETY: the error is NULL or was just made, and is freed once; what is read afterwards was freed just now.
    unsafe {
        let code = rkeops_error_code(error);
        let message = CStr::from_ptr(rkeops_error_message(error)).to_str().expect("UTF-8").to_owned();
        rkeops_error_free(error);
        if error.is_null() {
            assert_eq!((code, message.as_str()), (RKEOPS_OK, ""));
            return code;
        }
        assert!((1..=17).contains(&code) && !message.is_empty(), "{code} {message}");
        assert!(code != RKEOPS_ERROR_INTERNAL, "{message}");
        assert_eq!(rkeops_error_code(error), RKEOPS_ERROR_HANDLE, "after the free");
        dead.push(error);
        code
    }
}

impl Session<'_> {
    /// A handle for an argument: mostly a live one of its type, and whether it is one; its weight.
    fn handle(&mut self, kind: Kind) -> (*mut c_void, bool, i64) {
        let wanted = match self.bytes.below(16) {
            13 => return (null_mut(), false, 0),
            14 => KINDS[(kind as usize + 1) % KINDS.len()],
            _ => kind,
        };
        let all = &self.handles[wanted as usize];
        if all.is_empty() {
            return (null_mut(), false, 0);
        }
        // A freed one now and then, else the next live one.
        let any = self.bytes.below(all.len());
        let dead = self.bytes.chance(16);
        let live = (0..all.len()).map(|k| &all[(any + k) % all.len()]).find(|h| h.references > 0);
        let chosen = if dead { &all[any] } else { live.unwrap_or(&all[any]) };
        (chosen.pointer, wanted == kind && chosen.references > 0, chosen.weight)
    }

    fn done(&mut self, error: *mut rkeops_error) -> i32 {
        outcome(error, &mut self.dead_errors)
    }

    /// Notes what a function made: a handle if it succeeded, NULL if not.
    fn made(&mut self, kind: Kind, error: *mut rkeops_error, out: *mut c_void, weight: i64) -> bool {
        let success = self.done(error) == RKEOPS_OK;
        assert_eq!(success, !out.is_null(), "*out is NULL exactly if the call failed");
        if success {
            self.handles[kind as usize].push(Handle { pointer: out, references: 1, weight });
        }
        success
    }

    /// A string: a good one, or any bytes.
    fn string(&mut self, good: &[&str]) -> CString {
        let k = self.bytes.below(good.len() + 2);
        match good.get(k) {
            Some(text) => CString::new(*text).expect("no zero byte"),
            None => {
                let length = self.bytes.below(40);
                CString::new(self.bytes.take(length).iter().copied().filter(|&b| b != 0).collect::<Vec<u8>>())
                    .expect("zeros were left out")
            }
        }
    }

    fn integer(&mut self) -> i64 {
        let few = [0, 1, 2, 3, 4, 5, 7, 1, 2, 3, -1, 1 << 20, (1 << 20) + 1, i64::MAX, i64::MIN, 1 << 32];
        self.bytes.pick(&few)
    }

    fn call(&mut self) {
        match self.bytes.below(24) {
            0..2 => self.parse_formula(),
            2..4 => self.variable(),
            4 => self.constant(),
            5..8 => self.apply(),
            8 => self.gradient(),
            9 => self.parse_reduction(),
            10..12 => self.create_reduction(),
            12..14 => self.compile(),
            14..17 => self.run(),
            17 => self.ask(),
            18..20 => self.count_references(),
            20 => self.create_ranges(),
            21 => self.create_solver(),
            22 => self.solve(),
            _ => self.leftovers(),
        }
    }

    fn parse_formula(&mut self) {
        let (text, aliases) = self.texts(&[
            "Exp(-SqDist(x,y))*b",
            "x*y",
            "(x|y)*b+1",
            "Concat(x,b)",
            "Norm2(x-y)",
            "Grad(Exp(-SqDist(x,y)),x,b)",
            "Square(Var(0,3,0)-Var(1,3,1))",
            "x+",
            "Foo(x)",
        ]);
        let list: Vec<*const c_char> = aliases.iter().map(|a| a.as_ptr()).collect();
        let (list, count) = self.list(&list);
        let mut out = null_mut();
        // SAFETY: strings and lists live here; the count is that of the list, or the list is NULL.
        let error = unsafe { rkeops_formula_parse(text.as_ptr(), list, count, &mut out) };
        let weight = if text.as_bytes().windows(4).any(|w| w.iter().all(u8::is_ascii_digit)) { HEAVIEST } else { 200 };
        self.made(Kind::Formula, error, out.cast(), weight);
    }

    /// A text of a formula or reduction and aliases for it.
    fn texts(&mut self, good: &[&str]) -> (CString, Vec<CString>) {
        let text = self.string(good);
        if !self.bytes.chance(8) {
            let aliases = ["x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,1)"];
            return (text, aliases.map(|a| CString::new(a).expect("no zero byte")).into());
        }
        let count = self.bytes.below(4);
        let aliases =
            (0..count).map(|_| self.string(&["x = Vi(0,3)", "y = Vj(3)", "x = Pm(1)", "Vi(7,1)", "x = Vi(-1)"]));
        (text, aliases.collect())
    }

    /// A list and its count as C passes them: NULL where nothing is in it, sometimes a NULL that should not be.
    fn list<T>(&mut self, all: &[T]) -> (*const T, usize) {
        match self.bytes.below(32) {
            30 => (null(), all.len()),
            31 => (all.as_ptr(), usize::MAX / 2),
            _ if all.is_empty() => (null(), 0),
            _ => (all.as_ptr(), all.len()),
        }
    }

    fn variable(&mut self) {
        let index = if self.bytes.chance(8) { self.integer() } else { self.bytes.below(4) as i64 };
        let dim = if self.bytes.chance(8) { self.integer() } else { [3, 1, 3, 2][self.bytes.below(4)] };
        let category = [0, 1, 2, 0, 1, 2, 3, -1][self.bytes.below(8)];
        let mut out = null_mut();
        // SAFETY: `out` is a variable of this function.
        let error = unsafe { rkeops_formula_variable(index, dim, category, &mut out) };
        self.made(Kind::Formula, error, out.cast(), dim);
    }

    fn constant(&mut self) {
        let value = f64::from_bits(self.bytes.word());
        let mut out = null_mut();
        // SAFETY: `out` is a variable of this function.
        let error = unsafe { rkeops_formula_constant(value, &mut out) };
        self.made(Kind::Formula, error, out.cast(), 1);
    }

    fn apply(&mut self) {
        let names: Vec<&str> = rkeops_core::ops::all().map(|operation| operation.name).collect();
        let name = self.string(&names);
        let known = rkeops_core::ops::find(name.to_str().unwrap_or_default());
        let (mut operands, mut parameters) = known.map_or((1, 0), |o| (o.operands, o.parameters.len()));
        if self.bytes.chance(16) {
            (operands, parameters) = (self.bytes.below(4), self.bytes.below(3));
        }
        let chosen: Vec<_> = (0..operands).map(|_| self.handle(Kind::Formula)).collect();
        let weight: i64 = chosen.iter().map(|(.., weight)| weight).sum();
        let parameters: Vec<i64> = (0..parameters)
            .map(|_| if self.bytes.chance(8) { self.integer() } else { self.bytes.below(6) as i64 })
            .collect();
        let sizes: i64 = parameters.iter().filter(|p| (0..=1 << 20).contains(*p)).sum();
        if weight > HEAVIEST {
            return;
        }
        let operands: Vec<*const rkeops_formula> = chosen.iter().map(|(p, ..)| p.cast_const().cast()).collect();
        let ((list, count), (numbers, many)) = (self.list(&operands), self.list(&parameters));
        let mut out = null_mut();
        // SAFETY: the string and the lists live here; handles are NULL, live, of another type or freed just now.
        let error = unsafe { rkeops_formula_apply(name.as_ptr(), list, count, numbers, many, &mut out) };
        let all_live = chosen.iter().all(|(_, live, _)| *live);
        let success = self.made(Kind::Formula, error, out.cast(), weight + sizes + 1);
        assert!(all_live || !success, "an operand that is no live formula was accepted");
    }

    fn gradient(&mut self) {
        let [f, v, e] = [(); 3].map(|()| self.handle(Kind::Formula));
        self.gradients += 1;
        let weight = f.2 + v.2 + e.2;
        if self.gradients > 4 || weight > HEAVIEST {
            return;
        }
        let mut out = null_mut();
        // SAFETY: handles are NULL, live, of another type or freed just now.
        let error =
            unsafe { rkeops_formula_gradient(f.0.cast(), v.0.cast_const().cast(), e.0.cast_const().cast(), &mut out) };
        let success = self.made(Kind::Formula, error, out.cast(), 6 * weight);
        assert!((f.1 && v.1 && e.1) || !success, "a handle that is no live formula was accepted");
    }

    fn parse_reduction(&mut self) {
        let (text, aliases) = self.texts(&[
            "Sum_Reduction(Exp(-SqDist(x,y))*b,0)",
            "Grad(Sum_Reduction(Exp(-SqDist(x,y))*b,0),x,x)",
            "Grad(LogSumExp_Reduction(-SqDist(x,y),0),x,1,1)",
            "Diff(LogSumExp_Reduction(-SqDist(x,y),1),x,x,2)",
            "Diff(Sum_Reduction(x*y,0),(x,y),(x,y))",
            "LogSumExp_Reduction(-SqDist(x,y),1)",
            "ArgMin_Reduction(SqDist(x,y),0)",
            "Max_Reduction(x*y,1)",
            "Sum_Reduction(x,2)",
            "Foo_Reduction(x,0)",
        ]);
        let list: Vec<*const c_char> = aliases.iter().map(|a| a.as_ptr()).collect();
        let (list, count) = self.list(&list);
        let mut out = null_mut();
        // SAFETY: strings and lists live here; the count is that of the list, or the list is NULL.
        let error = unsafe { rkeops_reduction_parse(text.as_ptr(), list, count, &mut out) };
        let weight = if text.as_bytes().windows(4).any(|w| w.iter().all(u8::is_ascii_digit)) { HEAVIEST } else { 200 };
        self.made(Kind::Reduction, error, out.cast(), weight);
    }

    fn create_reduction(&mut self) {
        let mut out = null_mut();
        if self.bytes.chance(4) {
            let (reduction, variable, cotangent) =
                (self.handle(Kind::Reduction), self.handle(Kind::Formula), self.handle(Kind::Formula));
            let saved: Vec<_> = (0..self.bytes.below(3)).map(|_| self.handle(Kind::Formula)).collect();
            let is_gradient = self.bytes.chance(2);
            self.gradients += 1;
            let weight = reduction.2 + variable.2 + cotangent.2 + saved.iter().map(|s| s.2).sum::<i64>();
            if self.gradients > 4 || weight > HEAVIEST {
                return;
            }
            let all_live = reduction.1 && variable.1 && cotangent.1 && saved.iter().all(|s| s.1);
            let saved: Vec<*const rkeops_formula> = saved.iter().map(|s| s.0.cast_const().cast()).collect();
            let derive = if is_gradient { rkeops_reduction_gradient } else { rkeops_reduction_directional };
            // SAFETY: the list lives here; handles are NULL, live, of another type or freed just now.
            let error = unsafe {
                let list = if saved.is_empty() { null() } else { saved.as_ptr() };
                let (variable, along) = (variable.0.cast_const().cast(), cotangent.0.cast_const().cast());
                derive(reduction.0.cast(), variable, along, list, saved.len(), &mut out)
            };
            let success = self.made(Kind::Reduction, error, out.cast(), 6 * weight);
            assert!(all_live || !success, "a handle that is not live was accepted");
            return;
        }
        let names: Vec<&str> = rkeops_core::reduction::all().map(|r| r.name()).collect();
        let (name, formula) = (self.string(&names), self.handle(Kind::Formula));
        let no_weights = (null_mut(), false, formula.2);
        let weights = if self.bytes.chance(4) { self.handle(Kind::Formula) } else { no_weights };
        let parameters = vec![self.bytes.below(7) as i64 - 1; self.bytes.below(4).saturating_sub(1)];
        let axis = [1, 1, 0, 1, 0, 1, 2, -1][self.bytes.below(8)];
        // SAFETY: the string and the list live here; each handle is NULL, live, of another type or freed just now.
        let error = unsafe {
            let (formula, weights) = (formula.0.cast_const().cast(), weights.0.cast_const().cast());
            let list = if parameters.is_empty() { null() } else { parameters.as_ptr() };
            rkeops_reduction_create(name.as_ptr(), formula, axis, list, parameters.len(), weights, &mut out)
        };
        let success = self.made(Kind::Reduction, error, out.cast(), formula.2);
        assert!(formula.1 || !success, "a handle that is no live formula was accepted");
    }

    /// Options inside a larger zeroed buffer, so that any size that they claim can be read.
    fn options(&mut self, buffer: &mut [u64; 640]) -> *mut rkeops_options {
        if self.bytes.chance(3) {
            return null_mut();
        }
        let full = size_of::<rkeops_options>();
        let mut options = rkeops_options { size: full, ..Default::default() };
        options.dtype_bits = [0, 32, 64, 32, 64, 16, -1, 0][self.bytes.below(8)];
        options.accumulator_bits = [0, 0, 0, 64][self.bytes.below(4)];
        options.summation = [0, 0, 0, 1, 2, 3, 4, -1][self.bytes.below(8)];
        options.target = [0, 1, 2, 3, 0, 1, 4, -1][self.bytes.below(8)];
        options.threads = [0, 1, 2, 3, 1000, i32::MAX, -1, i32::MIN][self.bytes.below(8)];
        options.progress = [None, Some(progress as _)][self.bytes.below(2)];
        if self.bytes.chance(8) {
            options.size = [0, 1, 8, 16, full - 8, full + 8, 4096, usize::MAX][self.bytes.below(8)];
            options.device = [0, 1, -1][self.bytes.below(3)];
            buffer[64] = self.bytes.below(2) as u64;
        }
        let place = buffer.as_mut_ptr();
        options.progress_user = place.cast();
        options.skipped = if self.bytes.chance(2) { place.wrapping_add(638) } else { null_mut() };
        // SAFETY: the buffer is larger than the struct and aligned for it.
        unsafe { place.cast::<rkeops_options>().write(options) };
        // The callback counts in the last word.
        buffer[639] = self.bytes.below(4) as u64;
        place.cast()
    }

    fn compile(&mut self) {
        let count = [1, 1, 1, 2, 2, 3, 0, 1][self.bytes.below(8)];
        let chosen: Vec<_> = (0..count).map(|_| self.handle(Kind::Reduction)).collect();
        if chosen.iter().map(|(.., weight)| weight).sum::<i64>() >= HEAVIEST {
            return;
        }
        let reductions: Vec<*const rkeops_reduction> = chosen.iter().map(|(p, ..)| p.cast_const().cast()).collect();
        let (list, count) = self.list(&reductions);
        let mut buffer = [0; 640];
        let options = self.options(&mut buffer);
        let mut out = null_mut();
        // SAFETY: the list and the options live here; handles are NULL, live, of another type or freed just now.
        let error = unsafe { rkeops_kernel_compile(list, count, options, &mut out) };
        let success = self.made(Kind::Kernel, error, out.cast(), 0);
        assert!(chosen.iter().all(|(_, live, _)| *live) || !success, "a handle that is not live was accepted");
    }

    fn run(&mut self) {
        let (kernel, live, _) = self.handle(Kind::Kernel);
        let kernel: *mut rkeops_kernel = kernel.cast();
        let mut arrays = Arrays::choose(&mut self.bytes, &mut self.memory, kernel, live);
        let ((inputs, input_count), (outputs, output_count)) = arrays.lists();
        let mut buffer = [0; 640];
        let options = self.options(&mut buffer);
        let (ragged, blocks) = match self.choose_ragged(options, arrays.rows) {
            Some(ragged) => (Some(ragged), true),
            None => (None, self.choose_ranges(options)),
        };
        let before = self.memory.copy();
        // SAFETY: the kernel is NULL, live, of another type or freed just now; the arrays that are not refused as they
        // are lie inside the memory of this run; the options live here.
        let error = unsafe { rkeops_kernel_run(kernel, inputs, input_count, outputs, output_count, options) };
        let code = self.done(error);
        assert!((live && blocks) || code != RKEOPS_OK, "a handle that is not live was accepted");
        arrays.check_writes(&before, &self.memory, code);
        if code == RKEOPS_OK {
            self.compared[0] += arrays.check_batch(kernel, ranges_of(options));
            if let Some(ragged) = ragged.filter(|_| !ranges_of(options).is_null()) {
                self.compared[1] += arrays.check_ragged(kernel, &ragged, self.bytes.below(ragged.problems()));
            }
        }
    }

    fn ask(&mut self) {
        let kind = [Kind::Formula, Kind::Reduction, Kind::Kernel][self.bytes.below(3)];
        let (handle, live, _) = self.handle(kind);
        let (position, nowhere) = (self.bytes.below(5), self.bytes.chance(8));
        let mut text: *mut rkeops_text = null_mut();
        let (mut number, mut count, mut code, mut bits) = (0i64, 0usize, 0i32, 0i32);
        let place = if nowhere { null_mut() } else { &mut number };
        let text_place = if nowhere { null_mut() } else { &mut text };
        // SAFETY: the handle is NULL, live, of another type or freed just now; results go to variables of this function.
        let (error, expects_place) = unsafe {
            match (kind, self.bytes.below(4)) {
                (Kind::Formula, 0) => (rkeops_formula_dim(handle.cast(), place), true),
                (Kind::Formula, _) => (rkeops_formula_text(handle.cast(), text_place), true),
                (Kind::Reduction, 0) => (rkeops_reduction_dim(handle.cast(), place), true),
                (Kind::Reduction, _) => (rkeops_reduction_text(handle.cast(), text_place), true),
                (Kind::Kernel, 0) => (rkeops_kernel_input(handle.cast(), position, place, &mut code), false),
                (Kind::Kernel, 1) => {
                    (rkeops_kernel_output(handle.cast(), position, place, &mut code, &mut bits), false)
                }
                (Kind::Kernel, 2) => (rkeops_kernel_axis(handle.cast(), &mut code), false),
                (Kind::Kernel, _) if position > 2 => (rkeops_kernel_explain(handle.cast(), text_place), true),
                _ => (rkeops_kernel_output_count(handle.cast(), &mut count), false),
            }
        };
        let result = self.done(error);
        assert!((live && !(nowhere && expects_place)) || result != RKEOPS_OK, "a call that cannot succeed did");
        // SAFETY: the text was just made, or is NULL; it is freed once more than it should be, which is noticed.
        unsafe {
            let data = CStr::from_ptr(rkeops_text_data(text)).to_str().expect("UTF-8").to_owned();
            rkeops_text_free(text);
            if !text.is_null() {
                assert!(!data.is_empty());
                assert_eq!(CStr::from_ptr(rkeops_text_data(text)), c"");
                rkeops_text_free(text);
            }
        }
    }

    /// What takes no handle, and freed errors.
    fn leftovers(&mut self) {
        // SAFETY: NULL is allowed, and the errors were freed during this run.
        unsafe {
            match self.bytes.below(4) {
                0 => {
                    let mut text = null_mut();
                    assert_eq!(self.done(rkeops_doctor(&mut text)), RKEOPS_OK);
                    assert!(CStr::from_ptr(rkeops_text_data(text)).to_bytes().len() > 10);
                    rkeops_text_free(text);
                }
                1 => {
                    rkeops_formula_free(null_mut());
                    rkeops_reduction_free(null_mut());
                    rkeops_kernel_free(null_mut());
                    rkeops_ranges_free(null_mut());
                    rkeops_solver_free(null_mut());
                    rkeops_text_free(null_mut());
                    rkeops_error_free(null_mut());
                    assert_eq!(rkeops_abi_version(), RKEOPS_ABI_VERSION);
                }
                _ => {
                    let Some(&error) = self.dead_errors.last() else { return };
                    assert_eq!(rkeops_error_code(error), RKEOPS_ERROR_HANDLE);
                    assert!(!CStr::from_ptr(rkeops_error_message(error)).is_empty());
                    rkeops_error_free(error);
                }
            }
        }
    }
}

/// Stops the run when the word that it is given has counted down.
unsafe extern "C" fn progress(done: u64, total: u64, user: *mut c_void) -> i32 {
    assert!(done <= total);
    if user.is_null() {
        // A shorter struct of options has no such field.
        return 0;
    }
    // SAFETY: the options of `Session::options`, whose buffer ends with the counter.
    let counter = unsafe { &mut *user.cast::<u64>().add(639) };
    *counter = counter.saturating_sub(1);
    i32::from(*counter == 0)
}
