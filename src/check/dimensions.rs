//! Dimensions: declared ones, tables used without a declaration, the built-in deliveries, and
//! the rule that equal declarations of several files are one.

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use crate::diagnostic::codes::{names as codes, plan as plan_codes, types as type_codes};
use crate::diagnostic::{Diagnostic, suggest};
use crate::model::expr::{Expr, ExprKind, Row};
use crate::model::program::{DimId, Dimension};
use crate::model::schema::{Column, DeclaredColumn, FileOptions, Relation, Scan};
use crate::model::types::Type;
use crate::model::value::Value;
use crate::source::Span;
use crate::syntax::ast;

use super::binder::{Binder, dotted};
use super::files::Entity;
use super::scope::{Found, Level, Scope};

/// Digits of `decimal` without a precision.
const DECIMAL: Type = Type::Decimal { precision: 28, scale: 6 };

/// What two dimensions of several files have alike when they are one: then plans share their
/// scans, and one file reads what the other saves. Filters are compared once they are bound.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Identity {
    name: String,
    scan: Scan,
    columns: Vec<Column>,
    key: Vec<usize>,
    local_instants: Option<(String, Vec<usize>)>,
    /// Of a filtered dimension, the time zone that its filter's days are read in.
    filtered_in: Option<String>,
}

/// Where a `dimension` is declared: file and statement.
pub(super) type Place = (usize, usize);

