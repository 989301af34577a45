//! `camp plugin list`

use super::super::Exit;
use super::super::output::Output;
use super::super::table::Table;
use crate::plugin::{self, finder::Finder};

pub(super) fn run(finder: &Finder, out: &mut Output) -> Exit {
    let mut table = Table::new(["plugin", "version", "from", "activities"]);
    let mut exit = Exit::FINE;
    for name in finder.names() {
        let Some(place) = finder.find(&name) else { continue };
        match plugin::open(&name, &place, finder) {
            Ok(plugin) => {
                let activities: Vec<&str> =
                    plugin.manifest.activities.iter().map(|a| a.name.as_str()).collect();
                let from = if place.shipped { "comes with Camp" } else { "camp.lock" };
                table.row([
                    name.as_str().into(),
                    plugin.manifest.plugin.version.as_str().into(),
                    from.into(),
                    activities.join(", ").into(),
                ]);
            }
            Err(wrong) => exit = out.diagnostic(wrong),
        }
    }
    out.table(&table, "no plugins are installed");
    exit
}
