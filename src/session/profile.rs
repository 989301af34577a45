//! What the values of a dimension look like, through its `where`, links and definitions.

use std::path::Path;

use super::{Checked, Session, one};
use crate::check::Unit;
use crate::diagnostic::codes::{names, usage};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::engine::duckdb::profile::Source;
use crate::engine::duckdb::{EngineError, print};
use crate::model::program::Dimension;
use crate::model::schema::{FileFormat, Scan};
use crate::model::types::Type;
use crate::plan::query::Statement;
use crate::profile::Profile;
use crate::run::history::Recorded;
use crate::source::SourceMap;
use crate::syntax;
use crate::syntax::ast::{self, StatementKind};

/// The view or table that holds the rows.
pub(super) const VIEW: &str = "profiled rows";

/// The name of the asked-for value in it, which no column has.
pub(super) const VALUE: &str = "profiled value";

impl Session {
    /// The profile of a dimension, or of one value of its rows, where that is given: a column, a
    /// path, a definition, any expression. `scripts` declare the dimension; without one it is a
    /// table of the project or a file.
    ///
    /// # Errors
    /// What is wrong with the scripts, the names or the data.
    pub fn profile(
        &mut self,
        dimension: &str,
        value: Option<&str>,
        scripts: &[String],
    ) -> Result<Profile, Diagnostics> {
        let mut diagnostics = Diagnostics::default();
        let mut unit = None;
        for script in scripts {
            let (next, found) = self.read(script)?;
            diagnostics.extend(found);
            // Names are those of the first; the others would be of other campaigns.
            unit.get_or_insert(next);
        }
        let mut name = dimension.to_owned();
        let mut unit = match unit {
            Some(unit) => unit,
            None => {
                let (source, called) = undeclared(dimension);
                name = called;
                self.made(&format!("dimension {} = {source}", quoted(&name)))?
            }
        };
        unit.ast.statements.retain(|s| {
            !matches!(
                s.kind,
                StatementKind::Call(_) | StatementKind::Expect(_) | StatementKind::Test(_)
            )
        });
        let select = match value {
            None => "*".to_owned(),
            Some(value) => format!("{value} as {}", quoted(VALUE)),
        };
        let statement = format!(
            "{} = build audience from {} select {select}",
            quoted(VIEW),
            quoted_path(&name)
        );
        let made = self.made(&statement)?;
        unit.ast.statements.extend(made.ast.statements);
        let checked = self.checked_units(vec![unit], diagnostics, false)?;
        let plan = self.planned(&checked)?;
        self.look(&checked, &plan, &name, value)
    }

    /// A statement that nobody wrote, as a file.
    pub(super) fn made(&mut self, text: &str) -> Result<Unit, Diagnostics> {
        let bytes = format!("{text}\n").into_bytes();
        let (unit, found) =
            super::unit(&mut self.sources, "<profile>".into(), ".".into(), bytes).map_err(one)?;
        if found.has_errors() { Err(found) } else { Ok(unit) }
    }

    fn look(
        &self,
        checked: &Checked,
        plan: &crate::plan::Plan,
        name: &str,
        value: Option<&str>,
    ) -> Result<Profile, Diagnostics> {
        for step in &plan.steps {
            let done = checked.engine.execute(&print::statement(&step.statement));
            done.map_err(|e| one(e.into_diagnostic(None)))?;
        }
        self.measure(checked, plan, name, value)
    }

    /// The profile of the rows that [`VIEW`] holds, once the steps have run.
    pub(super) fn measure(
        &self,
        checked: &Checked,
        plan: &crate::plan::Plan,
        name: &str,
        value: Option<&str>,
    ) -> Result<Profile, Diagnostics> {
        let (program, engine) = (&checked.program, &checked.engine);
        let failed = |e: EngineError| one(e.into_diagnostic(None));
        let Some(id) = program.transitions.iter().position(|t| t.name == VIEW) else {
            let title = format!("`{name}` has no rows to look at");
            return Err(one(Diagnostic::error(names::UNKNOWN_POPULATION, title)));
        };
        let transition = &program.transitions[id];
        let dim = &program[transition.dimension];
        let history = Recorded::new(&checked.catalogue, program);
        let id = crate::model::program::TransitionId(id as u32);
        let select = plan.rows_of_transition(id, program, &history);
        // Each question reads the rows again, so text files are read once, and so is what has to be
        // computed. Columns of tables and Parquet files are cheaper where they are.
        let text = matches!(
            &dim.scan,
            Scan::Files { format: FileFormat::Csv(_) | FileFormat::Json { .. }, .. }
        );
        let statement = match text || value.is_some() {
            true => Statement::CreateTemp { table: VIEW.into(), select },
            false => Statement::CreateTempView { view: VIEW.into(), select },
        };
        engine.execute(&print::statement(&statement)).map_err(failed)?;
        let from = print::identifier(VIEW);
        let count = |sql: String| -> Result<u64, Diagnostics> {
            let rows = engine.query(&sql).map_err(failed)?;
            Ok(match rows.first().and_then(|row| row.first()) {
                Some(crate::model::value::Value::Int(n)) => u64::try_from(*n).unwrap_or(0),
                _ => 0,
            })
        };
        let rows = count(format!("SELECT count(*) FROM {from}"))?;
        // Of a population, nobody asks who is not in it.
        let all = match program.transitions.iter().any(|t| t.name == name) {
            true => rows,
            false => count(format!("SELECT count(*) FROM {}", print::scan(&dim.scan)))?,
        };
        let key: Vec<(String, Type)> =
            dim.key_columns().map(|c| (c.name.clone(), c.ty.clone())).collect();
        let mut columns: Vec<(String, Type)> = Vec::new();
        if value.is_none() {
            columns.extend(key.iter().cloned());
        }
        columns.extend(transition.columns.iter().map(|c| (c.name.clone(), c.ty.clone())));
        let mut profile = Profile {
            dimension: name.to_owned(),
            rows,
            left_out: all.saturating_sub(rows),
            remarks: Vec::new(),
            columns: Vec::new(),
        };
        let zone = &program[transition.campaign].timezone;
        for (column, ty) in &columns {
            let source = Source {
                from: &from,
                column,
                ty,
                rows,
                detailed: value.is_some(),
                zone,
                now: self.as_of,
            };
            let mut found = engine.profile(&source).map_err(failed)?;
            found.name = match value {
                Some(value) => value.to_owned(),
                None => column.clone(),
            };
            found.key = value.is_none() && key.iter().any(|(k, _)| k == column);
            profile.columns.push(found);
        }
        if !key.is_empty() {
            let again = count(again(&from, dim))?;
            if again > 0 {
                let keys: Vec<&str> = key.iter().map(|(name, _)| name.as_str()).collect();
                let keys = keys.join(", ");
                profile.remarks.push(format!("{again} rows have a {keys} that stands twice"));
            }
        }
        Ok(profile)
    }
}

