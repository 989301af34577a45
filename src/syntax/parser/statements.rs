//! Pairs → statements.

use super::{Builder, Node, Rule};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::syntax as codes;
use crate::source::{Span, Spanned};
use crate::syntax::ast::*;
use crate::syntax::schedule;

impl Builder<'_> {
    /// The statement; `None` when a part of it is missing, which the grammar excludes.
    pub(super) fn statement(&mut self, node: Node<'_>) -> Option<StatementKind> {
        let inner = node.into_inner().next()?;
        Some(match inner.as_rule() {
            Rule::campaign => StatementKind::Campaign(self.campaign(inner)?),
            Rule::import => StatementKind::Import(self.text_of(inner)?),
            Rule::database => StatementKind::Database(self.database(inner)?),
            Rule::dimension => StatementKind::Dimension(self.dimension(inner)?),
            Rule::link => StatementKind::Link(self.link(inner)?),
            Rule::define => StatementKind::Define(self.define(inner)?),
            Rule::param => {
                let parameter = inner.into_inner().find(|p| p.as_rule() == Rule::parameter)?;
                StatementKind::Param(self.parameter(parameter)?)
            }
            Rule::use_plugins => {
                let names = inner.into_inner().find(|p| p.as_rule() == Rule::names)?;
                StatementKind::Use(self.names(names))
            }
            Rule::expect => {
                let (mut condition, mut message) = (None, None);
                for part in inner.into_inner() {
                    match part.as_rule() {
                        Rule::expr => condition = Some(self.expr(part)),
                        Rule::text => message = Some(self.text(part)),
                        _ => {}
                    }
                }
                StatementKind::Expect(Expect { condition: condition?, message })
            }
            Rule::test => StatementKind::Test(self.unit_test(inner)?),
            Rule::expr => {
                StatementKind::Expect(Expect { condition: self.expr(inner), message: None })
            }
            _ => StatementKind::Call(self.call(inner)?),
        })
    }

    /// Reports a part that is there already.
    pub(super) fn twice(&mut self, what: &str, span: Span, first: Option<Span>) {
        if let Some(first) = first {
            self.diagnostics.push(
                Diagnostic::error(codes::CLAUSE_TWICE, format!("`{what}` is written twice"))
                    .label(span, "again here")
                    .label(first, "first here")
                    .help(match what {
                        "where" => "join conditions by `and`; those on linked rows stand in the \
                                    bracket, as in `count(orders where …)`"
                            .to_owned(),
                        _ => format!("keep one `{what}`"),
                    }),
            );
        }
    }

    fn campaign(&mut self, node: Node<'_>) -> Option<Campaign> {
        let mut label = None;
        let mut campaign = Campaign {
            label: Spanned::new(String::new(), self.whole),
            timezone: None,
            description: None,
            schedule: None,
        };
        let mut schedule_at: Option<Span> = None;
        for part in node.into_inner() {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::text => label = Some(self.text(part)),
                Rule::timezone => {
                    self.twice("timezone", span, campaign.timezone.as_ref().map(|t| t.span));
                    campaign.timezone = self.text_of(part);
                }
                Rule::description => {
                    self.twice("description", span, campaign.description.as_ref().map(|t| t.span));
                    campaign.description = self.text_of(part);
                }
                Rule::schedule => {
                    self.twice("schedule", span, schedule_at);
                    schedule_at = Some(span);
                    let words = part.into_inner().find(|p| p.as_rule() == Rule::schedule_words)?;
                    let span = self.span(&words);
                    let words: Vec<Spanned<String>> = words
                        .into_inner()
                        .map(|w| Spanned::new(w.as_str().to_owned(), self.span(&w)))
                        .collect();
                    match schedule::read(&words) {
                        Ok(schedule) => campaign.schedule = Some(Spanned::new(schedule, span)),
                        Err(diagnostic) => self.diagnostics.push(*diagnostic),
                    }
                }
                _ => {}
            }
        }
        campaign.label = label?;
        Some(campaign)
    }

    fn database(&mut self, node: Node<'_>) -> Option<Database> {
        let (mut name, mut uri) = (None, None);
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::name => name = Some(self.name(part)),
                Rule::text => uri = Some(self.text(part)),
                _ => {}
            }
        }
        Some(Database { name: name?, uri: uri? })
    }

    fn dimension(&mut self, node: Node<'_>) -> Option<Dimension> {
        let (mut name, mut source) = (None, None);
        let (mut key, mut columns, mut filter, mut options) =
            (Vec::new(), Vec::new(), None, Vec::new());
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::name => name = Some(self.name(part)),
                Rule::text => source = Some(Source::File(self.text(part))),
                Rule::path => source = Some(Source::Table(self.path(part))),
                Rule::key => {
                    let names = part.into_inner().find(|p| p.as_rule() == Rule::names);
                    key = names.map(|n| self.names(n)).unwrap_or_default();
                }
                Rule::columns => {
                    for column in part.into_inner().filter(|p| p.as_rule() == Rule::column) {
                        columns.extend(self.column(column));
                    }
                }
                Rule::where_clause => filter = Some(self.condition(part)),
                Rule::with_clause => options = self.entries(part),
                _ => {}
            }
        }
        Some(Dimension { name: name?, source: source?, key, columns, filter, options })
    }

    fn column(&mut self, node: Node<'_>) -> Option<ColumnDecl> {
        let (mut name, mut ty, mut format) = (None, None, None);
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::name => name = Some(self.name(part)),
                Rule::type_name => ty = self.type_name(part),
                Rule::text => format = Some(self.text(part)),
                _ => {}
            }
        }
        Some(ColumnDecl { name: name?, ty: ty?, format })
    }

    pub(super) fn type_name(&mut self, node: Node<'_>) -> Option<TypeName> {
        let span = self.span(&node);
        let (mut list, mut name, mut args) = (false, None, Vec::new());
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::kw_list => list = true,
                Rule::name => name = Some(self.name(part)),
                Rule::number => args.extend(self.whole_number(part)),
                _ => {}
            }
        }
        Some(TypeName { list, name: name?, args, span })
    }

    /// A number without a point that fits.
    fn whole_number<T: std::str::FromStr>(&mut self, node: Node<'_>) -> Option<Spanned<T>> {
        let span = self.span(&node);
        match node.as_str().replace('_', "").parse() {
            Ok(number) => Some(Spanned::new(number, span)),
            Err(_) => {
                self.diagnostics.push(
                    Diagnostic::error(
                        codes::NUMBER,
                        format!("`{}` does not fit here", node.as_str()),
                    )
                    .label(span, "needs a whole number")
                    .help("write a smaller number, without a point"),
                );
                None
            }
        }
    }

    fn link(&mut self, node: Node<'_>) -> Option<Link> {
        let mut ends = Vec::new();
        let mut on = None;
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::link_end => {
                    let mut names = part.into_inner().filter(|p| p.as_rule() == Rule::name);
                    let dimension = names.next().map(|n| self.name(n))?;
                    ends.push(LinkEnd { dimension, name: names.next().map(|n| self.name(n)) });
                }
                Rule::expr => on = Some(self.expr(part)),
                _ => {}
            }
        }
        let mut ends = ends.into_iter();
        Some(Link { left: ends.next()?, right: ends.next()?, on: on? })
    }

    fn define(&mut self, node: Node<'_>) -> Option<Define> {
        let mut names = Vec::new();
        let (mut params, mut body) = (Vec::new(), None);
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::name => names.push(self.name(part)),
                Rule::params => {
                    for parameter in part.into_inner().filter(|p| p.as_rule() == Rule::parameter) {
                        params.extend(self.parameter(parameter));
                    }
                }
                Rule::expr => body = Some(self.expr(part)),
                _ => {}
            }
        }
        let mut names = names.into_iter();
        Some(Define { name: names.next()?, params, on: names.next(), body: body? })
    }

    fn parameter(&mut self, node: Node<'_>) -> Option<Param> {
        let (mut name, mut ty, mut default) = (None, None, None);
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::name => name = Some(self.name(part)),
                Rule::type_name => ty = self.type_name(part),
                Rule::expr => default = Some(self.expr(part)),
                _ => {}
            }
        }
        Some(Param { name: name?, ty: ty?, default })
    }

    fn call(&mut self, node: Node<'_>) -> Option<Call> {
        let mut outputs = Vec::new();
        let mut activity = None;
        let mut clauses = Vec::new();
        let (mut wait_for, mut only_if) = (None::<(Span, Vec<Name>)>, None::<(Span, Expr)>);
        for part in node.into_inner() {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::names => outputs = self.names(part),
                Rule::wait_for => {
                    self.twice("wait for", span, wait_for.as_ref().map(|w| w.0));
                    let names = part.into_inner().find(|p| p.as_rule() == Rule::names)?;
                    wait_for = Some((span, self.names(names)));
                }
                Rule::only_if => {
                    self.twice("only if", span, only_if.as_ref().map(|w| w.0));
                    only_if = Some((span, self.condition(part)));
                }
                Rule::assign => {}
                _ => activity = Some(self.activity(part, &mut clauses)?),
            }
        }
        Some(Call {
            outputs,
            activity: activity?,
            clauses,
            wait_for: wait_for.map(|w| w.1).unwrap_or_default(),
            only_if: only_if.map(|c| c.1),
        })
    }

    /// The name of an activity; its clauses go where they belong.
    fn activity(&mut self, node: Node<'_>, clauses: &mut Vec<Clause>) -> Option<Name> {
        let rule = node.as_rule();
        let mut name: Option<Name> = None;
        let mut order = ClauseOrder::default();
        for part in node.into_inner() {
            let span = self.span(&part);
            let kind = match part.as_rule() {
                Rule::kw_build
                | Rule::kw_read
                | Rule::kw_save
                | Rule::kw_combine
                | Rule::kw_export => {
                    name = Some(Spanned::new(part.as_str().to_owned(), span));
                    continue;
                }
                Rule::kw_audience => {
                    if let Some(name) = &mut name {
                        name.node.push_str(" audience");
                        name.span = name.span.to(span);
                    }
                    continue;
                }
                Rule::path if rule == Rule::activity => {
                    let path = self.path(part);
                    let parts: Vec<&str> = path.parts.iter().map(|p| p.node.as_str()).collect();
                    name = Some(Spanned::new(parts.join("."), path.span));
                    continue;
                }
                Rule::kw_from => continue,
                _ => self.clause(part)?,
            };
            self.check_order(&kind, span, &mut order);
            clauses.push(Spanned::new(kind, span));
        }
        name
    }

    fn clause(&mut self, node: Node<'_>) -> Option<ClauseKind> {
        let rule = node.as_rule();
        let find = |wanted: Rule| node.clone().into_inner().find(|p| p.as_rule() == wanted);
        Some(match rule {
            Rule::path => ClauseKind::Inputs(vec![self.path(node)]),
            Rule::paths => {
                let paths = node.into_inner().filter(|p| p.as_rule() == Rule::path);
                ClauseKind::Inputs(paths.map(|p| self.path(p)).collect())
            }
            Rule::text => ClauseKind::Label(self.text(node)),
            Rule::as_label => ClauseKind::As(self.text_of(node)?),
            Rule::to_target => match find(Rule::path) {
                Some(path) => ClauseKind::ToTable(self.path(path)),
                None => ClauseKind::To(self.text_of(node)?),
            },
            Rule::where_clause => ClauseKind::Where(self.condition(node)),
            Rule::select => ClauseKind::Select(self.select(node)),
            Rule::order_by => ClauseKind::OrderBy(self.sorts(node)),
            Rule::limit => ClauseKind::Limit(self.limit(node)),
            Rule::version => ClauseKind::Version(self.whole_number(find(Rule::number)?)?),
            Rule::on_matching => {
                let name = self.name(find(Rule::name)?);
                ClauseKind::OnMatching(name, self.expr(find(Rule::expr)?))
            }
            Rule::set => ClauseKind::Set(self.set(node)?),
            Rule::common_columns => ClauseKind::CommonColumnsOnly,
            Rule::create_or_update => ClauseKind::CreateOrUpdate,
            Rule::update_existing => ClauseKind::UpdateExisting,
            Rule::replace => ClauseKind::Replace,
            Rule::append => ClauseKind::Append,
            Rule::merge => ClauseKind::Merge,
            Rule::expires => ClauseKind::ExpiresIn(self.timespan(find(Rule::timespan)?)),
            Rule::retain => ClauseKind::Retain(self.count(find(Rule::count)?)),
            Rule::for_each => ClauseKind::ForEach(self.name(find(Rule::name)?)),
            Rule::with_clause => ClauseKind::With(self.entries(node)),
            _ => return None,
        })
    }

    /// A clause twice, two modes at once, or a clause before one that comes first.
    fn check_order(&mut self, kind: &ClauseKind, span: Span, order: &mut ClauseOrder) {
        let Some((group, rank, word)) = placing(kind) else { return };
        if let Some((_, _, first_word, first)) = order.seen.iter().find(|(g, ..)| *g == group) {
            let first = *first;
            if *first_word == word {
                self.twice(word, span, Some(first));
            } else {
                let title = format!("`{first_word}` and `{word}` exclude each other");
                self.diagnostics.push(
                    Diagnostic::error(codes::CLAUSE_TWICE, title)
                        .label(span, "the second one")
                        .label(first, "the first one")
                        .help("keep one of them"),
                );
            }
            return;
        }
        if let Some((_, _, later, at)) = order.seen.iter().find(|(_, r, ..)| *r > rank) {
            let (later, at) = (*later, *at);
            self.diagnostics.push(
                Diagnostic::error(codes::CLAUSE_ORDER, format!("`{word}` stands behind `{later}`"))
                    .label(span, format!("belongs before `{later}`"))
                    .label(at, "comes after it")
                    .help(format!("move `{word}` in front of `{later}`")),
            );
        }
        order.seen.push((group, rank, word, span));
    }

    /// The expression of `where …` and `only if …`.
    fn condition(&mut self, node: Node<'_>) -> Expr {
        let span = self.span(&node);
        match node.into_inner().find(|p| p.as_rule() == Rule::expr) {
            Some(expr) => self.expr(expr),
            None => Expr::new(ExprKind::Invalid, span),
        }
    }

    fn select(&mut self, node: Node<'_>) -> Select {
        let mut select = Select { star: None, items: Vec::new() };
        for selected in node.into_inner().filter(|p| p.as_rule() == Rule::selected) {
            let span = self.span(&selected);
            let is_star = selected.clone().into_inner().any(|p| p.as_rule() == Rule::star);
            if is_star {
                self.twice("*", span, select.star);
                select.star = Some(span);
            } else {
                select.items.push(self.item(selected));
            }
        }
        select
    }

    fn sorts(&mut self, node: Node<'_>) -> Vec<Sort> {
        let mut sorts = Vec::new();
        for sort in node.into_inner().filter(|p| p.as_rule() == Rule::sort) {
            self.sort(sort, &mut sorts);
        }
        sorts
    }

    fn limit(&mut self, node: Node<'_>) -> Expr {
        let span = self.span(&node);
        match node.into_inner().find(|p| p.as_rule() == Rule::limit_value) {
            Some(value) => self.count(value),
            None => Expr::new(ExprKind::Invalid, span),
        }
    }

    pub(super) fn entries(&mut self, node: Node<'_>) -> Vec<Entry> {
        let entries = node.into_inner().filter(|p| p.as_rule() == Rule::entry);
        entries.filter_map(|e| self.entry(e)).collect()
    }

    fn entry(&mut self, node: Node<'_>) -> Option<Entry> {
        let span = self.span(&node);
        let (mut name, mut value) = (None, None);
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::name => name = Some(self.name(part)),
                Rule::subset => value = Some(EntryValue::Subset(self.subset(part))),
                Rule::item => value = Some(EntryValue::Item(self.item(part))),
                Rule::of_link => value = Some(self.reduced(value?, part)),
                _ => {}
            }
        }
        Some(Entry { name: name?, value: value?, span })
    }

    /// A value with the link whose rows have it.
    fn reduced(&mut self, value: EntryValue, node: Node<'_>) -> EntryValue {
        let EntryValue::Item(item) = value else { return value };
        let named = item.alias.as_ref().map(|alias| alias.span);
        if let Some(span) = named.or(item.descending.map(|_| item.expr.span)) {
            self.diagnostics.push(
                Diagnostic::error(codes::UNEXPECTED, "A value of a link has no name and no order")
                    .label(span, "not in front of `of`")
                    .help("write `VALUE of LINK where …`"),
            );
        }
        let span = item.expr.span.to(self.span(&node));
        let (mut of, mut condition) = (None, None);
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::path => of = Some(self.path(part)),
                Rule::expr => condition = Some(self.expr(part)),
                _ => {}
            }
        }
        let (name, distinct, by, expr) = (None, false, Vec::new(), item.expr);
        EntryValue::Reduced(Arg { name, distinct, expr, of, condition, by, span })
    }

    fn subset(&mut self, node: Node<'_>) -> Subset {
        let span = self.span(&node);
        let mut subset = Subset { rule: None, order: Vec::new(), limit: None, span };
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::where_clause => subset.rule = Some(self.condition(part)),
                Rule::subset_order => subset.order = self.sorts(part),
                Rule::limit => subset.limit = Some(self.limit(part)),
                _ => {}
            }
        }
        subset
    }

    fn set(&mut self, node: Node<'_>) -> Option<SetExpr> {
        let span = self.span(&node);
        let mut first = None;
        let mut steps = Vec::new();
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::set_term => first = Some(self.set_term(part)?),
                Rule::set_step => steps.push(self.set_step(part)?),
                _ => {}
            }
        }
        let first = first?;
        if steps.is_empty() {
            return Some(first);
        }
        Some(SetExpr { kind: SetKind::Chain(Box::new(first), steps), span })
    }

    fn set_term(&mut self, node: Node<'_>) -> Option<SetExpr> {
        let span = self.span(&node);
        for part in node.into_inner() {
            let kind = match part.as_rule() {
                Rule::audience => SetKind::Audience(self.text_of(part)?),
                Rule::name => SetKind::Transition(self.name(part)),
                Rule::set => self.set(part)?.kind,
                _ => continue,
            };
            return Some(SetExpr { kind, span });
        }
        None
    }

    fn set_step(&mut self, node: Node<'_>) -> Option<SetOperand> {
        let (mut op, mut set, mut matching) = (None, None, Vec::new());
        for part in node.into_inner() {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::kw_union => op = Some(Spanned::new(SetOp::Union, span)),
                Rule::kw_intersect => op = Some(Spanned::new(SetOp::Intersect, span)),
                Rule::kw_exclude => op = Some(Spanned::new(SetOp::Exclude, span)),
                Rule::set_term => set = self.set_term(part),
                Rule::matching => {
                    for expr in part.into_inner().filter(|p| p.as_rule() == Rule::expr) {
                        matching.push(self.expr(expr));
                    }
                }
                _ => {}
            }
        }
        Some(SetOperand { op: op?, set: set?, matching })
    }
}

