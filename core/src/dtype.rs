//! Number formats of arrays. It knows nothing of arrays or formulas.

/// The format of the numbers in an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dtype {
    /// IEEE binary32.
    F32,
    /// IEEE binary64.
    F64,
    /// 64-bit signed integer, the format of index outputs.
    I64,
    /// Complex: two IEEE binary32 numbers, the real part first. Arrays only; kernels compute with real numbers.
    C64,
    /// Complex: two IEEE binary64 numbers, the real part first.
    C128,
}

impl Dtype {
    /// Bytes of one number.
    pub fn size(self) -> usize {
        match self {
            Dtype::F32 => 4,
            Dtype::F64 | Dtype::I64 | Dtype::C64 => 8,
            Dtype::C128 => 16,
        }
    }

    /// The format of a part of a complex number, or of the number itself.
    pub fn part(self) -> Dtype {
        match self {
            Dtype::C64 => Dtype::F32,
            Dtype::C128 => Dtype::F64,
            other => other,
        }
    }

    /// The complex format whose parts have this one, if there is one.
    pub fn complex(self) -> Option<Dtype> {
        match self {
            Dtype::F32 => Some(Dtype::C64),
            Dtype::F64 => Some(Dtype::C128),
            _ => None,
        }
    }

    /// How many numbers of a format that is not complex one number is.
    pub fn parts(self) -> usize {
        self.size() / self.part().size()
    }

    /// The name users know.
    pub fn name(self) -> &'static str {
        match self {
            Dtype::F32 => "float32",
            Dtype::F64 => "float64",
            Dtype::I64 => "int64",
            Dtype::C64 => "complex64",
            Dtype::C128 => "complex128",
        }
    }
}

impl std::fmt::Display for Dtype {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
