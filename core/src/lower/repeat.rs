//! A program that runs once for each of many components, so that neither lowering nor machine code grows with them.

use super::program::{FamilyNumber, Program, Space};

/// A program that is repeated, each time on other planes.
///
/// Its *families* are what differs: each names a plane for each repetition, from which the program's planes of the family
/// are counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Repeat {
    /// What is repeated.
    pub program: Program,
    /// The space of each family; there is at least one.
    pub spaces: Vec<Space>,
    /// The planes that the families name, one repetition after the other.
    pub firsts: Vec<u32>,
}

impl Repeat {
    /// The program with its families numbered from 0 on; `all` has the planes that each family names.
    pub(super) fn new(mut program: Program, all: &[Family]) -> Self {
        let mut used: Vec<FamilyNumber> = Vec::new();
        program.each_plane(|plane| {
            if let Some(family) = &mut plane.family {
                let known = used.iter().position(|used| used == family);
                let local = known.unwrap_or_else(|| {
                    used.push(*family);
                    used.len() - 1
                });
                *family = FamilyNumber::new(local);
            }
        });
        let families: Vec<&Family> = used.iter().map(|&family| &all[family.position()]).collect();
        let count = families.first().map_or(0, |family| family.firsts.len());
        let firsts = (0..count).flat_map(|k| families.iter().map(move |family| family.firsts[k])).collect();
        Repeat { program, spaces: families.iter().map(|family| family.space).collect(), firsts }
    }

    /// The program and its families in words.
    pub fn text(&self) -> String {
        let mut text = format!("  {} times:\n{}", self.count(), self.program.text());
        for (family, space) in self.spaces.iter().enumerate() {
            let firsts: Vec<String> = self.rows().take(8).map(|firsts| firsts[family].to_string()).collect();
            let more = if self.count() > firsts.len() { " ..." } else { "" };
            text += &format!("  family {family}: {space:?} {}{more}\n", firsts.join(" "));
        }
        text
    }

    /// How often it runs.
    pub fn count(&self) -> usize {
        self.firsts.len() / self.spaces.len().max(1)
    }

    /// The planes that the families name in each repetition.
    pub fn rows(&self) -> impl Iterator<Item = &[u32]> {
        self.firsts.chunks_exact(self.spaces.len().max(1))
    }
}

/// A family of planes before it is part of a program.
#[derive(Clone, Debug)]
pub(super) struct Family {
    pub space: Space,
    /// The plane that it names, for each repetition.
    pub firsts: Vec<u32>,
}
