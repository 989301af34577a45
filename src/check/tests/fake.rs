//! A world of tables, files and audiences in memory, and plugins that only bind.

use std::any::Any;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::activity::{Activity, Clauses, Registry, Spec};
use crate::check::binder::Binder;
use crate::check::{Imports, Options, Unit};
use crate::diagnostic::codes::names::UNKNOWN_POPULATION;
use crate::diagnostic::codes::plan::EXPORT_TARGET;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::model::expr::{Expr, Population};
use crate::model::program::{ActivityStep, CarriedColumn, Operation, Program};
use crate::model::schema::{
    Audience, Column, FileFormat, FileOptions, ForeignKey, Relation, Scan, Target, World,
};
use crate::model::types::Type;
use crate::source::{SourceMap, Span};
use crate::syntax::ast;

/// `"id int, name text"` as columns.
pub fn columns(text: &str) -> Vec<Column> {
    text.split(", ")
        .map(|c| {
            let (name, ty) = c.split_once(' ').expect("name and type");
            Column { name: name.to_string(), ty: ty_of(ty), nullable: true }
        })
        .collect()
}

fn ty_of(text: &str) -> Type {
    match text {
        "text" => Type::Text,
        "int" => Type::Int,
        "money" => Type::Decimal { precision: 12, scale: 2 },
        "float" => Type::Float,
        "bool" => Type::Bool,
        "date" => Type::Date,
        "timestamp" => Type::Timestamp,
        "instant" => Type::Instant,
        "json" => Type::Json,
        "texts" => Type::List(Box::new(Type::Text)),
        "uuid" => Type::Other("UUID".into()),
        "address" => Type::Struct(vec![("city".into(), Type::Text), ("zip".into(), Type::Text)]),
        other => panic!("no type {other}"),
    }
}

struct Table {
    database: &'static str,
    schema: &'static str,
    name: &'static str,
    columns: &'static str,
    key: &'static [&'static str],
    /// column → table.column
    foreign: &'static [(&'static str, &'static str, &'static str)],
}

const TABLES: &[Table] = &[
    Table {
        database: "project",
        schema: "main",
        name: "customers",
        columns: "customer_id int, email text, country text, consent bool, birthday date, \
                  signed_up_at date, last_login_at timestamp, seen_at instant, spend money, \
                  score float, points int, interests texts, attrs json, address address, \
                  token uuid, Tier text, tier text, born text, code text",
        key: &["customer_id"],
        foreign: &[],
    },
    Table {
        database: "project",
        schema: "main",
        name: "orders",
        columns: "order_id int, customer_id int, amount money, status text, \
                  ordered_at timestamp, shipped_on date",
        key: &["order_id"],
        foreign: &[("customer_id", "customers", "customer_id")],
    },
    Table {
        database: "project",
        schema: "main",
        name: "lines",
        columns: "order_id int, line_no int, sku text, price money, quantity int",
        key: &["order_id", "line_no"],
        foreign: &[("order_id", "orders", "order_id")],
    },
    Table {
        database: "project",
        schema: "main",
        name: "optout",
        columns: "email text, customer_id int",
        key: &[],
        foreign: &[],
    },
    Table {
        database: "project",
        schema: "main",
        name: "order",
        columns: "group int, end date, key text, a.b text, orders.total int",
        key: &["group"],
        foreign: &[],
    },
    Table {
        database: "crm",
        schema: "public",
        name: "accounts",
        columns: "id int, name text, employees int",
        key: &["id"],
        foreign: &[],
    },
];

impl Table {
    fn relation(&self, alias: &str) -> Relation {
        Relation {
            scan: Scan::Table {
                database: alias.into(),
                schema: self.schema.into(),
                table: self.name.into(),
            },
            columns: columns(self.columns),
            primary_key: self.key.iter().map(|k| k.to_string()).collect(),
            foreign_keys: self
                .foreign
                .iter()
                .map(|(column, table, target)| ForeignKey {
                    columns: vec![column.to_string()],
                    table: table.to_string(),
                    target_columns: vec![target.to_string()],
                })
                .collect(),
        }
    }
}

#[derive(Default)]
pub struct FakeWorld {
    pub audiences: Vec<Audience>,
    attached: Vec<(String, String)>,
    /// Tables and files that were asked for.
    pub opened: Vec<String>,
}