impl Binder<'_> {
    /// Attaches a database once; the engine's name, which differs from the script's where two
    /// files use one name for two databases.
    pub(super) fn attach(&mut self, name: &str, uri: &ast::Text, base: &Path) -> Option<String> {
        let key = (name.to_string(), uri.node.clone(), base.to_path_buf());
        if let Some(known) = self.attached.get(&key) {
            return known.clone();
        }
        let same = self.attached.keys().filter(|(n, _, _)| n == name).count();
        let alias = if same == 0 { name.to_string() } else { format!("{name}_{}", same + 1) };
        let testing = self.running_test().is_some();
        if testing && uri.node.contains("://") {
            // A test asks no server; what it needs of one, it gives.
            return None;
        }
        let alias = match self.world.attach(&alias, &uri.node, base, uri.span) {
            Ok(()) => Some(alias),
            Err(_) if testing => None,
            Err(diagnostic) => {
                self.report(diagnostic);
                None
            }
        };
        self.attached.insert(key, alias.clone());
        alias
    }

    /// Whether a bare name is a table.
    pub(super) fn is_table(&mut self, name: &str) -> bool {
        let world = &mut *self.world;
        self.table_names
            .get_or_insert_with(|| world.table_names().into_iter().collect())
            .contains(name)
    }

    fn open_table(&mut self, parts: &[String], span: Span) -> Option<Relation> {
        let key = format!("table {}", parts.join("\u{0}"));
        if let Some(known) = self.relations.get(&key) {
            return known.clone();
        }
        let relation = match self.world.table(parts, span) {
            Ok(relation) if self.running_test().is_some() => {
                let name = parts.last().map_or("", String::as_str);
                Some(super::stand_ins::instead(relation, name))
            }
            Ok(relation) => Some(relation),
            Err(diagnostic) => {
                self.report(diagnostic);
                None
            }
        };
        self.relations.insert(key, relation.clone());
        relation
    }

    fn open_file(
        &mut self,
        path: &ast::Text,
        base: &Path,
        options: &FileOptions,
    ) -> Option<Relation> {
        // Spans of declared columns do not change what is read.
        let columns: Vec<(&str, &Type, &Option<String>)> =
            options.columns.iter().map(|c| (c.name.as_str(), &c.ty, &c.format)).collect();
        let key = format!(
            "file {:?} {:?} {columns:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            base,
            path.node,
            options.delimiter,
            options.quote,
            options.encoding,
            options.header,
            options.timezone,
            options.rejects.as_ref().map(|(path, _)| path)
        );
        if let Some(known) = self.relations.get(&key) {
            return known.clone();
        }
        let relation = match self.world.file(&path.node, base, options, path.span) {
            Ok(relation) => Some(relation),
            Err(diagnostic) => {
                self.report(diagnostic);
                None
            }
        };
        self.relations.insert(key, relation.clone());
        relation
    }

    /// Dimensions, links and filters that a file and its imports declare.
    ///
    /// Links need dimensions, and filters need links; but whether a filtered dimension is the one
    /// that another file declares alike is known only from its filter. So it is taken for that
    /// one, and when its filter turns out to say something else, all is declared again with the
    /// next that fits, at last with a dimension of its own.
    pub(super) fn declare_model(&mut self, root: usize) {
        loop {
            let known = self.program.dimensions.len();
            self.declare_dimensions(root);
            self.declare_links(root);
            let others = self.bind_filters(root);
            if others.is_empty() {
                return;
            }
            for place in others {
                *self.root.passed.entry(place).or_default() += 1;
            }
            for dimension in &mut self.program.dimensions[known..] {
                dimension.filter = None;
            }
            for ids in self.dimension_keys.values_mut() {
                ids.retain(|id| (id.0 as usize) < known);
            }
            self.root.dimensions.clear();
            self.root.tables.clear();
            self.root.links.clear();
            self.root.foreign_keys.clear();
            self.root.expanded.clear();
        }
    }

    fn declare_dimensions(&mut self, root: usize) {
        for file in self.visible_files(root) {
            let ast = self.files[file].ast.clone();
            for (index, statement) in ast.statements.iter().enumerate() {
                if let ast::StatementKind::Dimension(d) = &statement.kind {
                    let id = self.declare_dimension((file, index), d);
                    self.root.dimensions.insert((file, index), id);
                }
            }
        }
    }

    fn declare_dimension(&mut self, place: Place, d: &ast::Dimension) -> Option<DimId> {
        let file = place.0;
        let is_file = matches!(d.source, ast::Source::File(_));
        if self.running_test().is_some() {
            let options = self.dimension_options(d, is_file)?;
            let relation = self.stand_in(file, d, &options)?;
            return self.finish_dimension(place, d, relation, options.timezone);
        }
        let options = self.dimension_options(d, is_file);
        let relation = match &d.source {
            ast::Source::File(path) => {
                let base = self.files[file].base.clone();
                self.open_file(path, &base, &options?)
            }
            ast::Source::Table(path) => {
                if let Some(column) = d.columns.first() {
                    self.report(
                        Diagnostic::error(
                            type_codes::OPTION_VALUE,
                            format!("The columns of table `{}` have types already", dotted(path)),
                        )
                        .label(column.name.span, "only for files")
                        .help("remove `columns (…)`, or convert where the column is used"),
                    );
                }
                let parts = self.table_parts(file, path)?;
                let relation = self.open_table(&parts, path.span);
                let options = options?;
                return self.finish_dimension(place, d, relation?, options.timezone);
            }
        }?;
        let timezone = self.option_timezone(d);
        self.finish_dimension(place, d, relation, timezone)
    }

    fn option_timezone(&self, d: &ast::Dimension) -> Option<String> {
        d.options.iter().find(|o| o.name.node == "timezone").and_then(entry_text).map(|t| t.0)
    }

    fn finish_dimension(
        &mut self,
        place: Place,
        d: &ast::Dimension,
        relation: Relation,
        timezone: Option<String>,
    ) -> Option<DimId> {
        let mut key = Vec::new();
        let mut complete = true;
        let names: Vec<String> = relation.columns.iter().map(|c| c.name.clone()).collect();
        for name in &d.key {
            match super::scope::find_name(&name.node, names.iter().map(String::as_str)) {
                Found::One(index) => key.push(index),
                Found::Several(fitting) => {
                    self.several_columns(&name.node, name.span, &fitting);
                    complete = false;
                }
                Found::None => {
                    let choices: Vec<&str> = names.iter().map(String::as_str).collect();
                    let title = format!("`{}` is not a column of `{}`", name.node, d.name.node);
                    self.unknown(
                        codes::UNKNOWN_COLUMN,
                        title,
                        name.span,
                        &name.node,
                        "columns",
                        &choices,
                    );
                    complete = false;
                }
            }
        }
        if !complete {
            return None;
        }
        let primary: Vec<usize> =
            relation.primary_key.iter().filter_map(|n| names.iter().position(|c| c == n)).collect();
        if d.key.is_empty() {
            key = primary.clone();
        }
        let mut sorted = (key.clone(), primary);
        sorted.0.sort_unstable();
        sorted.1.sort_unstable();
        let key_guaranteed = !key.is_empty() && sorted.0 == sorted.1;
        let (columns, local_instants) = self.local_columns(&relation, timezone);
        let filtered = d.filter.as_ref().map(|_| place);
        let filter_zone = filtered.map(|_| self.program[self.root.campaign].timezone.clone());
        Some(self.intern_dimension(
            Dimension {
                name: d.name.node.clone(),
                scan: relation.scan.clone(),
                columns,
                key,
                key_guaranteed,
                filter: None,
                filter_zone,
                local_instants,
                span: d.name.span,
            },
            filtered,
            relation,
        ))
    }

    /// Columns of zone-less timestamps become instants where the source has a zone of its own.
    fn local_columns(
        &self,
        relation: &Relation,
        timezone: Option<String>,
    ) -> (Vec<Column>, Option<(String, Vec<usize>)>) {
        let mut columns = relation.columns.clone();
        let Some(zone) = timezone.filter(|z| *z != self.program[self.root.campaign].timezone)
        else {
            return (columns, None);
        };
        let mut indices = Vec::new();
        for (index, column) in columns.iter_mut().enumerate() {
            if column.ty == Type::Timestamp {
                column.ty = Type::Instant;
                indices.push(index);
            }
        }
        let local = (!indices.is_empty()).then_some((zone, indices));
        (columns, local)
    }

    fn intern_dimension(
        &mut self,
        dimension: Dimension,
        filtered: Option<Place>,
        relation: Relation,
    ) -> DimId {
        let identity = Identity {
            name: dimension.name.clone(),
            scan: dimension.scan.clone(),
            columns: dimension.columns.clone(),
            key: dimension.key.clone(),
            local_instants: dimension.local_instants.clone(),
            filtered_in: filtered.map(|_| self.program[self.root.campaign].timezone.clone()),
        };
        let passed = filtered.and_then(|place| self.root.passed.get(&place)).copied();
        let alike = self.dimension_keys.entry(identity).or_default();
        let id = alike.get(passed.unwrap_or(0)).copied().unwrap_or_else(|| {
            let id = DimId(self.program.dimensions.len() as u32);
            self.program.dimensions.push(dimension);
            alike.push(id);
            id
        });
        if matches!(relation.scan, Scan::Table { .. }) {
            self.root.foreign_keys.insert(id, Rc::new(relation));
        }
        id
    }

    /// The engine's path of a table: a leading name of a declared database becomes the attached
    /// one. `None` when that database is wrong or does not exist.
    pub(super) fn table_parts(&mut self, file: usize, path: &ast::Path) -> Option<Vec<String>> {
        let mut parts: Vec<String> = path.parts.iter().map(|p| p.node.clone()).collect();
        if parts.len() == 1 {
            return Some(parts);
        }
        let first = &path.parts[0];
        match self.entity(file, &first.node).map(|e| e.entity) {
            Some(Entity::Database(Some(alias))) => parts[0] = alias,
            Some(Entity::Database(None) | Entity::Error) => return None,
            _ if self.may_exist(file, &first.node) => return None,
            _ if parts.len() >= 3 && self.world.table(&parts, path.span).is_err() => {
                let known =
                    self.root.spaces.get(&file).map_or_else(Vec::new, |s| {
                        s.names_where(|e| matches!(e, Entity::Database(_)))
                    });
                let help = suggest::unknown_name(
                    &first.node,
                    "databases",
                    known.iter().map(String::as_str),
                )
                .unwrap_or_else(|| format!("add `database {} = \"…\"`", first.node));
                self.report(
                    Diagnostic::error(
                        codes::UNKNOWN_DATABASE,
                        format!("Database `{}` is not declared", first.node),
                    )
                    .label(first.span, "not known")
                    .help(help),
                );
                return None;
            }
            _ => {}
        }
        Some(parts)
    }

    /// What a `dimension` statement says of how to read its source; `None` when that is wrong.
    fn dimension_options(&mut self, d: &ast::Dimension, is_file: bool) -> Option<FileOptions> {
        let mut options = FileOptions::default();
        let mut fine = true;
        for column in &d.columns {
            match self.type_of_name(&column.ty) {
                Some(Type::Duration) => {
                    fine = false;
                    self.report(
                        Diagnostic::error(codes::UNKNOWN_TYPE, "A column is never a duration")
                            .label(column.ty.span, "not a column's type")
                            .help("use `int`, a number of days for example"),
                    );
                }
                Some(ty) => options.columns.push(DeclaredColumn {
                    name: column.name.node.clone(),
                    ty,
                    format: column.format.as_ref().map(|f| f.node.clone()),
                    span: column.name.span,
                }),
                None => fine = false,
            }
        }
        let known: &[&str] = if is_file {
            &["delimiter", "quote", "encoding", "header", "timezone", "rejects"]
        } else {
            &["timezone"]
        };
        for entry in &d.options {
            let name = entry.name.node.as_str();
            if !known.contains(&name) {
                let title = format!("`{name}` is not an option of a dimension");
                self.unknown(codes::UNKNOWN_OPTION, title, entry.name.span, name, "options", known);
                fine = false;
                continue;
            }
            if name == "header" {
                match entry_bool(entry) {
                    Some(header) => options.header = Some(header),
                    None => {
                        self.option_value(entry, "`true` or `false`");
                        fine = false;
                    }
                }
                continue;
            }
            let Some((text, span)) = entry_text(entry) else {
                self.option_value(entry, "a text in quotes");
                fine = false;
                continue;
            };
            match name {
                "delimiter" => options.delimiter = Some(text),
                "quote" => options.quote = Some(text),
                "encoding" => options.encoding = Some(text),
                "rejects" => options.rejects = Some((text, span)),
                _ => {
                    if self.check_timezone(&text, Some(span)) {
                        options.timezone = Some(text);
                    } else {
                        fine = false;
                    }
                }
            }
        }
        fine.then_some(options)
    }

    /// Reports that an option has the wrong kind of value.
    pub fn option_value(&mut self, entry: &ast::Entry, needed: &str) {
        self.report(
            Diagnostic::error(
                type_codes::OPTION_VALUE,
                format!("Option `{}` has the wrong value", entry.name.node),
            )
            .label(entry_span(entry), format!("{needed} is needed")),
        );
    }

    /// The type that a name of a type stands for.
    pub(super) fn type_of_name(&mut self, ty: &ast::TypeName) -> Option<Type> {
        const NAMES: &[&str] =
            &["text", "int", "decimal", "float", "bool", "date", "timestamp", "duration"];
        let name = ty.name.node.as_str();
        let of = match name {
            "text" => Type::Text,
            "int" => Type::Int,
            "float" => Type::Float,
            "bool" => Type::Bool,
            "date" => Type::Date,
            "timestamp" => Type::Timestamp,
            "duration" => Type::Duration,
            "json" => Type::Json,
            "decimal" => {
                match ty.args.as_slice() {
                    [] => DECIMAL,
                    [precision] if (1..=38).contains(&precision.node) => {
                        Type::Decimal { precision: precision.node as u8, scale: 0 }
                    }
                    [precision, scale]
                        if (1..=38).contains(&precision.node) && scale.node <= precision.node =>
                    {
                        Type::Decimal { precision: precision.node as u8, scale: scale.node as u8 }
                    }
                    _ => {
                        self.report(
                        Diagnostic::error(
                            codes::UNKNOWN_TYPE,
                            "A decimal has at most 38 digits, and no more of them behind the point",
                        )
                        .label(ty.span, "not possible")
                        .help("write `decimal(12, 2)` for ten digits before the point and two behind"),
                    );
                        return None;
                    }
                }
            }
            _ => {
                let help = match name.to_lowercase().as_str() {
                    "string" | "varchar" | "str" | "char" => Some("use `text`".to_string()),
                    "integer" | "bigint" | "smallint" | "long" => Some("use `int`".to_string()),
                    "number" | "numeric" | "money" => Some("use `int` or `decimal`".to_string()),
                    "double" | "real" => Some("use `float`".to_string()),
                    "boolean" => Some("use `bool`".to_string()),
                    "datetime" | "timestamptz" => Some("use `timestamp`".to_string()),
                    "interval" => Some("use `duration`".to_string()),
                    _ => suggest::unknown_name(name, "types", NAMES.iter().copied()),
                };
                self.report(
                    Diagnostic::error(codes::UNKNOWN_TYPE, format!("`{name}` is not a type"))
                        .label(ty.name.span, "not known")
                        .maybe_help(help),
                );
                return None;
            }
        };
        if name != "decimal"
            && let Some(arg) = ty.args.first()
        {
            self.report(
                Diagnostic::error(codes::UNKNOWN_TYPE, format!("Type `{name}` takes no numbers"))
                    .label(arg.span, "not needed")
                    .help(format!("write `{name}`")),
            );
            return None;
        }
        Some(if ty.list { Type::List(Box::new(of)) } else { of })
    }

    /// The dimension that a path names where one is needed: a declared one, or a table with a
    /// PRIMARY KEY. What does not exist is reported.
    pub(super) fn dimension_by_path(&mut self, path: &ast::Path, any: bool) -> Option<DimId> {
        let file = self.root.file;
        self.dimension_in(file, path, any)
    }

    /// The same in the names of another file. With `transitions`, the message speaks of them too.
    pub(super) fn dimension_in(
        &mut self,
        file: usize,
        path: &ast::Path,
        transitions: bool,
    ) -> Option<DimId> {
        if let [name] = path.parts.as_slice() {
            match self.entity(file, &name.node).map(|e| e.entity) {
                Some(Entity::Dimension(f, s)) => {
                    return self.root.dimensions.get(&(f, s)).copied().flatten();
                }
                Some(Entity::Error) => return None,
                Some(other) if !matches!(other, Entity::Database(_)) => {
                    self.report(
                        Diagnostic::error(
                            codes::NOT_A_POPULATION,
                            format!("`{}` is a {}, not a dimension", name.node, other.kind()),
                        )
                        .label(name.span, "a dimension is needed"),
                    );
                    return None;
                }
                _ => {}
            }
            if let Some(&known) = self.root.tables.get(&name.node) {
                return known;
            }
            if self.may_exist(file, &name.node) {
                return None;
            }
            if !self.is_table(&name.node) {
                self.unknown_population(name, transitions);
                return None;
            }
        }
        let parts = self.table_parts(file, path)?;
        self.table_dimension(&parts, path.span)
    }

    fn unknown_population(&mut self, name: &ast::Name, transitions: bool) {
        if transitions && let Some(&later) = self.root.later.get(&name.node) {
            self.used_before(name, later);
            return;
        }
        let known = self.population_names();
        let what = if transitions { "populations" } else { "dimensions" };
        let help = suggest::unknown_name(&name.node, what, known.iter().map(String::as_str));
        let title = if transitions {
            format!("`{}` is neither a transition nor a dimension", name.node)
        } else {
            format!("`{}` is not a dimension", name.node)
        };
        self.report(
            Diagnostic::error(codes::UNKNOWN_POPULATION, title)
                .label(name.span, "not known")
                .maybe_help(help),
        );
    }

    /// A table used without a declaration. It needs a PRIMARY KEY.
    pub(super) fn table_dimension(&mut self, parts: &[String], span: Span) -> Option<DimId> {
        let name = parts.last().cloned().unwrap_or_default();
        let known = parts.join(".");
        if let Some(&id) = self.root.tables.get(&known) {
            return id;
        }
        let id = self.open_table(parts, span).and_then(|relation| {
            let key: Vec<usize> = relation
                .primary_key
                .iter()
                .filter_map(|n| relation.columns.iter().position(|c| &c.name == n))
                .collect();
            if key.is_empty() {
                self.report(
                    Diagnostic::error(
                        plan_codes::NO_KEY,
                        format!("Table `{known}` has no PRIMARY KEY"),
                    )
                    .label(span, "its rows have no key")
                    .help(format!("declare it: `dimension {name} = {known} key COLUMN`")),
                );
                return None;
            }
            Some(self.intern_dimension(
                Dimension {
                    name,
                    scan: relation.scan.clone(),
                    columns: relation.columns.clone(),
                    key,
                    key_guaranteed: true,
                    filter: None,
                    filter_zone: None,
                    local_instants: None,
                    span,
                },
                None,
                relation,
            ))
        });
        self.root.tables.insert(known, id);
        id
    }

    /// Binds the filters of the declared dimensions, and refuses those that go round in a circle.
    /// Gives those that say something else than the filter of the dimension they were taken for.
    fn bind_filters(&mut self, root: usize) -> Vec<Place> {
        let mut others: Vec<Place> = Vec::new();
        let mut bound: Vec<(DimId, Span)> = Vec::new();
        for file in self.visible_files(root) {
            let ast = self.files[file].ast.clone();
            for (index, statement) in ast.statements.iter().enumerate() {
                let ast::StatementKind::Dimension(d) = &statement.kind else { continue };
                let Some(filter) = &d.filter else { continue };
                let Some(id) = self.root.dimensions.get(&(file, index)).copied().flatten() else {
                    continue;
                };
                let level = Level::dimension(&self.program, id, Row::frame(0));
                let scope = Scope::of(file, level);
                let condition = self.bind_condition(filter, &scope);
                match &mut self.program.dimensions[id.0 as usize].filter {
                    Some(known) if *known != condition => others.push((file, index)),
                    Some(_) => {}
                    none => {
                        *none = Some(condition);
                        bound.push((id, filter.span));
                    }
                }
            }
        }
        if !others.is_empty() {
            return others;
        }
        let mut links: HashMap<DimId, Vec<DimId>> = HashMap::new();
        for (id, dimension) in self.program.dimensions.iter().enumerate() {
            if let Some(filter) = &dimension.filter {
                let mut to = Vec::new();
                super::links::collect_targets(&self.program, filter, &mut to);
                links.insert(DimId(id as u32), to);
            }
        }
        let mut reported: Vec<DimId> = Vec::new();
        for (id, span) in bound {
            if reported.contains(&id) {
                continue;
            }
            if let Some(path) = circle(id, &links) {
                let names: Vec<&str> =
                    path.iter().map(|d| self.program[*d].name.as_str()).collect();
                let title =
                    format!("Dimensions filter each other in a circle: {}", names.join(" → "));
                reported.extend(path.iter().copied());
                self.report(
                    Diagnostic::error(plan_codes::FILTER_CYCLE, title)
                        .label(span, "leads back to its own dimension")
                        .help("remove the link from one of the rules"),
                );
                for d in path {
                    self.program.dimensions[d.0 as usize].filter = None;
                }
            }
        }
        others
    }

    /// The built-in dimension of deliveries.
    pub(super) fn deliveries_dimension(&mut self) -> DimId {
        if let Some(id) = self.deliveries {
            return id;
        }
        let text = |name: &str| Column { name: name.into(), ty: Type::Text, nullable: false };
        let mut columns: Vec<Column> =
            ["dimension", "key", "campaign", "activity", "channel", "status", "run"]
                .map(text)
                .into();
        columns.push(Column { name: "sent_at".into(), ty: Type::Instant, nullable: false });
        let id = DimId(self.program.dimensions.len() as u32);
        self.program.dimensions.push(Dimension {
            name: "deliveries".into(),
            scan: Scan::Table {
                database: "project".into(),
                schema: "camp".into(),
                table: "delivery".into(),
            },
            columns,
            key: Vec::new(),
            key_guaranteed: false,
            filter: None,
            filter_zone: None,
            local_instants: None,
            span: Span::default(),
        });
        self.deliveries = Some(id);
        id
    }

    /// The text of a row's key, as the stable hash uses it; `None` for rows without a key.
    pub(super) fn key_text(&self, dimension: DimId, row: &Row, span: Span) -> Option<Expr> {
        let parts = self.key_parts(dimension, row, span)?;
        Some(Expr::new(ExprKind::KeyText(parts), Type::Text, span))
    }

    /// The text of a row's key, as the log of deliveries uses it; `None` for rows without a key.
    pub(super) fn member_text(&self, dimension: DimId, row: &Row, span: Span) -> Option<Expr> {
        let parts = self.key_parts(dimension, row, span)?;
        Some(Expr::new(ExprKind::MemberText(parts), Type::Text, span))
    }

    fn key_parts(&self, dimension: DimId, row: &Row, span: Span) -> Option<Vec<Expr>> {
        let key = &self.program[dimension].key;
        let part = |&column| self.column_expr(dimension, row, column, span);
        (!key.is_empty()).then(|| key.iter().map(part).collect())
    }
}