/// How many rows share their key with another one.
fn again(from: &str, dimension: &Dimension) -> String {
    let key: Vec<String> = dimension.key_columns().map(|c| print::identifier(&c.name)).collect();
    let key = key.join(", ");
    format!(
        "SELECT CAST(coalesce(sum(n), 0) AS BIGINT) FROM \
         (SELECT count(*) AS n FROM {from} GROUP BY {key} HAVING count(*) > 1)"
    )
}

/// The source and the name of a dimension that no script declares.
fn undeclared(what: &str) -> (String, String) {
    if Path::new(what).is_file() || what.contains(['/', '*']) {
        let stem = Path::new(what).file_stem().map(|s| s.to_string_lossy().into_owned());
        let name = stem.filter(|s| !s.is_empty()).unwrap_or_else(|| "rows".into());
        // A file is one whose source is a text.
        (format!("\"{}\"", what.replace('"', "\"\"")), name.replace(['`', '.', '*'], "_"))
    } else {
        let name = what.rsplit('.').next().unwrap_or(what).trim_matches('`').to_owned();
        (quoted_path(what), name)
    }
}

pub(super) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace(['`', '\n'], "_"))
}

fn quoted_path(path: &str) -> String {
    let parts: Vec<String> = path.split('.').map(|p| quoted(p.trim_matches('`'))).collect();
    parts.join(".")
}

/// Splits `customers.email` at the dimension: a name, perhaps in backticks, up to the first point.
pub fn split(what: &str) -> (String, Option<String>) {
    if Path::new(what).is_file() {
        return (what.to_owned(), None);
    }
    let end = match what.strip_prefix('`') {
        Some(rest) => rest.find('`').map(|at| at + 2),
        None => what.find('.'),
    };
    match end {
        Some(end) if what[end..].starts_with('.') => {
            (what[..end].trim_matches('`').to_owned(), Some(what[end + 1..].to_owned()))
        }
        _ => (what.trim_matches('`').to_owned(), None),
    }
}

/// The scripts of a folder by name; `model.camp` before others.
pub(super) fn scripts_of(folder: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<std::path::PathBuf> = entries
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| p.extension().is_some_and(|e| e == "camp"))
        .collect();
    files.sort_by_key(|p| (p.file_name().is_none_or(|n| n != "model.camp"), p.clone()));
    files
}

/// The script of a folder that declares a dimension, if there is one; `model.camp` before others.
pub fn declaring(folder: &Path, dimension: &str) -> Vec<String> {
    let files = scripts_of(folder);
    let declares = |path: &Path| {
        let Ok(text) = std::fs::read_to_string(path) else { return false };
        let mut sources = SourceMap::default();
        let Ok(id) = sources.add("script", text) else { return false };
        let (tree, _) = syntax::parse(&sources, id);
        tree.statements.iter().any(|s| match &s.kind {
            StatementKind::Dimension(ast::Dimension { name, .. }) => name.node == dimension,
            _ => false,
        })
    };
    let found = files.iter().find(|path| declares(path));
    found.map(|p| p.strip_prefix("./").unwrap_or(p).display().to_string()).into_iter().collect()
}

/// Reports that a script has to say what is looked at.
pub fn nothing_named(what: &str) -> Diagnostic {
    Diagnostic::error(usage::SCRIPT_UNREADABLE, format!("`{what}` names no dimension"))
        .help("write `customers`, `customers.email` or the path of a file")
}