impl FakeWorld {
    /// With the audiences `VIP` and `Lapsed buyers` of customers, `Big orders` of orders,
    /// `Old list` of a dimension nobody declares, and `Gone`, which expired.
    pub fn new() -> Self {
        let audience = |label: &str, dimension: &str, key: &str, carried: &str| {
            let key = columns(key);
            let mut all = key.clone();
            if !carried.is_empty() {
                all.extend(columns(carried));
            }
            Audience {
                label: label.into(),
                scan: Scan::Table {
                    database: "project".into(),
                    schema: "audience".into(),
                    table: label.into(),
                },
                dimension: dimension.into(),
                key,
                columns: all,
                size: 10,
                version: 5,
                oldest_version: 3,
                expires: None,
            }
        };
        let mut gone = audience("Gone", "customers", "customer_id int", "");
        gone.expires = Some("2025-01-01T00:00:00Z".parse().expect("an instant"));
        FakeWorld {
            audiences: vec![
                audience("VIP", "customers", "customer_id int", "email text, points int"),
                audience("Lapsed buyers", "customers", "customer_id int", ""),
                audience("Big orders", "orders", "order_id int", ""),
                audience("Old list", "contacts", "contact_id int", "email text"),
                gone,
            ],
            ..FakeWorld::default()
        }
    }
}

impl World for FakeWorld {
    fn table(&mut self, parts: &[String], span: Span) -> Result<Relation, Diagnostic> {
        self.opened.push(parts.join("."));
        let (alias, database, schema, name) = match parts {
            [name] => ("project", "project".to_string(), "main", name),
            [schema, name] => ("project", "project".to_string(), schema.as_str(), name),
            [alias, schema, name] => {
                let uri = self.attached.iter().find(|(n, _)| n == alias).map(|(_, uri)| uri);
                let database = uri.map_or("none".to_string(), |u| u.replace(".db", ""));
                (alias.as_str(), database, schema.as_str(), name)
            }
            _ => ("", String::new(), "", &parts[0]),
        };
        TABLES
            .iter()
            .find(|t| t.database == database && t.schema == schema && t.name == name)
            .map(|t| t.relation(alias))
            .ok_or_else(|| {
                Diagnostic::error(UNKNOWN_POPULATION, format!("No table `{}`", parts.join(".")))
                    .label(span, "no such table")
            })
    }

    fn file(
        &mut self,
        path: &str,
        _base: &Path,
        options: &FileOptions,
        span: Span,
    ) -> Result<Relation, Diagnostic> {
        self.opened.push(path.to_string());
        if path.contains("nowhere") {
            return Err(Diagnostic::error(UNKNOWN_POPULATION, format!("No file `{path}`"))
                .label(span, "no such file"));
        }
        // A file has the columns of the table of its name, else two of its own.
        let stem = path.rsplit('/').next().unwrap_or(path).split('.').next().unwrap_or(path);
        let mut columns = TABLES
            .iter()
            .find(|t| t.name == stem)
            .map_or_else(|| columns("id int, email text, at timestamp"), |t| columns(t.columns));
        for declared in &options.columns {
            match columns.iter_mut().find(|c| c.name == declared.name) {
                Some(column) => column.ty = declared.ty.clone(),
                None => columns.push(Column {
                    name: declared.name.clone(),
                    ty: declared.ty.clone(),
                    nullable: true,
                }),
            }
        }
        Ok(Relation {
            scan: Scan::Files { paths: vec![path.into()], format: FileFormat::Parquet },
            columns,
            primary_key: Vec::new(),
            foreign_keys: Vec::new(),
        })
    }

    fn attach(&mut self, name: &str, uri: &str, _: &Path, _: Span) -> Result<(), Diagnostic> {
        self.attached.push((name.into(), uri.into()));
        Ok(())
    }

    fn target(&mut self, parts: &[String], span: Span) -> Result<Target, Diagnostic> {
        let written = parts.join(".");
        if parts.len() < 2 {
            return Err(Diagnostic::error(EXPORT_TARGET, format!("No database in `{written}`"))
                .label(span, "no database"));
        }
        let table = parts.last().cloned().unwrap_or_default();
        Ok(Target { database: parts[0].clone(), schema: "main".into(), table, written })
    }

