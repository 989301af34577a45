//! The passes that share work. Each can be left out: what a run gives must not change, and tests
//! hold every plan against the one that shares nothing.

/// Which passes a plan goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passes {
    /// All populations of a dimension are decided in one scan, a flag for each ([`super::group`]);
    /// else each has a scan of its own.
    pub one_scan: bool,
    /// An existence over links that are grouped anyway is one more aggregate of the group
    /// (`lower/linked.rs`); else it is a semi-join, with a scan of its own.
    pub one_group: bool,
    /// A scan reads only rows within the bounds that any of what it decides asks for
    /// ([`super::reach`]); else those that all of it asks for.
    pub needed_rows: bool,
    /// Rules whose bounds for a column lie far from each other are decided in scans of their own, where
    /// the engine's statistics say that these read less ([`super::reach`]); else in one.
    pub near_bounds: bool,
    /// Linked rows that many aggregates group are sorted first ([`super::sorted`]); else they are
    /// grouped as they come.
    pub sorted_links: bool,
    /// What a table of the plan holds is saved and exported from there ([`super::group`]); else
    /// its rows are looked up in their dimension.
    pub held_rows: bool,
    /// Keys that ascend are proved unique by one pass over the rows ([`super::keys`]); else the
    /// rows are grouped by their key.
    pub ascending_keys: bool,
}

impl Passes {
    /// All of them.
    pub const ALL: Passes = Passes {
        one_scan: true,
        one_group: true,
        needed_rows: true,
        near_bounds: true,
        sorted_links: true,
        held_rows: true,
        ascending_keys: true,
    };

    /// Each by its name.
    const EACH: [Named; 7] = [
        ("one-scan", |p| &mut p.one_scan),
        ("one-group", |p| &mut p.one_group),
        ("needed-rows", |p| &mut p.needed_rows),
        ("near-bounds", |p| &mut p.near_bounds),
        ("sorted-links", |p| &mut p.sorted_links),
        ("held-rows", |p| &mut p.held_rows),
        ("ascending-keys", |p| &mut p.ascending_keys),
    ];

    /// What the passes are called.
    pub fn names() -> [&'static str; 7] {
        Passes::EACH.map(|(name, _)| name)
    }

    /// All but those with these names.
    pub fn without(names: &[impl AsRef<str>]) -> Passes {
        let mut passes = Passes::ALL;
        for (name, pass) in Passes::EACH {
            *pass(&mut passes) = !names.iter().any(|n| n.as_ref() == name);
        }
        passes
    }
}

/// What a pass is called, and where it is switched.
type Named = (&'static str, fn(&mut Passes) -> &mut bool);

impl Default for Passes {
    fn default() -> Self {
        Passes::ALL
    }
}
