//! Number formats of arrays. It knows nothing of arrays or formulas.

/// The format of the numbers in an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dtype {
    /// 8-bit signed integer.
    I8,
    /// 16-bit signed integer.
    I16,
    /// 32-bit signed integer.
    I32,
    /// 64-bit signed integer, the format of index outputs.
    I64,
    /// 8-bit unsigned integer.
    U8,
    /// 16-bit unsigned integer.
    U16,
    /// 32-bit unsigned integer.
    U32,
    /// 64-bit unsigned integer.
    U64,
    /// A byte that is 0 for false and anything else for true.
    Bool,
    /// IEEE binary16.
    F16,
    /// The upper half of an IEEE binary32.
    BF16,
    /// IEEE binary32.
    F32,
    /// IEEE binary64.
    F64,
    /// Complex: two IEEE binary32 numbers, the real part first. Arrays only; kernels compute with real numbers.
    C64,
    /// Complex: two IEEE binary64 numbers, the real part first.
    C128,
}

/// What the numbers of a format are, whatever their size: the type codes of DLPack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NumberKind {
    /// Signed integers.
    Integer,
    /// Integers from 0 on.
    Unsigned,
    /// Truth values.
    Bool,
    /// Floating-point numbers of the IEEE.
    Float,
    /// Floating-point numbers with the exponents of binary32 and fewer digits.
    BrainFloat,
    /// Complex numbers.
    Complex,
}

impl Dtype {
    /// Every format.
    pub const ALL: [Dtype; 15] = [
        Dtype::I8,
        Dtype::I16,
        Dtype::I32,
        Dtype::I64,
        Dtype::U8,
        Dtype::U16,
        Dtype::U32,
        Dtype::U64,
        Dtype::Bool,
        Dtype::F16,
        Dtype::BF16,
        Dtype::F32,
        Dtype::F64,
        Dtype::C64,
        Dtype::C128,
    ];

    /// What the numbers are, the bytes of one, and the name that users know.
    fn facts(self) -> (NumberKind, usize, &'static str) {
        match self {
            Dtype::I8 => (NumberKind::Integer, 1, "int8"),
            Dtype::I16 => (NumberKind::Integer, 2, "int16"),
            Dtype::I32 => (NumberKind::Integer, 4, "int32"),
            Dtype::I64 => (NumberKind::Integer, 8, "int64"),
            Dtype::U8 => (NumberKind::Unsigned, 1, "uint8"),
            Dtype::U16 => (NumberKind::Unsigned, 2, "uint16"),
            Dtype::U32 => (NumberKind::Unsigned, 4, "uint32"),
            Dtype::U64 => (NumberKind::Unsigned, 8, "uint64"),
            Dtype::Bool => (NumberKind::Bool, 1, "bool"),
            Dtype::F16 => (NumberKind::Float, 2, "float16"),
            Dtype::BF16 => (NumberKind::BrainFloat, 2, "bfloat16"),
            Dtype::F32 => (NumberKind::Float, 4, "float32"),
            Dtype::F64 => (NumberKind::Float, 8, "float64"),
            Dtype::C64 => (NumberKind::Complex, 8, "complex64"),
            Dtype::C128 => (NumberKind::Complex, 16, "complex128"),
        }
    }

    /// What the numbers are.
    pub fn kind(self) -> NumberKind {
        self.facts().0
    }

    /// Bytes of one number.
    pub fn size(self) -> usize {
        self.facts().1
    }

    /// The name users know.
    pub fn name(self) -> &'static str {
        self.facts().2
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

    /// Whether the numbers, or their parts, have fractions.
    pub fn is_fractional(self) -> bool {
        matches!(self.kind(), NumberKind::Float | NumberKind::BrainFloat | NumberKind::Complex)
    }

    /// Whether arrays of this format take part in a computation in another: where numbers have fractions, they or their
    /// parts must not be wider.
    pub fn is_taken_by(self, compute: Dtype) -> bool {
        !self.is_fractional() || self.part().size() <= compute.size()
    }
}

impl std::fmt::Display for Dtype {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