    fn audience(&mut self, label: &str) -> Result<Option<Audience>, Diagnostic> {
        Ok(self.audiences.iter().find(|a| a.label.to_lowercase() == label.to_lowercase()).cloned())
    }

    fn audience_labels(&mut self) -> Vec<String> {
        self.audiences.iter().map(|a| a.label.clone()).collect()
    }

    fn table_names(&mut self) -> Vec<String> {
        TABLES.iter().filter(|t| t.database == "project").map(|t| t.name.to_string()).collect()
    }
}

/// Files that can be imported, by path.
struct FakeImports<'f> {
    files: &'f [(&'f str, &'f str)],
    sources: &'f mut SourceMap,
    diagnostics: Diagnostics,
}

impl Imports for FakeImports<'_> {
    fn import(&mut self, path: &str, _: &Path, span: Span) -> Result<Unit, Diagnostic> {
        let (name, text) = self.files.iter().find(|(name, _)| *name == path).ok_or_else(|| {
            Diagnostic::error(UNKNOWN_POPULATION, format!("No file `{path}`"))
                .label(span, "no such file")
        })?;
        Ok(unit(name, text, self.sources, &mut self.diagnostics))
    }
}

fn unit(name: &str, text: &str, sources: &mut SourceMap, diagnostics: &mut Diagnostics) -> Unit {
    let source = sources.add(name, text).expect("small files");
    let (ast, found) = crate::syntax::parse(sources, source);
    diagnostics.extend(found);
    Unit { source, name: name.to_string(), ast, base: PathBuf::from("/scripts") }
}

/// A checked script.
pub struct Checked {
    pub program: Program,
    pub diagnostics: Diagnostics,
    pub sources: SourceMap,
}

impl Checked {
    #[track_caller]
    pub fn assert_no_errors(&self) {
        assert!(!self.diagnostics.has_errors(), "{}", self.all());
    }

    /// Everything that is said, readable.
    pub fn all(&self) -> String {
        self.diagnostics
            .iter()
            .map(|d| {
                format!(
                    "{} {} at {:?}, help {:?}\n",
                    d.code,
                    d.title,
                    d.span().map(|s| self.sources.slice(s)),
                    d.help
                )
            })
            .collect()
    }

    /// Code, text under the primary label, help; in the order of the script.
    pub fn said(&self) -> Vec<(String, String, String)> {
        self.diagnostics
            .clone()
            .sorted()
            .iter()
            .map(|d| {
                let at = d.span().map_or(String::new(), |s| self.sources.slice(s).to_string());
                (d.code.to_string(), at, d.help.clone().unwrap_or_default())
            })
            .collect()
    }

    /// The titles of all messages, in the order of the script.
    pub fn titles(&self) -> Vec<String> {
        self.diagnostics.clone().sorted().into_iter().map(|d| d.title).collect()
    }

    /// Only errors.
    pub fn error_codes(&self) -> Vec<String> {
        self.diagnostics
            .clone()
            .sorted()
            .into_iter()
            .filter(|d| d.severity == Severity::Error)
            .map(|d| d.code.to_string())
            .collect()
    }
}

/// The instant of all tests: Monday 24 November 2025, 09:30 in Paris.
pub fn options() -> Options {
    Options { as_of: "2025-11-24T08:30:00Z".parse().expect("an instant"), ..Options::default() }
}

/// Checks one script in the fake world.
pub fn check(script: &str) -> Checked {
    check_files(&[("test.camp", script)], &[], &options())
}

/// Checks several scripts together, with files they can import.
pub fn check_files(
    scripts: &[(&str, &str)],
    imports: &[(&str, &str)],
    options: &Options,
) -> Checked {
    check_in(&mut FakeWorld::new(), scripts, imports, options)
}

pub fn check_in(
    world: &mut dyn World,
    scripts: &[(&str, &str)],
    imports: &[(&str, &str)],
    options: &Options,
) -> Checked {
    let mut sources = SourceMap::default();
    let mut parsing = Diagnostics::default();
    let units: Vec<Unit> =
        scripts.iter().map(|(name, text)| unit(name, text, &mut sources, &mut parsing)).collect();
    let mut reader =
        FakeImports { files: imports, sources: &mut sources, diagnostics: Diagnostics::default() };
    let (program, found) = crate::check::check(units, &mut reader, world, &registry(), options);
    parsing.extend(reader.diagnostics);
    parsing.extend(found);
    Checked { program, diagnostics: parsing, sources }
}