/// The clauses of one call so far: group, rank, words, place.
#[derive(Default)]
struct ClauseOrder {
    seen: Vec<(u8, u8, &'static str, Span)>,
}

/// The group of a clause, of which a call has one, its rank in the order of clauses, its words.
fn placing(kind: &ClauseKind) -> Option<(u8, u8, &'static str)> {
    Some(match kind {
        ClauseKind::Inputs(_) | ClauseKind::Label(_) | ClauseKind::Set(_) => return None,
        ClauseKind::As(_) => (0, 0, "as"),
        ClauseKind::To(_) | ClauseKind::ToTable(_) => (1, 0, "to"),
        ClauseKind::Where(_) => (2, 1, "where"),
        ClauseKind::Select(_) => (3, 2, "select"),
        ClauseKind::OrderBy(_) => (4, 3, "order by"),
        ClauseKind::Limit(_) => (5, 4, "limit"),
        ClauseKind::With(_) => (6, 5, "with"),
        ClauseKind::Version(_) => (7, 0, "version"),
        ClauseKind::OnMatching(..) => (8, 1, "on … matching"),
        ClauseKind::CommonColumnsOnly => (9, 0, "common columns only"),
        ClauseKind::CreateOrUpdate => (10, 0, "create or update"),
        ClauseKind::UpdateExisting => (10, 0, "update existing"),
        ClauseKind::Replace => (11, 0, "replace"),
        ClauseKind::Append => (11, 0, "append"),
        ClauseKind::Merge => (11, 0, "merge"),
        ClauseKind::ExpiresIn(_) => (12, 0, "expires in"),
        ClauseKind::Retain(_) => (13, 0, "retain"),
        ClauseKind::ForEach(_) => (14, 0, "for each"),
    })
}
