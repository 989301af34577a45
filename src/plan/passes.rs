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
    /// What a table of the plan holds is saved and exported from there ([`super::group`]); else
    /// its rows are looked up in their dimension.
    pub held_rows: bool,
    /// Keys that ascend are proved unique by one pass over the rows ([`super::keys`]); else the
    /// rows are grouped by their key.
    pub ascending_keys: bool,
}

impl Passes {
    /// All of them.
    pub const ALL: Passes =
        Passes { one_scan: true, one_group: true, held_rows: true, ascending_keys: true };

    /// What the passes are called.
    pub const NAMES: [&str; 4] = ["one-scan", "one-group", "held-rows", "ascending-keys"];

    /// All but those with these names.
    pub fn without(names: &[impl AsRef<str>]) -> Passes {
        let kept = |name: &str| !names.iter().any(|n| n.as_ref() == name);
        let [one_scan, one_group, held_rows, ascending_keys] = Passes::NAMES.map(kept);
        Passes { one_scan, one_group, held_rows, ascending_keys }
    }
}

impl Default for Passes {
    fn default() -> Self {
        Passes::ALL
    }
}