/// The built-in activities, and plugins that know just enough to be bound.
pub fn registry() -> Registry {
    let mut registry = Registry::builtin();
    for name in [
        "split",
        "deduplicate",
        "change_dimension",
        "reconcile",
        "sample",
        "rfm",
        "email",
        "webhook",
    ] {
        registry.register(Arc::new(FakePlugin {
            spec: Spec {
                name: name.into(),
                summary: String::new(),
                syntax: String::new(),
                doc: String::new(),
                outputs: 0..=9,
                example: String::new(),
                plugin: Some(name.into()),
            },
        }));
    }
    registry
}

struct FakePlugin {
    spec: Spec,
}

#[derive(Debug)]
struct FakeOperation(Vec<Population>);

impl Operation for FakeOperation {
    fn plan(&self, _: &ActivityStep, _: &mut crate::plan::Planner<'_>) -> Result<(), Diagnostic> {
        Ok(())
    }

    fn expressions(&self) -> Vec<&Expr> {
        Vec::new()
    }

    fn inputs(&self) -> Vec<Population> {
        self.0.clone()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Activity for FakePlugin {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn bind(&self, call: &ast::Call, binder: &mut Binder<'_>) -> Option<Arc<dyn Operation>> {
        let mut clauses = Clauses::of(call);
        clauses.take(|c| matches!(c, ast::ClauseKind::Inputs(_)));
        let entries = match clauses.take(|c| matches!(c, ast::ClauseKind::With(_))) {
            Some(ast::ClauseKind::With(entries)) => entries.clone(),
            _ => Vec::new(),
        };
        clauses.finish(binder);
        let input = binder.only_input(call)?;
        let rows = binder.rows(&input);
        let mut dimension = input.dimension?;
        let mut columns = input.columns.clone();
        for entry in &entries {
            match &entry.value {
                ast::EntryValue::Subset(subset) => {
                    if let Some(rule) = &subset.rule {
                        binder.condition(rule, &rows);
                    }
                    binder.sorts(&subset.order, &rows);
                }
                ast::EntryValue::Reduced(_) => return None,
                ast::EntryValue::Item(item) => {
                    let items = match &*item.expr.kind {
                        ast::ExprKind::List(items) => items.clone(),
                        _ => vec![item.clone()],
                    };
                    match (self.spec.name.as_str(), entry.name.node.as_str()) {
                        ("change_dimension", "to") => {
                            let ast::ExprKind::Path(path) = &*item.expr.kind else { return None };
                            let links = binder.link(path, &rows)?;
                            let last = links.steps.last()?.link;
                            dimension = binder.program()[last].to;
                            columns.clear();
                        }
                        ("change_dimension", "add") => {
                            for item in &items {
                                let found = binder.population_aggregate(
                                    &item.expr,
                                    std::slice::from_ref(&input),
                                )?;
                                let name = item.alias.as_ref()?.node.clone();
                                columns.push(CarriedColumn { name, ty: found.ty });
                            }
                        }
                        ("reconcile", "to") => {
                            let ast::ExprKind::Path(path) = &*item.expr.kind else { return None };
                            dimension = binder.population(path)?.dimension?;
                        }
                        ("deduplicate", "by" | "order" | "prefer") => {
                            for item in &items {
                                binder.value(&item.expr, &rows);
                            }
                        }
                        ("rfm", "date" | "amount") => {
                            let ast::ExprKind::Path(path) = &*item.expr.kind else { return None };
                            let mut link = path.clone();
                            let column = link.parts.pop()?;
                            let links = binder.link(&link, &rows)?;
                            let inner = binder.linked_rows(&rows, &link, &links);
                            let path = ast::Path { parts: vec![column.clone()], span: column.span };
                            let value = ast::Expr::new(ast::ExprKind::Path(path), column.span);
                            binder.value(&value, &inner);
                        }
                        _ => {}
                    }
                }
            }
        }
        if self.spec.name == "rfm" {
            for name in ["recency", "frequency", "monetary"] {
                columns.push(CarriedColumn { name: name.into(), ty: Type::Int });
            }
        }
        for _ in 0..binder.named_outputs() {
            binder.declare_output(dimension, columns.clone());
        }
        Some(Arc::new(FakeOperation(vec![input.population])))
    }
}
