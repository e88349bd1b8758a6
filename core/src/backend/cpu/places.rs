//! Where the numbers of a program are: what an offset register means is said here.

use super::emit::Addresses;
use super::x86::{General, Memory, Width};
use crate::backend::tile::Layout;
use crate::lower::{MOST_FAMILIES, Plane, Space, Table};

/// The registers that hold where a family's plane is; the first of them belong to whoever is called.
pub(super) const FAMILIES: [General; MOST_FAMILIES] =
    [General::R10, General::R11, General::Rbx, General::Rbp, General::R13, General::R14, General::R15];
/// How many of these belong to whoever is called.
pub(super) const CALLEES: usize = 2;

/// What the offset registers of a function stand for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// `rax`: the lanes of every space.
    Map,
    /// `rax`: the kept rows, along lanes; `rcx`: the reduced row, the same for all lanes; `r8`: what is left for each
    /// pair, along the lanes of the kept rows; `r9`: what exchanged pairs come to, for all vectors of kept rows.
    Update,
    /// As in an update, for a block of so many vectors of kept rows; its copies are vector by vector of one reduced row after
    /// the other.
    Contract { vectors: usize },
    /// As in an update; `r9`: values that matter, along the lanes of the kept rows.
    Candidates,
    /// `rsi`: the kept row, the same for all lanes; `rdx`: the state; `rcx`: the reduced rows and their values, along
    /// lanes.
    Row,
}

/// The places of a function's numbers.
pub(super) struct Places<'a> {
    pub layout: &'a Layout,
    pub width: Width,
    pub mode: Mode,
    /// Vectors of kept rows of which something is left for each pair together.
    pub group: usize,
}

impl Places<'_> {
    pub fn bytes(&self, element: usize) -> i32 {
        // The layout keeps the buffer far below 2 GiB.
        (element * self.layout.size()) as i32
    }

    /// A vector at a place of the buffer.
    fn fixed(&self, element: usize) -> Memory {
        Memory { base: General::Rdi, index: None, displacement: self.bytes(element), broadcast: false }
    }
}

impl Addresses for Places<'_> {
    fn plane(&self, plane: Plane, copy: usize) -> Memory {
        let start = self.bytes(self.layout.start(plane));
        let base = plane.family.map_or(General::Rdi, |family| FAMILIES[family.position()]);
        let along = |index, vectors: usize| {
            let displacement = start + (vectors * self.width.bytes()) as i32;
            Memory { base, index: Some(index), displacement, broadcast: false }
        };
        let one =
            |index, rows| Memory { base, index: Some(index), displacement: start + self.bytes(rows), broadcast: true };
        match (self.mode, plane.space) {
            (_, Space::Call) => Memory { base, index: None, displacement: start, broadcast: false },
            (Mode::Map, _) => along(General::Rax, copy),
            (Mode::Candidates, Space::Candidate) => along(General::R9, copy),
            (Mode::Update | Mode::Candidates, Space::Reduced) => one(General::Rcx, 0),
            (Mode::Update | Mode::Candidates, Space::Pair) => along(General::R8, copy),
            (Mode::Update, Space::Exchanged) => along(General::R9, 0),
            (Mode::Update | Mode::Candidates, _) => along(General::Rax, copy),
            (Mode::Contract { vectors }, Space::Reduced) => one(General::Rcx, copy / vectors),
            (Mode::Contract { vectors }, Space::Pair) => {
                along(General::R8, copy / vectors * self.group + copy % vectors)
            }
            (Mode::Contract { vectors }, _) => along(General::Rax, copy % vectors),
            (Mode::Row, Space::Reduced | Space::Values | Space::Pair) => along(General::Rcx, copy),
            (Mode::Row, Space::Kept) => one(General::Rsi, 0),
            (Mode::Row, _) => along(General::Rdx, copy),
        }
    }

    fn constant(&self, bits: u64) -> Memory {
        self.fixed(self.layout.constant(bits))
    }

    fn table(&self, table: &'static Table) -> Memory {
        self.fixed(self.layout.table(table))
    }

    fn spill(&self, slot: usize) -> Memory {
        self.fixed(self.layout.length() + slot * self.layout.vector())
    }
}
