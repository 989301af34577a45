//! Links: declared ones, those of FOREIGN KEYs, and the built-in `deliveries`.

use crate::diagnostic::codes::{names as codes, types as type_codes};
use crate::diagnostic::{Diagnostic, suggest};
use crate::model::expr::{Expr, ExprKind, LinkStep, Links, Row};
use crate::model::program::{DimId, Link, LinkId, LinkPair, Program};
use crate::model::schema::Scan;
use crate::model::types::Type;
use crate::source::Span;
use crate::syntax::ast;

use super::binder::{Binder, RootLink, dotted};
use super::dimensions::text;
use super::files::Entity;
use super::scope::{Level, Meaning, Scope};

impl Binder<'_> {
    /// Binds the `link` statements that a file and its imports declare.
    pub(super) fn declare_links(&mut self, root: usize) {
        for file in self.visible_files(root) {
            let ast = self.files[file].ast.clone();
            for statement in &ast.statements {
                if let ast::StatementKind::Link(link) = &statement.kind {
                    self.declare_link(file, link);
                }
            }
        }
    }

    fn end_dimension(&mut self, file: usize, end: &ast::LinkEnd) -> Option<DimId> {
        let path = ast::Path { parts: vec![end.dimension.clone()], span: end.dimension.span };
        self.dimension_in(file, &path, false)
    }

    fn declare_link(&mut self, file: usize, link: &ast::Link) {
        let left = self.end_dimension(file, &link.left);
        let right = self.end_dimension(file, &link.right);
        if link.left.name.is_none() && link.right.name.is_none() {
            self.report(
                Diagnostic::error(type_codes::LINK_CONDITION, "A link has no name")
                    .label(
                        link.left.dimension.span.to(link.right.dimension.span),
                        "neither end is named",
                    )
                    .help(format!(
                        "name an end: `{}.{}`",
                        link.left.dimension.node, link.right.dimension.node
                    )),
            );
            return;
        }
        let pairs = match (left, right) {
            (Some(left), Some(right)) => self.link_pairs(file, link, left, right),
            _ => None,
        };
        let ends = [(left, right, &link.left, false), (right, left, &link.right, true)];
        for (from, to, end, turned) in ends {
            let (Some(from), Some(name)) = (from, &end.name) else { continue };
            let id = match (to, &pairs) {
                (Some(to), Some(pairs)) => {
                    let on: Vec<LinkPair> = pairs
                        .iter()
                        .map(|(l, r)| {
                            let (from, to) = if turned { (r, l) } else { (l, r) };
                            LinkPair { from: from.clone(), to: to.clone() }
                        })
                        .collect();
                    Some(self.intern_link(&name.node, from, to, on, name.span))
                }
                _ => None,
            };
            let known = self
                .root
                .links
                .iter()
                .find(|l| l.from == from && l.name == name.node)
                .map(|l| (l.id, l.span));
            match known {
                Some((other, span)) if other != id || id.is_none() => {
                    if id.is_some() {
                        let of = self.program[from].name.clone();
                        self.report(
                            Diagnostic::error(
                                codes::DEFINED_TWICE,
                                format!("Link `{}` of `{of}` is defined twice", name.node),
                            )
                            .label(name.span, "defined again")
                            .label(span, "defined here")
                            .help("choose another name"),
                        );
                    }
                }
                Some(_) => {}
                None => self.root.links.push(RootLink {
                    from,
                    name: name.node.clone(),
                    id,
                    span: name.span,
                }),
            }
        }
    }

    fn intern_link(
        &mut self,
        name: &str,
        from: DimId,
        to: DimId,
        on: Vec<LinkPair>,
        span: Span,
    ) -> LinkId {
        let covered: Vec<usize> = on
            .iter()
            .filter_map(|p| match &*p.to.kind {
                ExprKind::Column { row, column } if row.links.is_empty() => Some(*column),
                _ => None,
            })
            .collect();
        let key = &self.program[to].key;
        let to_one = !key.is_empty() && key.iter().all(|k| covered.contains(k));
        let link = Link { name: name.to_string(), from, to, on, to_one, span };
        let known = self.program.links.iter().position(|l| {
            (&l.name, l.from, l.to, &l.on) == (&link.name, link.from, link.to, &link.on)
        });
        let index = known.unwrap_or_else(|| {
            self.program.links.push(link);
            self.program.links.len() - 1
        });
        LinkId(index as u32)
    }

    /// The equalities of a link, left and right; `None` when one was wrong.
    fn link_pairs(
        &mut self,
        file: usize,
        link: &ast::Link,
        left: DimId,
        right: DimId,
    ) -> Option<Vec<(Expr, Expr)>> {
        let mut equalities = Vec::new();
        self.equalities(&link.on, &mut equalities);
        let mut pairs = Vec::new();
        let mut fine = true;
        let names = (&link.left.dimension.node, &link.right.dimension.node);
        for equality in equalities {
            let Some((l, r)) = equality else {
                fine = false;
                continue;
            };
            if names.0 != names.1 && (starts_with(l, names.1) || starts_with(r, names.0)) {
                fine = false;
                self.report(
                    Diagnostic::error(
                        type_codes::LINK_CONDITION,
                        format!("The left operand of a link belongs to `{}`", names.0),
                    )
                    .label(l.span, format!("belongs to `{}`", names.1))
                    .help("swap the two operands"),
                );
                continue;
            }
            let l = self.link_operand(file, l, left, names.0);
            let r = self.link_operand(file, r, right, names.1);
            if self.comparable(&l, &r, None) {
                pairs.push((l, r));
            } else {
                fine = false;
            }
        }
        fine.then_some(pairs)
    }

    fn link_operand(&mut self, file: usize, expr: &ast::Expr, of: DimId, name: &str) -> Expr {
        let mut level = Level::dimension(&self.program, of, Row::frame(0));
        if !level.names.iter().any(|n| n == name) {
            level.names.insert(0, name.to_string());
        }
        self.bind_value(expr, &Scope::of(file, level))
    }

    /// The equalities that a condition is made of; `None` for a part that is something else.
    fn equalities<'e>(
        &mut self,
        on: &'e ast::Expr,
        out: &mut Vec<Option<(&'e ast::Expr, &'e ast::Expr)>>,
    ) {
        match &*on.kind {
            ast::ExprKind::And(parts) => parts.iter().for_each(|p| self.equalities(p, out)),
            ast::ExprKind::Group(inner) => self.equalities(inner, out),
            ast::ExprKind::Compare { left, op, right, ignoring_case: false }
                if op.node == ast::CompareOp::Eq =>
            {
                out.push(Some((left, right)));
            }
            ast::ExprKind::Invalid => out.push(None),
            _ => {
                self.report(
                    Diagnostic::error(type_codes::LINK_CONDITION, "A link is made of equalities")
                        .label(on.span, "not an equality")
                        .help("write `A.column = B.column`, more of them joined by `and`"),
                );
                out.push(None);
            }
        }
    }

    // ---------------------------------------------------------------- looking up

    /// The link of a dimension with this name: declared, of a FOREIGN KEY, or `deliveries`.
    /// `Some(None)` when its declaration was wrong and reported.
    pub(super) fn find_link(&mut self, from: DimId, name: &str) -> Option<Option<LinkId>> {
        let links: Vec<RootLink> =
            self.root.links.iter().filter(|l| l.from == from).cloned().collect();
        if let super::scope::Found::One(at) =
            super::scope::find_name(name, links.iter().map(|l| l.name.as_str()))
        {
            return Some(links[at].id);
        }
        let found = self.foreign_link(from, name).or_else(|| {
            (name == "deliveries").then(|| self.deliveries_link(from)).flatten().map(Some)
        })?;
        self.root.links.push(RootLink {
            from,
            name: name.to_string(),
            id: found,
            span: self.program[from].span,
        });
        Some(found)
    }

    /// The names of a dimension's links, for suggestions.
    pub(super) fn link_names(&mut self, from: DimId) -> Vec<String> {
        let mut names: Vec<String> =
            self.root.links.iter().filter(|l| l.from == from).map(|l| l.name.clone()).collect();
        if let Some(relation) = self.root.foreign_keys.get(&from) {
            names.extend(relation.foreign_keys.iter().map(to_one_name));
            if let Scan::Table { database, schema, table } = &relation.scan {
                for (&other, source) in &self.root.foreign_keys {
                    if let Scan::Table { database: d, schema: s, .. } = &source.scan
                        && (d, s) == (database, schema)
                        && source.foreign_keys.iter().any(|k| &k.table == table)
                    {
                        names.push(self.program[other].name.clone());
                    }
                }
            }
        }
        names.sort();
        names.dedup();
        names
    }

    /// A link of a FOREIGN KEY, in either direction.
    fn foreign_link(&mut self, from: DimId, name: &str) -> Option<Option<LinkId>> {
        let relation = self.root.foreign_keys.get(&from)?.clone();
        let Scan::Table { database, schema, table } = &relation.scan else { return None };
        let span = self.program[from].span;
        // To one: this table points there.
        let mut pointing = relation.foreign_keys.iter().filter(|k| to_one_name(k) == name);
        if let Some(key) = pointing.next() {
            if pointing.next().is_some() {
                return Some(self.unclear_link(from, name));
            }
            let target = self.sibling(database, schema, &key.table, span)?;
            let on = self.key_pairs(from, &key.columns, target, &key.target_columns)?;
            return Some(Some(self.intern_link(name, from, target, on, span)));
        }
        // To many: a table of that name points here.
        let source = self.sibling_if_any(database, schema, name)?;
        let source_relation = self.root.foreign_keys.get(&source)?.clone();
        let mut pointing = source_relation.foreign_keys.iter().filter(|k| &k.table == table);
        let key = pointing.next()?;
        if pointing.next().is_some() {
            return Some(self.unclear_link(from, name));
        }
        let on = self.key_pairs(from, &key.target_columns, source, &key.columns)?;
        Some(Some(self.intern_link(name, from, source, on, span)))
    }

    /// Two FOREIGN KEYs give links of one name: neither is chosen.
    fn unclear_link(&mut self, from: DimId, name: &str) -> Option<LinkId> {
        let of = self.program[from].name.clone();
        let span = self.program[from].span;
        self.report(
            Diagnostic::error(
                codes::AMBIGUOUS,
                format!("Two FOREIGN KEYs give `{of}` a link `{name}`"),
            )
            .label(span, "which of the two?")
            .help(format!("name them: `link {of}.NAME, {name} on …`")),
        );
        None
    }

    fn key_pairs(
        &self,
        from: DimId,
        from_columns: &[String],
        to: DimId,
        to_columns: &[String],
    ) -> Option<Vec<LinkPair>> {
        let column = |dimension: DimId, name: &String| {
            let at = self.program[dimension].columns.iter().position(|c| &c.name == name)?;
            let span = self.program[dimension].span;
            Some(self.column_expr(dimension, &Row::frame(0), at, span))
        };
        from_columns
            .iter()
            .zip(to_columns)
            .map(|(f, t)| Some(LinkPair { from: column(from, f)?, to: column(to, t)? }))
            .collect()
    }

    /// The dimension of another table of the same database: the declared one, else the table.
    fn sibling(&mut self, database: &str, schema: &str, table: &str, span: Span) -> Option<DimId> {
        let mut declared: Vec<DimId> = self
            .root
            .foreign_keys
            .iter()
            .filter(|(_, r)| {
                matches!(&r.scan, Scan::Table { database: d, schema: s, table: t }
                    if (d.as_str(), s.as_str(), t.as_str()) == (database, schema, table))
            })
            .map(|(&id, _)| id)
            .collect();
        declared.sort_by_key(|&id| (self.program[id].name != table, id));
        if let Some(&id) = declared.first() {
            return Some(id);
        }
        self.table_dimension(&self.engine_parts(database, schema, table), span)
    }

    fn sibling_if_any(&mut self, database: &str, schema: &str, name: &str) -> Option<DimId> {
        // A declared dimension of this name wins over the table of this name.
        let mut declared: Vec<DimId> = self
            .root
            .foreign_keys
            .iter()
            .filter(|(id, r)| {
                matches!(&r.scan, Scan::Table { database: d, schema: s, .. }
                    if (d.as_str(), s.as_str()) == (database, schema))
                    && self.program[**id].name == name
            })
            .map(|(&id, _)| id)
            .collect();
        declared.sort_unstable();
        if let Some(&id) = declared.first() {
            return Some(id);
        }
        let file = self.root.file;
        if matches!(
            self.entity(file, name).map(|e| e.entity),
            Some(Entity::Dimension(..) | Entity::Error)
        ) {
            return None;
        }
        if database != "project" || !self.is_table(name) {
            return None;
        }
        let span = Span::default();
        self.sibling(database, schema, name, span)
    }

    fn engine_parts(&self, database: &str, schema: &str, table: &str) -> Vec<String> {
        match (database, schema) {
            ("project", "main") => vec![table.to_string()],
            ("project", schema) => vec![schema.to_string(), table.to_string()],
            _ => vec![database.to_string(), schema.to_string(), table.to_string()],
        }
    }

    fn deliveries_link(&mut self, from: DimId) -> Option<LinkId> {
        let span = self.program[from].span;
        let key = self.member_text(from, &Row::frame(0), span)?;
        let name = self.program[from].name.clone();
        let to = self.deliveries_dimension();
        if from == to {
            return None;
        }
        let there =
            |binder: &Self, column| binder.column_expr(to, &Row::frame(0), column, Span::default());
        let on = vec![
            LinkPair { from: text(&name, span), to: there(self, 0) },
            LinkPair { from: key, to: there(self, 1) },
        ];
        Some(self.intern_link("deliveries", from, to, on, span))
    }

    // ---------------------------------------------------------------- paths of links

    /// A path over at least one link to many rows; `None` when that was reported.
    pub(super) fn bind_links(&mut self, path: &ast::Path, scope: &Scope) -> Option<Links> {
        let links = self.bind_any_links(path, scope)?;
        let to_one = links.steps.iter().all(|s| self.program[s.link].to_one);
        if to_one {
            let written = dotted(path);
            self.report(
                Diagnostic::error(type_codes::ONE_ROW, format!("`{written}` leads to one row"))
                    .label(path.span, "a link to many rows is needed")
                    .help(format!("write the columns as a path: `{written}.COLUMN`")),
            );
            return None;
        }
        Some(links)
    }

    /// A path of links, to one or to many. To-one links before the first to-many one belong to
    /// the row it starts from, unless all are to one.
    pub(super) fn bind_any_links(&mut self, path: &ast::Path, scope: &Scope) -> Option<Links> {
        if let [name] = path.parts.as_slice()
            && !self.is_known_link(name, scope)
        {
            return None;
        }
        match self.meaning_of_links(path, scope) {
            Meaning::Row { mut row, .. } => {
                // The plugin bridge asks for to-one links too: the last one is the step.
                let link = row.links.pop()?;
                let frame = scope.next_frame;
                Some(Links { from: row, steps: vec![LinkStep { link, frame }] })
            }
            Meaning::Many { link, at, row: from } => {
                let mut frame = scope.next_frame;
                let mut steps = vec![LinkStep { link, frame }];
                let mut dimension = self.program[link].to;
                for part in &path.parts[at + 1..] {
                    match self.find_link(dimension, &part.node) {
                        Some(Some(link)) => {
                            frame += 1;
                            steps.push(LinkStep { link, frame });
                            dimension = self.program[link].to;
                        }
                        Some(None) => return None,
                        None => {
                            let of = self.program[dimension].name.clone();
                            let names = self.link_names(dimension);
                            let help = suggest::unknown_name(
                                &part.node,
                                "links",
                                names.iter().map(String::as_str),
                            );
                            self.report(
                                Diagnostic::error(
                                    codes::UNKNOWN_LINK,
                                    format!("`{}` is not a link of `{of}`", part.node),
                                )
                                .label(part.span, "not known")
                                .maybe_help(help),
                            );
                            return None;
                        }
                    }
                }
                Some(Links { from, steps })
            }
            Meaning::Value(value) => {
                if value.ty != Type::Error {
                    let written = dotted(path);
                    self.report(
                        Diagnostic::error(
                            codes::UNKNOWN_LINK,
                            format!("`{written}` is a value, not a link"),
                        )
                        .label(path.span, "a link is needed"),
                    );
                }
                None
            }
        }
    }

    /// A bare name in the place of a link is a link, whatever else has its name.
    fn meaning_of_links(&mut self, path: &ast::Path, scope: &Scope) -> Meaning {
        if let ([name], Some(level)) = (path.parts.as_slice(), scope.levels.last())
            && let Some(dimension) = level.dimension
            && let Some(Some(link)) = self.find_link(dimension, &name.node)
        {
            let mut row = level.row.clone();
            if self.program[link].to_one {
                row.links.push(link);
                return Meaning::Row { row, dimension: self.program[link].to };
            }
            return Meaning::Many { link, at: 0, row };
        }
        self.meaning(path, scope)
    }

    /// The nearest table whose FOREIGN KEY gives a link of its name, as help.
    fn near_table_link(&mut self, from: DimId, written: &str) -> Option<String> {
        self.is_table("");
        let mut tables: Vec<String> = self.table_names.iter().flatten().cloned().collect();
        tables.sort();
        let near = suggest::nearest(written, tables.iter().map(String::as_str))?;
        self.find_link(from, near)??;
        Some(format!("did you mean `{near}`?"))
    }

    /// Whether a bare name is a link of the innermost row; reports it when it is not.
    fn is_known_link(&mut self, name: &ast::Name, scope: &Scope) -> bool {
        let level = scope.levels.last();
        if let Some(dimension) = level.and_then(|l| l.dimension) {
            match self.find_link(dimension, &name.node) {
                Some(Some(_)) => return true,
                Some(None) => return false,
                None => {}
            }
        }
        let entry = self.entity(scope.file, &name.node);
        if self.may_exist(scope.file, &name.node)
            || entry.as_ref().is_some_and(|e| e.entity == Entity::Error)
        {
            return false;
        }
        let here =
            level.and_then(|l| l.names.last().cloned()).unwrap_or_else(|| "these rows".to_string());
        let known = match level.and_then(|l| l.dimension) {
            Some(dimension) => self.link_names(dimension),
            None => Vec::new(),
        };
        let near =
            level.and_then(|l| l.dimension).and_then(|d| self.near_table_link(d, &name.node));
        let help = near
            .or_else(|| {
                suggest::unknown_name(&name.node, "links", known.iter().map(String::as_str))
            })
            .unwrap_or_else(|| format!("declare it: `link {here}.{}, … on …`", name.node));
        let title = match entry {
            Some(entry) => {
                let kind = entry.entity.kind();
                format!("`{}` is a {kind}, not a link of `{here}`", name.node)
            }
            None => format!("`{}` is not a link of `{here}`", name.node),
        };
        self.report(
            Diagnostic::error(codes::UNKNOWN_LINK, title).label(name.span, "not known").help(help),
        );
        false
    }

    /// The scope inside a quantifier or an aggregate: one more level per step.
    pub(super) fn scope_of_links(&self, scope: &Scope, path: &ast::Path, links: &Links) -> Scope {
        let mut inner = scope.clone();
        let names = &path.parts[path.parts.len().saturating_sub(links.steps.len())..];
        for (step, written) in links.steps.iter().zip(names) {
            let link = &self.program[step.link];
            let mut level = Level::dimension(&self.program, link.to, Row::frame(step.frame));
            if !level.names.contains(&written.node) {
                level.names.insert(0, written.node.clone());
            }
            inner.levels.push(level);
            inner.next_frame = step.frame + 1;
        }
        inner
    }
}