/// A path from a dimension through filters back to itself.
fn circle(from: DimId, links: &HashMap<DimId, Vec<DimId>>) -> Option<Vec<DimId>> {
    let mut path = vec![from];
    let mut seen = Vec::new();
    fn visit(
        at: DimId,
        from: DimId,
        links: &HashMap<DimId, Vec<DimId>>,
        path: &mut Vec<DimId>,
        seen: &mut Vec<DimId>,
    ) -> bool {
        for &next in links.get(&at).into_iter().flatten() {
            if next == from {
                path.push(next);
                return true;
            }
            if seen.contains(&next) {
                continue;
            }
            seen.push(next);
            path.push(next);
            if visit(next, from, links, path, seen) {
                return true;
            }
            path.pop();
        }
        false
    }
    visit(from, from, links, &mut path, &mut seen).then_some(path)
}

/// The text of an option and its place.
pub fn entry_text(entry: &ast::Entry) -> Option<(String, Span)> {
    match &entry.value {
        ast::EntryValue::Item(item) => match &*item.expr.kind {
            ast::ExprKind::Literal(ast::Literal::Text(text)) => {
                Some((text.clone(), item.expr.span))
            }
            _ => None,
        },
        ast::EntryValue::Subset(_) | ast::EntryValue::Reduced(_) => None,
    }
}

/// `true` or `false` of an option.
pub fn entry_bool(entry: &ast::Entry) -> Option<bool> {
    match &entry.value {
        ast::EntryValue::Item(item) => match &*item.expr.kind {
            ast::ExprKind::Literal(ast::Literal::Bool(b)) => Some(*b),
            _ => None,
        },
        ast::EntryValue::Subset(_) | ast::EntryValue::Reduced(_) => None,
    }
}

/// The place of an option's value.
pub fn entry_span(entry: &ast::Entry) -> Span {
    match &entry.value {
        ast::EntryValue::Item(item) => item.expr.span,
        ast::EntryValue::Subset(subset) => subset.span,
        ast::EntryValue::Reduced(arg) => arg.span,
    }
}

/// A literal text as a constant, for pairs and arguments the checker makes.
pub(super) fn text(value: &str, span: Span) -> Expr {
    Expr::literal(Value::Text(value.to_string()), span)
}
