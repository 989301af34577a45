//! What plans ask of the catalogue's history.

use crate::catalogue::Catalogue;
use crate::model::program::Program;
use crate::plan::lower::History;
use crate::plan::query::Select;

/// The history that a catalogue recorded of a program's audiences.
pub struct Recorded<'a> {
    catalogue: &'a Catalogue,
    program: &'a Program,
}

impl<'a> Recorded<'a> {
    /// Of this program's audiences.
    pub fn new(catalogue: &'a Catalogue, program: &'a Program) -> Self {
        Recorded { catalogue, program }
    }
}

/// The columns by position: `k0…` and, behind the key, `at`.
fn renamed(mut select: Select, key: usize) -> Select {
    for (n, (name, _)) in select.columns.iter_mut().enumerate() {
        *name = if n < key { format!("k{n}") } else { "at".into() };
    }
    select
}

impl History for Recorded<'_> {
    fn changes(&self, audience: usize, entered: bool) -> Option<Select> {
        let entry = self.catalogue.find(&self.program.audiences.get(audience)?.label)?;
        Some(renamed(entry.moves(entered), entry.audience.key.len()))
    }

    fn has_deliveries(&self) -> bool {
        self.catalogue.is_there()
    }

    fn members_at(&self, audience: usize, version: u64) -> Option<Select> {
        let entry = self.catalogue.find(&self.program.audiences.get(audience)?.label)?;
        let kept = entry.audience.oldest_version..=entry.audience.version;
        kept.contains(&version)
            .then(|| renamed(entry.members_at(version), entry.audience.key.len()))
    }
}