/// `customer_id` → `customer`; of several columns, the table.
fn to_one_name(key: &crate::model::schema::ForeignKey) -> String {
    match key.columns.as_slice() {
        [column] => column.strip_suffix("_id").unwrap_or(column).to_string(),
        _ => key.table.clone(),
    }
}

/// Whether an operand speaks of rows by this name.
fn starts_with(expr: &ast::Expr, name: &str) -> bool {
    match &*expr.kind {
        ast::ExprKind::Path(path) => path.parts.len() > 1 && path.parts[0].node == name,
        ast::ExprKind::Group(inner) | ast::ExprKind::Neg(inner) => starts_with(inner, name),
        ast::ExprKind::Call(call) => call.args.iter().any(|a| starts_with(&a.expr, name)),
        ast::ExprKind::Arith(l, _, r) => starts_with(l, name) || starts_with(r, name),
        _ => false,
    }
}

/// The dimensions that an expression reaches by links.
pub(super) fn collect_targets(program: &Program, expr: &Expr, out: &mut Vec<DimId>) {
    expr.walk(&mut |e| {
        let mut row = |row: &Row| out.extend(row.links.iter().map(|&l| program[l].to));
        match &*e.kind {
            ExprKind::Column { row: r, .. } | ExprKind::Member { row: r, .. } => row(r),
            ExprKind::Moved { row: r, .. } => row(r),
            ExprKind::Quantified { links, .. } | ExprKind::Aggregate { links, .. } => {
                row(&links.from);
                out.extend(links.steps.iter().map(|s| program[s.link].to));
            }
            _ => {}
        }
    });
}
