//! Reads the `with` of a call against the manifest: every ordinary check, each at the argument that
//! is wrong, and no library loaded for it.

use std::collections::HashMap;

use serde_json::{Map, Value as Json, json};

use crate::activity::Clauses;
use crate::check::binder::{Binder, Input, Rows};
use crate::diagnostic::codes::{plan as plan_codes, plugin as codes, warnings};
use crate::diagnostic::{Diagnostic, suggest};
use crate::model::expr::{Aggregate, Expr, ExprKind, MatchPair, Population, Row, Sort};
use crate::model::program::DimId;
use crate::model::types::Type;
use crate::model::value::Value;
use crate::plan::clock::Clock;
use crate::plan::fold::{self, Folder};
use crate::plan::relation::as_frame_zero;
use crate::source::Span;
use crate::syntax::ast;

use super::bound::{BoundCall, BoundRelation, Places, RelationRows, never_missing};
use super::manifest::{Activity, OPEN, Param, ParamType};
use super::{constraints, wire};

/// Binds a call; `None` when something is wrong, which was reported.
pub fn bind(activity: &Activity, call: &ast::Call, binder: &mut Binder<'_>) -> Option<BoundCall> {
    let clock = {
        let options = binder.options();
        Clock::new(options.as_of, &binder.program()[binder.campaign()].timezone)
    };
    let mut reader = Reader {
        activity,
        clock,
        fine: true,
        complete: true,
        relations: Vec::new(),
        scopes: Vec::new(),
        inputs: Vec::new(),
        outputs: Vec::new(),
        values: Map::new(),
        secrets: HashMap::new(),
        places: Places { activity: call.activity.span, ..Places::default() },
        hidden: 0,
        keys: [0, 0],
        meant: Vec::new(),
    };
    reader.read(call, binder);
    let Reader { fine, complete, relations, outputs, values, secrets, places, .. } = reader;
    fine.then_some(BoundCall { relations, params: values, outputs, secrets, places, complete })
}

struct Reader<'m> {
    activity: &'m Activity,
    clock: Clock,
    fine: bool,
    complete: bool,
    relations: Vec<BoundRelation>,
    scopes: Vec<Rows>,
    inputs: Vec<Input>,
    outputs: Vec<(String, usize)>,
    values: Map<String, Json>,
    secrets: HashMap<String, String>,
    places: Places,
    hidden: usize,
    keys: [usize; 2],
    /// Parameters that an unknown key was likely meant for.
    meant: Vec<String>,
}

impl<'m> Reader<'m> {
    fn read(&mut self, call: &ast::Call, binder: &mut Binder<'_>) {
        let mut clauses = Clauses::of(call);
        let inputs = clauses.take(|c| matches!(c, ast::ClauseKind::Inputs(_)));
        let with = clauses.take(|c| matches!(c, ast::ClauseKind::With(_)));
        clauses.finish(binder);
        let paths: &[ast::Path] = match inputs {
            Some(ast::ClauseKind::Inputs(paths)) => paths,
            _ => &[],
        };
        let entries: &[ast::Entry] = match with {
            Some(ast::ClauseKind::With(entries)) => entries,
            _ => &[],
        };
        self.read_inputs(call, paths, binder);
        self.read_outputs(binder);
        let given = self.match_entries(entries, binder);
        if !self.fine && self.relations.len() < self.inputs_needed() {
            // Without its rows, everything else would only follow from that.
            return;
        }
        // Links and dimensions first: other parameters speak of their rows. In the order of the
        // manifest, which is that of the params document.
        let opening =
            |param: &&Param| matches!(param.ty, ParamType::Link { .. } | ParamType::Dimension);
        for param in self.activity.params.iter().filter(opening) {
            if let Some(entry) = given.iter().find(|(p, _)| p.name == param.name) {
                self.read_param(param, entry.1, binder);
            }
        }
        for (param, entry) in &given {
            if !opening(param) && param.name != OPEN {
                self.read_param(param, entry, binder);
            }
        }
        self.read_open(&given, binder);
        self.fill_in(&given, binder);
        self.check_rules(&given, binder);
    }

    fn inputs_needed(&self) -> usize {
        self.activity.inputs.iter().filter(|i| !i.optional).count()
    }

    // ---------------------------------------------------------------- inputs and outputs

    fn read_inputs(&mut self, call: &ast::Call, paths: &[ast::Path], binder: &mut Binder<'_>) {
        let most = self.activity.inputs.len();
        let name = &self.activity.name;
        if paths.len() < self.inputs_needed() {
            self.fine = false;
            let missing = &self.activity.inputs[paths.len()];
            let what = if missing.doc.is_empty() { &missing.name } else { &missing.doc };
            binder.report(
                Diagnostic::error(
                    plan_codes::CLAUSE,
                    format!("`{name}` does not say what it takes"),
                )
                .label(call.activity.span, "a population is missing")
                .help(format!("name {what} behind `{name}`")),
            );
        }
        if let Some(extra) = paths.get(most) {
            self.fine = false;
            let takes =
                if most == 1 { "one population".into() } else { format!("{most} populations") };
            binder.report(
                Diagnostic::error(plan_codes::CLAUSE, format!("`{name}` takes {takes}"))
                    .label(extra.span, "one too many"),
            );
        }
        for (declared, path) in self.activity.inputs.iter().zip(paths) {
            let Some(input) = binder.population(path) else {
                self.fine = false;
                return;
            };
            let Some(dimension) = input.dimension else {
                self.fine = false;
                return;
            };
            if !declared.keyless
                && binder.needs_key(&input, "its rows cannot be told apart").is_none()
            {
                self.fine = false;
                return;
            }
            self.places.insert(format!("inputs.{}", declared.name), path.span);
            self.scopes.push(binder.rows(&input));
            self.inputs.push(input.clone());
            self.relations.push(BoundRelation {
                name: declared.name.clone(),
                rows: RelationRows::Input { input, dimension },
                hidden: Vec::new(),
            });
        }
    }

    fn read_outputs(&mut self, binder: &mut Binder<'_>) {
        let repeat = self.activity.outputs.iter().position(|o| o.repeat);
        let names: Vec<ast::Name> = binder.output_names().to_vec();
        for (n, name) in names.iter().enumerate() {
            self.places.insert(format!("outputs.{}", name.node), name.span);
            let declared = repeat.unwrap_or(n);
            if declared < self.activity.outputs.len() {
                self.outputs.push((name.node.clone(), declared));
            }
            if self.activity.open().is_some()
                && self.activity.params.iter().any(|p| p.name == name.node)
            {
                self.fine = false;
                binder.report(
                    Diagnostic::error(
                        codes::OUTPUT_NAMED_LIKE_PARAMETER,
                        format!("`{}` is a parameter of `{}`", name.node, self.activity.name),
                    )
                    .label(name.span, "an output of the same name")
                    .help("choose another name for the output"),
                );
            }
        }
        if self.outputs.len() < *self.activity.named_outputs().start() {
            // Reported by the checker, which compares the numbers.
            self.fine = false;
        }
    }

    // ---------------------------------------------------------------- keys

    /// Each entry with its parameter; unknown and repeated keys are reported.
    fn match_entries<'e>(
        &mut self,
        entries: &'e [ast::Entry],
        binder: &mut Binder<'_>,
    ) -> Vec<(&'m Param, &'e ast::Entry)> {
        let mut given: Vec<(&'m Param, &'e ast::Entry)> = Vec::new();
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for entry in entries {
            let Some(param) = self.param_of(entry, binder) else {
                self.fine = false;
                continue;
            };
            let name = if param.name == OPEN { entry.name.node.as_str() } else { &param.name };
            if let Some(first) = seen.insert(name, entry.name.span) {
                self.fine = false;
                binder.report(
                    Diagnostic::error(
                        codes::PARAMETER_TWICE,
                        format!("`{}` is given twice", entry.name.node),
                    )
                    .label(entry.name.span, "again")
                    .label(first, "here")
                    .help("keep one of them"),
                );
                continue;
            }
            self.places.insert(format!("params.{name}"), entry_span(entry));
            given.push((param, entry));
        }
        given
    }

    fn param_of(&mut self, entry: &ast::Entry, binder: &mut Binder<'_>) -> Option<&'m Param> {
        let activity = self.activity;
        let name = entry.name.node.as_str();
        let params = || activity.params.iter().filter(|p| p.name != OPEN);
        if let Some(param) = params().find(|p| p.name == name) {
            if let Some(deprecated) = &param.deprecated {
                let mut warning = Diagnostic::warning(
                    warnings::PLUGIN,
                    format!("Parameter `{name}` of `{}` goes away", activity.name),
                )
                .label(entry.name.span, "deprecated");
                if !deprecated.instead.is_empty() {
                    warning = warning.help(format!("use `{}`", deprecated.instead));
                }
                binder.report(warning);
            }
            return Some(param);
        }
        if let Some(param) = params().find(|p| p.renamed_from.iter().any(|old| old == name)) {
            binder.report(
                Diagnostic::warning(
                    warnings::PLUGIN,
                    format!("Parameter `{name}` of `{}` has a new name", activity.name),
                )
                .label(entry.name.span, "an older name")
                .help(format!("write `{}`", param.name)),
            );
            return Some(param);
        }
        let outputs = binder.output_names().iter().map(|n| n.node.clone()).collect::<Vec<_>>();
        let mut known: Vec<&str> = params().map(|p| p.name.as_str()).collect();
        if let Some(open) = activity.open() {
            if outputs.iter().any(|n| n == name) {
                return Some(open);
            }
            known.splice(0..0, outputs.iter().map(String::as_str));
        }
        let title = match activity.open() {
            Some(_) => {
                format!("`{name}` is neither an output nor a parameter of `{}`", activity.name)
            }
            None => format!("`{name}` is not a parameter of `{}`", activity.name),
        };
        self.meant.extend(suggest::nearest(name, known.iter().copied()).map(str::to_owned));
        binder.unknown(
            codes::UNKNOWN_PARAMETER,
            title,
            entry.name.span,
            name,
            "parameters",
            &known,
        );
        None
    }

    fn read_param(&mut self, param: &Param, entry: &ast::Entry, binder: &mut Binder<'_>) {
        let path = format!("params.{}", param.name);
        let Some(value) = self.entry_value(&param.ty, entry, &param.name, &path, binder) else {
            return;
        };
        if self.constrained(param, &value, &path, binder) {
            self.values.insert(param.name.clone(), value);
        }
    }

    /// Subsets under the names of outputs, in the order in which they are written.
    fn read_open(&mut self, given: &[(&Param, &ast::Entry)], binder: &mut Binder<'_>) {
        let Some(open) = self.activity.open() else { return };
        let mut items = Vec::new();
        for (_, entry) in given.iter().filter(|(p, _)| p.name == OPEN) {
            let name = &entry.name.node;
            let path = format!("params.{name}");
            if let Some(Json::Object(mut item)) =
                self.entry_value(&open.ty, entry, name, &path, binder)
            {
                item.insert("name".into(), json!(name));
                items.push(Json::Object(item));
            }
        }
        if !items.is_empty() {
            self.values.insert(OPEN.into(), Json::Array(items));
        }
    }

    /// Defaults, seeds, and what is missing.
    fn fill_in(&mut self, given: &[(&Param, &ast::Entry)], binder: &mut Binder<'_>) {
        for param in &self.activity.params {
            if given.iter().any(|(p, _)| p.name == param.name) {
                continue;
            }
            if param.required {
                self.fine = false;
                if self.meant.contains(&param.name) {
                    continue;
                }
                let title = format!("`{}` needs `{}`", self.activity.name, param.name);
                binder.report(
                    Diagnostic::error(codes::PARAMETER_MISSING, title)
                        .label(self.places.activity, format!("`{}` is missing", param.name))
                        .help(format!("add `{}: …` ({})", param.name, param.ty.describe())),
                );
            } else if let Some(default) = &param.default {
                self.values.insert(param.name.clone(), default.clone());
            } else if param.ty == ParamType::Seed {
                self.values.insert(param.name.clone(), json!(binder.campaign_label()));
            }
        }
    }

    fn check_rules(&mut self, given: &[(&Param, &ast::Entry)], binder: &mut Binder<'_>) {
        let is_given = |name: &String| given.iter().any(|(p, _)| &p.name == name);
        let place =
            |name: &String| given.iter().find(|(p, _)| &p.name == name).map(|(_, e)| e.name.span);
        let list = |names: &[String]| {
            suggest::choices(names.iter().map(String::as_str)).unwrap_or_default()
        };
        for rule in &self.activity.rules {
            let mut broken: Option<(String, Span, String, String)> = None;
            let activity = &self.activity.name;
            let at = self.places.activity;
            if let Some(when) = rule.when.as_ref().filter(|w| is_given(w)) {
                let span = place(when).unwrap_or(at);
                if let Some(missing) = rule.need.iter().find(|n| !is_given(n)) {
                    broken = Some((
                        format!("`{when}` needs `{missing}` too"),
                        span,
                        format!("`{missing}` is missing"),
                        format!("add `{missing}: …`"),
                    ));
                } else if let Some(other) = rule.without.iter().find(|n| is_given(n)) {
                    broken = Some((
                        format!("`{when}` and `{other}` do not go together"),
                        place(other).unwrap_or(span),
                        "not with the other".into(),
                        format!("remove `{other}` or `{when}`"),
                    ));
                }
            }
            for (names, least, most) in [
                (&rule.exactly_one, 1, 1),
                (&rule.at_most_one, 0, 1),
                (&rule.at_least_one, 1, usize::MAX),
            ] {
                if names.is_empty() || broken.is_some() {
                    continue;
                }
                let there: Vec<&String> = names.iter().filter(|n| is_given(n)).collect();
                if there.len() < least {
                    broken = Some((
                        format!("`{activity}` needs one of {}", list(names)),
                        at,
                        "none is given".into(),
                        format!("add `{}: …`", names[0]),
                    ));
                } else if there.len() > most {
                    broken = Some((
                        format!("`{}` and `{}` do not go together", there[0], there[1]),
                        place(there[1]).unwrap_or(at),
                        "only one of them".into(),
                        format!("remove `{}` or `{}`", there[0], there[1]),
                    ));
                }
            }
            if let Some((title, span, label, help)) = broken {
                self.fine = false;
                let title = rule.message.clone().unwrap_or(title);
                let help = rule.help.clone().unwrap_or(help);
                binder.report(
                    Diagnostic::error(codes::RULE, sentence(&title)).label(span, label).help(help),
                );
            }
        }
    }

    // ---------------------------------------------------------------- values

    fn entry_value(
        &mut self,
        ty: &ParamType,
        entry: &ast::Entry,
        name: &str,
        path: &str,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let value = match (&entry.value, ty) {
            (ast::EntryValue::Subset(subset), ParamType::Subset(of)) => {
                self.subset(of, subset, path, binder)
            }
            (ast::EntryValue::Subset(subset), _) => {
                self.wrong(name, &ty.describe(), subset.span, "a part of the rows", None, binder)
            }
            (ast::EntryValue::Item(item), ParamType::Subset(_)) => self.wrong(
                name,
                "a part of the rows",
                item.expr.span,
                "`where`, `order by` or `limit` is missing",
                Some(format!("write `{name}: where …`")),
                binder,
            ),
            (ast::EntryValue::Item(item), _) => self.value(ty, item, name, path, binder),
        };
        self.fine &= value.is_some() || !self.complete;
        value
    }

    fn wrong(
        &mut self,
        name: &str,
        takes: &str,
        span: Span,
        label: &str,
        help: Option<String>,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        self.fine = false;
        binder.report(
            Diagnostic::error(codes::PARAMETER_VALUE, format!("`{name}` takes {}", article(takes)))
                .label(span, label)
                .maybe_help(help),
        );
        None
    }

    fn value(
        &mut self,
        ty: &ParamType,
        item: &ast::Item,
        name: &str,
        path: &str,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let expr = &item.expr;
        let span = expr.span;
        self.places.insert(path, span);
        if let ParamType::List(of) = ty {
            return self.list(of, item, name, path, binder);
        }
        let named = matches!(ty, ParamType::Expr { named: true, .. } | ParamType::Aggregate(_));
        if let Some(alias) = item.alias.as_ref().filter(|_| !named) {
            return self.wrong(
                name,
                &ty.describe(),
                alias.span,
                "a name has no use here",
                None,
                binder,
            );
        }
        if item.descending.is_some() && !matches!(ty, ParamType::Sort(_)) {
            let label = "`asc` and `desc` have no use here";
            return self.wrong(name, &ty.describe(), span, label, None, binder);
        }
        if matches!(*expr.kind, ast::ExprKind::Invalid) {
            self.fine = false;
            return None;
        }
        match ty {
            ParamType::List(_) | ParamType::Subset(_) => None,
            ParamType::Enum(words) => self.word(words, expr, name, binder),
            ParamType::Secret => match &*ungrouped(expr).kind {
                ast::ExprKind::Literal(ast::Literal::Text(variable)) => {
                    self.secrets.insert(name.to_owned(), variable.clone());
                    Some(json!({"secret": variable}))
                }
                _ => self.wrong(
                    name,
                    "the name of an environment variable",
                    span,
                    "a text is needed",
                    Some(format!("write `{name}: \"VARIABLE\"`")),
                    binder,
                ),
            },
            ParamType::Bool
            | ParamType::Int
            | ParamType::Decimal
            | ParamType::Float
            | ParamType::Text
            | ParamType::Date
            | ParamType::Instant
            | ParamType::Duration
            | ParamType::Percent
            | ParamType::Size
            | ParamType::Seed
            | ParamType::Literal => {
                let (value, given) = self.constant(expr, binder)?;
                self.literal(ty, &value, &given, name, span, binder)
            }
            ParamType::Expr { of, accepts, named } => {
                let (at, bound) = self.over(of, expr, binder)?;
                if !self.fits(accepts, &bound, name, span, binder) {
                    return None;
                }
                let mut record = self.record(at, bound, false, binder);
                if *named {
                    let alias = self.name_of(item, name, binder)?;
                    record.insert("as".into(), json!(alias));
                }
                Some(Json::Object(record))
            }
            ParamType::Sort(of) => self.sort(of, expr, item.descending == Some(true), binder),
            ParamType::Rule(of) => {
                let at = self.relation(of)?;
                let scope = self.scopes[at].clone();
                let bound = binder.condition(expr, &scope);
                self.rule(at, bound, binder)
            }
            ParamType::Column { of, accepts } => self.column(of, accepts, expr, name, binder),
            ParamType::Aggregate(of) => self.aggregate(of, item, name, binder),
            ParamType::Reduce { of, functions, accepts } => {
                self.reduce(of, functions, accepts, expr, name, binder)
            }
            ParamType::Template(of) => self.template(of, expr, name, binder),
            ParamType::Link { from, cardinality } => {
                self.link(from, cardinality.as_deref(), expr, name, binder)
            }
            ParamType::Dimension => self.dimension(expr, name, binder),
            ParamType::Match { left, right } => self.matching(left, right, expr, binder),
        }
    }

    fn list(
        &mut self,
        of: &ParamType,
        item: &ast::Item,
        name: &str,
        path: &str,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let single = |expr: &ast::Expr| ast::Item {
            expr: expr.clone(),
            alias: item.alias.clone(),
            descending: item.descending,
        };
        let items: Vec<ast::Item> = match &*item.expr.kind {
            ast::ExprKind::List(items) => items.clone(),
            ast::ExprKind::Group(inner) => vec![single(inner)],
            _ if of.is_constant() => {
                // A constant of the campaign may be a whole list: `define eu = (\"FR\", \"DE\")`.
                let (value, given) = self.constant(&item.expr, binder)?;
                let values = match value {
                    Value::List(values) => values,
                    value => vec![value],
                };
                let given = match given {
                    Type::List(of) => *of,
                    other => other,
                };
                let span = item.expr.span;
                let items = values
                    .iter()
                    .map(|v| self.literal(of, v, &given, name, span, binder))
                    .collect::<Option<Vec<_>>>()?;
                return Some(Json::Array(items));
            }
            _ => vec![single(&item.expr)],
        };
        let mut values = Vec::new();
        let mut fine = true;
        for (n, item) in items.iter().enumerate() {
            match self.value(of, item, name, &format!("{path}[{n}]"), binder) {
                Some(value) => values.push(value),
                None => fine = false,
            }
        }
        fine.then_some(Json::Array(values))
    }

    /// A constant; `None` when it was reported, or is a parameter that has no value yet.
    fn constant(&mut self, expr: &ast::Expr, binder: &mut Binder<'_>) -> Option<(Value, Type)> {
        if let ast::ExprKind::Literal(ast::Literal::Text(text)) = &*ungrouped(expr).kind {
            let text = ast::Text { node: text.clone(), span: expr.span };
            let Some(text) = binder.filled(&text, None) else {
                self.fine = false;
                return None;
            };
            return Some((Value::Text(text), Type::Text));
        }
        let bound = binder.constant(expr);
        if bound.ty == Type::Error {
            self.fine = false;
            return None;
        }
        let mut folder =
            Folder { program: binder.program(), clock: &self.clock, errors: Default::default() };
        let folded = folder.fold(&bound);
        let errors = folder.errors;
        if errors.has_errors() {
            self.fine = false;
            errors.into_iter().for_each(|d| binder.report(d));
            return None;
        }
        match fold::literal(&folded) {
            // A parameter of the campaign without a value was reported where it is declared.
            Some(Value::Missing) if bound.ty != Type::Missing => {
                self.complete = false;
                None
            }
            Some(value) => Some((value.clone(), bound.ty.clone())),
            None => {
                self.fine = false;
                binder.report(
                    Diagnostic::error(
                        codes::PARAMETER_VALUE,
                        "The value is not known before the run",
                    )
                    .label(expr.span, "not a constant")
                    .help("write a literal or a parameter"),
                );
                None
            }
        }
    }

    fn literal(
        &mut self,
        ty: &ParamType,
        value: &Value,
        given: &Type,
        name: &str,
        span: Span,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let wire = match (ty, value) {
            (ParamType::Bool, Value::Bool(_))
            | (ParamType::Int, Value::Int(_))
            | (ParamType::Text, Value::Text(_))
            | (ParamType::Date, Value::Date(_))
            | (ParamType::Instant, Value::Timestamp(_) | Value::Instant(_))
            | (ParamType::Duration, Value::Duration(_)) => wire::value(value, &self.clock),
            (ParamType::Instant, Value::Date(day)) => {
                let start = self.clock.start_of(*day).ok();
                start.map(|t| json!(t.to_string()))
            }
            (ParamType::Decimal, Value::Int(i)) => Some(json!(i.to_string())),
            (ParamType::Decimal, Value::Decimal { .. }) => wire::value(value, &self.clock),
            (ParamType::Float, Value::Int(i)) => Some(json!(*i as f64)),
            (ParamType::Float, Value::Float(x)) => Some(json!(x)),
            (ParamType::Float, Value::Decimal { digits, scale }) => {
                crate::model::value::decimal_text(*digits, *scale)
                    .parse::<f64>()
                    .ok()
                    .map(|x| json!(x))
            }
            (ParamType::Percent, Value::Int(_) | Value::Decimal { .. }) => {
                wire::fraction(value).map(|f| json!(f))
            }
            (ParamType::Size, Value::Int(rows)) => {
                Some(json!({"rows": i64::try_from(*rows).ok()?}))
            }
            (ParamType::Size, Value::Decimal { .. }) => {
                wire::fraction(value).map(|f| json!({"fraction": f}))
            }
            (ParamType::Seed, Value::Int(i)) => Some(json!(i.to_string())),
            (ParamType::Seed, Value::Text(t)) => Some(json!(t)),
            (ParamType::Literal, Value::Missing | Value::List(_)) => None,
            (ParamType::Literal, value) => {
                // A time with a zone where the literal has none would be another value.
                let ty = match value {
                    Value::Timestamp(_) => Type::Instant,
                    value => value.ty(),
                };
                wire::value(value, &self.clock)
                    .map(|v| json!({"type": wire::base(&wire::type_text(&ty)), "value": v}))
            }
            _ => None,
        };
        if wire.is_none() {
            let is = in_words(given);
            return self.wrong(name, &ty.describe(), span, &format!("this is {is}"), None, binder);
        }
        wire
    }

    fn word(
        &mut self,
        words: &[String],
        expr: &ast::Expr,
        name: &str,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let (written, quoted) = match &*ungrouped(expr).kind {
            ast::ExprKind::Path(path) if path.parts.len() == 1 => {
                (path.parts[0].node.clone(), false)
            }
            ast::ExprKind::Literal(ast::Literal::Text(text)) => (text.clone(), true),
            ast::ExprKind::Literal(ast::Literal::Bool(b)) => (b.to_string(), false),
            _ => (String::new(), false),
        };
        if words.contains(&written) && !quoted {
            return Some(json!(written));
        }
        self.fine = false;
        let help = match quoted && words.contains(&written) {
            true => Some(format!("write it without quotes: `{written}`")),
            false => suggest::unknown_name(&written, "words", words.iter().map(String::as_str)),
        };
        let title = match written.is_empty() {
            true => format!("`{name}` takes one word"),
            false => format!("`{written}` is not a value of `{name}`"),
        };
        binder.report(
            Diagnostic::error(codes::PARAMETER_VALUE, title)
                .label(expr.span, "not one of its words")
                .maybe_help(help),
        );
        None
    }

    // ---------------------------------------------------------------- over relations

    /// The relation of a name. `None` for one whose own parameter was left out or wrong: that was
    /// reported, or a rule of the manifest reports it.
    fn relation(&mut self, name: &str) -> Option<usize> {
        let at = self.relations.iter().position(|r| r.name == name);
        if at.is_none() {
            self.fine = false;
        }
        at
    }

    fn over(
        &mut self,
        of: &str,
        expr: &ast::Expr,
        binder: &mut Binder<'_>,
    ) -> Option<(usize, Expr)> {
        let at = self.relation(of)?;
        let scope = self.scopes[at].clone();
        let bound = binder.value(expr, &scope);
        if bound.ty == Type::Error {
            self.fine = false;
            return None;
        }
        Some((at, bound))
    }

    fn fits(
        &mut self,
        accepts: &[String],
        bound: &Expr,
        name: &str,
        span: Span,
        binder: &mut Binder<'_>,
    ) -> bool {
        if bound.ty != Type::Duration && wire::accepts(accepts, &bound.ty) {
            return true;
        }
        let takes = match accepts {
            [] => "a value that a column can hold".to_owned(),
            accepts => wire::accepted_in_words(accepts),
        };
        let is = in_words(&bound.ty);
        self.wrong(name, &takes, span, &format!("this is {is}"), None, binder);
        false
    }

    /// A column record for an expression: a visible column where it is just that, else a hidden one.
    fn record(
        &mut self,
        at: usize,
        bound: Expr,
        hide: bool,
        binder: &mut Binder<'_>,
    ) -> Map<String, Json> {
        let program = binder.program();
        let relation = &self.relations[at];
        let key = match &relation.rows {
            RelationRows::Link { .. } => None,
            RelationRows::Input { dimension, .. } | RelationRows::Dimension { dimension, .. } => {
                Some(*dimension)
            }
        };
        let nullable = !never_missing(program, key, &bound);
        let visible = match (&relation.rows, &*bound.kind) {
            _ if hide => None,
            (RelationRows::Input { input, .. }, ExprKind::Carried { frame: 0, index }) => {
                input.columns.get(*index).map(|c| c.name.clone())
            }
            (RelationRows::Input { dimension, .. }, ExprKind::Column { row, column })
                if *row == Row::frame(0) && program[*dimension].key.contains(column) =>
            {
                Some(program[*dimension].columns[*column].name.clone())
            }
            _ => None,
        };
        let ty = wire::type_text(&bound.ty);
        let column = match visible {
            Some(column) => column,
            None => self.hide(at, bound),
        };
        let mut record = Map::new();
        record.insert("column".into(), json!(column));
        record.insert("type".into(), json!(ty));
        record.insert("nullable".into(), json!(nullable));
        record
    }

    fn hide(&mut self, at: usize, bound: Expr) -> String {
        if let Some((name, _)) = self.relations[at].hidden.iter().find(|(_, e)| *e == bound) {
            return name.clone();
        }
        let name = self.fresh('p');
        self.relations[at].hidden.push((name.clone(), bound));
        name
    }

    /// A hidden name that no column of the inputs has.
    fn fresh(&mut self, letter: char) -> String {
        loop {
            let counter = match letter {
                's' => &mut self.keys[0],
                't' => &mut self.keys[1],
                _ => &mut self.hidden,
            };
            let name = format!("__{letter}{counter}");
            *counter += 1;
            let taken = |input: &Input| input.columns.iter().any(|c| c.name.to_lowercase() == name);
            if !self.inputs.iter().any(taken) {
                return name;
            }
        }
    }

    /// Records that a parameter mentions a column, for faults that a plugin finds in it.
    fn mentions(&mut self, at: usize, record: &Map<String, Json>, span: Span) {
        let relation = self.relations[at].name.clone();
        if let Some(column) = record.get("column").and_then(Json::as_str) {
            self.places.insert(format!("inputs.{relation}.columns.{column}"), span);
        }
    }

    fn rule(&mut self, at: usize, bound: Expr, binder: &mut Binder<'_>) -> Option<Json> {
        if bound.ty == Type::Error {
            self.fine = false;
            return None;
        }
        // A column that can be missing does not hold then.
        let bound = if bound.is_condition() {
            bound
        } else {
            let span = bound.span;
            Expr::condition(ExprKind::And(vec![bound]), span)
        };
        let mut record = self.record(at, bound, true, binder);
        record.insert("nullable".into(), json!(false));
        Some(Json::Object(record))
    }

    fn sort(
        &mut self,
        of: &[String],
        expr: &ast::Expr,
        descending: bool,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let (at, bound) = match of {
            [only] => {
                let at = self.relation(only)?;
                let scope = self.scopes[at].clone();
                let sort = ast::Sort { expr: expr.clone(), descending };
                let sorts = binder.sorts(std::slice::from_ref(&sort), &scope);
                (at, sorts.into_iter().next()?.expr)
            }
            several => {
                let there: Vec<usize> = several
                    .iter()
                    .filter_map(|of| self.relations.iter().position(|r| &r.name == of))
                    .collect();
                let mut found = None;
                let mut first_wrong = None;
                for at in there {
                    let scope = self.scopes[at].clone();
                    let sort = ast::Sort { expr: expr.clone(), descending };
                    match binder.attempt(|b| b.sorts(std::slice::from_ref(&sort), &scope)) {
                        Ok(sorts) => {
                            found = sorts.into_iter().next().map(|s| (at, s.expr));
                            break;
                        }
                        Err(wrong) => {
                            first_wrong.get_or_insert(wrong);
                        }
                    }
                }
                if found.is_none() {
                    self.fine = false;
                    let wrong = first_wrong.into_iter().flatten();
                    wrong.for_each(|d| binder.report(d));
                }
                found?
            }
        };
        if bound.ty == Type::Error {
            self.fine = false;
            return None;
        }
        let mut record = self.record(at, bound, false, binder);
        self.mentions(at, &record, expr.span);
        record.insert("desc".into(), json!(descending));
        if of.len() > 1 {
            record.insert("of".into(), json!(self.relations[at].name));
        }
        Some(Json::Object(record))
    }

    fn column(
        &mut self,
        of: &str,
        accepts: &[String],
        expr: &ast::Expr,
        name: &str,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let at = self.relation(of)?;
        let path = match &*ungrouped(expr).kind {
            ast::ExprKind::Path(path) if path.parts.len() == 1 => path.parts[0].clone(),
            _ => {
                return self.wrong(
                    name,
                    "the name of a column",
                    expr.span,
                    "not a column",
                    None,
                    binder,
                );
            }
        };
        let RelationRows::Input { input, dimension } = self.relations[at].rows.clone() else {
            self.fine = false;
            return None;
        };
        let key = binder.program()[dimension]
            .key_columns()
            .find(|c| c.name == path.node)
            .map(|c| (c.name.clone(), c.ty.clone(), false));
        let found = match key {
            Some(key) => Some(key),
            None => binder
                .carried_column(&path, &input)
                .map(|n| (input.columns[n].name.clone(), input.columns[n].ty.clone(), true)),
        };
        let Some((column, ty, nullable)) = found else {
            self.fine = false;
            return None;
        };
        if !wire::accepts(accepts, &ty) {
            let is = in_words(&ty);
            let takes = wire::accepted_in_words(accepts);
            return self.wrong(name, &takes, expr.span, &format!("this is {is}"), None, binder);
        }
        let mut record = Map::new();
        record.insert("column".into(), json!(column));
        record.insert("type".into(), json!(wire::type_text(&ty)));
        record.insert("nullable".into(), json!(nullable));
        self.mentions(at, &record, expr.span);
        Some(Json::Object(record))
    }

    fn subset(
        &mut self,
        of: &str,
        subset: &ast::Subset,
        path: &str,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let at = self.relation(of)?;
        self.places.insert(path, subset.span);
        let mut fine = true;
        let rule = match &subset.rule {
            None => Json::Null,
            Some(rule) => {
                self.places.insert(format!("{path}.rule"), rule.span);
                let scope = self.scopes[at].clone();
                let bound = binder.rule(rule, &scope);
                match self.rule(at, bound, binder) {
                    Some(record) => record,
                    None => {
                        fine = false;
                        Json::Null
                    }
                }
            }
        };
        let mut order = Vec::new();
        for (n, sort) in subset.order.iter().enumerate() {
            self.places.insert(format!("{path}.order[{n}]"), sort.expr.span);
            match self.sort(&[of.to_owned()], &sort.expr, sort.descending, binder) {
                Some(key) => order.push(key),
                None => fine = false,
            }
        }
        let limit = match &subset.limit {
            None => Json::Null,
            Some(limit) => {
                self.places.insert(format!("{path}.limit"), limit.span);
                let size = self.constant(limit, binder).and_then(|(v, t)| {
                    self.literal(&ParamType::Size, &v, &t, "limit", limit.span, binder)
                });
                match size {
                    Some(size) if negative(&size) => {
                        self.wrong("limit", "at least 0", limit.span, "too small", None, binder);
                        fine = false;
                        Json::Null
                    }
                    Some(size) => size,
                    None => {
                        fine = false;
                        Json::Null
                    }
                }
            }
        };
        fine.then(|| json!({"rule": rule, "order": order, "limit": limit}))
    }

    /// The name that a value has in the output.
    fn name_of(&mut self, item: &ast::Item, name: &str, binder: &mut Binder<'_>) -> Option<String> {
        if let Some(alias) = &item.alias {
            return Some(alias.node.clone());
        }
        if let ast::ExprKind::Path(path) = &*ungrouped(&item.expr).kind
            && let Some(last) = path.parts.last()
        {
            return Some(last.node.clone());
        }
        self.wrong(
            name,
            "values with a name",
            item.expr.span,
            "a name is needed",
            Some("add `as NAME`".into()),
            binder,
        );
        None
    }

    fn aggregate(
        &mut self,
        of: &str,
        item: &ast::Item,
        name: &str,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let at = self.relation(of)?;
        let RelationRows::Input { input, .. } = self.relations[at].rows.clone() else {
            self.fine = false;
            return None;
        };
        let transition = input.name.clone();
        let inputs = [input];
        let before = binder.errors();
        let Some(found) = binder.population_aggregate(&item.expr, &inputs) else {
            self.fine = false;
            if binder.errors() == before {
                let help = format!("write `max(COLUMN of {transition}) as NAME`");
                self.wrong(
                    name,
                    &format!("aggregates over `{transition}`"),
                    item.expr.span,
                    "not an aggregate of the input",
                    Some(help),
                    binder,
                );
            }
            return None;
        };
        if binder.errors() != before {
            self.fine = false;
            return None;
        }
        let (function, distinct) = match found.function {
            Aggregate::Count => ("count", false),
            Aggregate::CountDistinct => ("count", true),
            Aggregate::Sum => ("sum", false),
            Aggregate::Avg => ("avg", false),
            Aggregate::Min => ("min", false),
            Aggregate::Max => ("max", false),
            Aggregate::Median => ("median", false),
            Aggregate::First => ("first", false),
            Aggregate::Last => ("last", false),
            Aggregate::Stddev | Aggregate::Join => {
                let takes = "count, sum, avg, min, max, median, first or last";
                return self.wrong(name, takes, item.expr.span, "not one of these", None, binder);
            }
        };
        let alias = match &item.alias {
            Some(alias) => alias.node.clone(),
            None => {
                return self.wrong(
                    name,
                    "values with a name",
                    item.expr.span,
                    "a name is needed",
                    Some("add `as NAME`".into()),
                    binder,
                );
            }
        };
        let mut optional = |this: &mut Self, e: Option<Expr>, rule: bool| match e {
            None => Json::Null,
            Some(e) => {
                let mut record = this.record(at, e, rule, binder);
                if rule {
                    record.insert("nullable".into(), json!(false));
                }
                Json::Object(record)
            }
        };
        let column = optional(self, found.value, false);
        let rule = optional(self, found.condition, true);
        let by = match found.by.into_iter().next() {
            None => Json::Null,
            Some(Sort { expr, .. }) => optional(self, Some(expr), false),
        };
        Some(json!({"function": function, "distinct": distinct, "as": alias, "column": column,
                    "rule": rule, "by": by}))
    }

    fn reduce(
        &mut self,
        of: &str,
        functions: &[String],
        accepts: &[String],
        expr: &ast::Expr,
        name: &str,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let at = self.relation(of)?;
        let span = expr.span;
        let (link, value) = match &*ungrouped(expr).kind {
            ast::ExprKind::Path(path) if path.parts.len() > 1 => {
                let (last, link) = path.parts.split_last()?;
                let link = ast::Path { parts: link.to_vec(), span: path.span };
                let value = ast::Path { parts: vec![last.clone()], span: last.span };
                (link, ast::Expr::new(ast::ExprKind::Path(value), last.span))
            }
            _ => {
                return self.wrong(
                    name,
                    "a path through a link to many rows",
                    span,
                    "not such a path",
                    Some(format!("write `{name}: LINK.COLUMN`")),
                    binder,
                );
            }
        };
        let mut records = Map::new();
        for function in functions {
            let call = ast::CallExpr {
                function: ast::Path { parts: vec![ast::Name::new(function.clone(), span)], span },
                args: vec![ast::Arg {
                    name: None,
                    distinct: false,
                    expr: value.clone(),
                    of: Some(link.clone()),
                    condition: None,
                    by: Vec::new(),
                    span,
                }],
                args_span: span,
            };
            let call = ast::Expr::new(ast::ExprKind::Call(call), span);
            let scope = self.scopes[at].clone();
            let bound = binder.value(&call, &scope);
            if bound.ty == Type::Error {
                self.fine = false;
                return None;
            }
            let reduced = match &*bound.kind {
                ExprKind::Aggregate { value: Some(value), .. } => value.ty.clone(),
                _ => bound.ty.clone(),
            };
            if !wire::accepts(accepts, &reduced) {
                let is = in_words(&reduced);
                let takes = wire::accepted_in_words(accepts);
                return self.wrong(
                    name,
                    &takes,
                    value.span,
                    &format!("this is {is}"),
                    None,
                    binder,
                );
            }
            records.insert(function.clone(), Json::Object(self.record(at, bound, true, binder)));
        }
        Some(Json::Object(records))
    }

    fn template(
        &mut self,
        of: &str,
        expr: &ast::Expr,
        name: &str,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let at = self.relation(of)?;
        let ast::ExprKind::Literal(ast::Literal::Text(text)) = &*ungrouped(expr).kind else {
            return self.wrong(
                name,
                "a text with `{{column}}`",
                expr.span,
                "a text is needed",
                None,
                binder,
            );
        };
        let mut pieces = Vec::new();
        for (piece, is_name) in template_pieces(text) {
            if !is_name {
                pieces.push(json!(piece));
                continue;
            }
            let parts = piece
                .split('.')
                .map(|p| ast::Name::new(p.trim().trim_matches('`').to_owned(), expr.span))
                .collect();
            let path = ast::Path { parts, span: expr.span };
            let path = ast::Expr::new(ast::ExprKind::Path(path), expr.span);
            let (_, bound) = self.over(of, &path, binder)?;
            let mut folder = Folder {
                program: binder.program(),
                clock: &self.clock,
                errors: Default::default(),
            };
            let folded = folder.fold(&bound);
            match fold::literal(&folded) {
                Some(Value::Missing) => self.complete = false,
                Some(value) => {
                    pieces.push(json!(crate::engine::duckdb::print::plain(value)));
                }
                None => {
                    let record = self.record(at, bound, false, binder);
                    self.mentions(at, &record, expr.span);
                    pieces.push(Json::Object(record));
                }
            }
        }
        Some(Json::Array(pieces))
    }

    // ---------------------------------------------------------------- further relations

    fn link(
        &mut self,
        from: &str,
        cardinality: Option<&str>,
        expr: &ast::Expr,
        name: &str,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let at = self.relation(from)?;
        let from = self.relations[at].dimension();
        let ast::ExprKind::Path(path) = &*ungrouped(expr).kind else {
            return self.wrong(name, "a link", expr.span, "not a link", None, binder);
        };
        let rows = binder.dimension_rows(from);
        let Some(links) = binder.link(path, &rows) else {
            self.fine = false;
            return None;
        };
        let target = binder.program()[links.steps.last()?.link].to;
        let to_one = links.steps.iter().all(|s| binder.program()[s.link].to_one);
        let given = if to_one { "one" } else { "many" };
        if cardinality.is_some_and(|needed| needed != given) {
            let takes = if to_one { "a link to many rows" } else { "a link to one row" };
            return self.wrong(name, takes, expr.span, &format!("leads to {given}"), None, binder);
        }
        let scope = binder.linked_rows(&rows, path, &links);
        let source_key = self.key_names(from, 's', binder);
        let target_key = self.key_names(target, 't', binder);
        self.scopes.push(scope);
        self.relations.push(BoundRelation {
            name: name.to_owned(),
            rows: RelationRows::Link { from, links, target, to_one, source_key, target_key },
            hidden: Vec::new(),
        });
        Some(json!({"relation": name, "cardinality": given}))
    }

    fn key_names(&mut self, dimension: DimId, letter: char, binder: &Binder<'_>) -> Vec<String> {
        let parts = binder.program()[dimension].key.len();
        (0..parts).map(|_| self.fresh(letter)).collect()
    }

    fn dimension(&mut self, expr: &ast::Expr, name: &str, binder: &mut Binder<'_>) -> Option<Json> {
        let ast::ExprKind::Path(path) = &*ungrouped(expr).kind else {
            return self.wrong(name, "a dimension", expr.span, "not a dimension", None, binder);
        };
        let Some(input) = binder.population(path) else {
            self.fine = false;
            return None;
        };
        let Population::Dimension(dimension) = input.population else {
            return self.wrong(name, "a dimension", expr.span, "a transition", None, binder);
        };
        if binder.needs_key(&input, "its rows cannot be told apart").is_none() {
            self.fine = false;
            return None;
        }
        let key = self.key_names(dimension, 't', binder);
        self.scopes.push(binder.dimension_rows(dimension));
        self.relations.push(BoundRelation {
            name: name.to_owned(),
            rows: RelationRows::Dimension { dimension, key },
            hidden: Vec::new(),
        });
        Some(json!({"relation": name}))
    }

    fn matching(
        &mut self,
        left: &str,
        right: &str,
        expr: &ast::Expr,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let (l, r) = (self.relation(left)?, self.relation(right)?);
        let dimension = self.relations[r].dimension();
        let target = binder.program()[dimension].name.clone();
        let left_rows = self.scopes[l].clone();
        let right_rows = binder.right_rows(&Input {
            population: Population::Dimension(dimension),
            dimension: Some(dimension),
            columns: Vec::new(),
            name: target.clone(),
            span: expr.span,
        });
        let conditions = [turned(expr, &target)];
        let Some(pairs) = binder.matching(&conditions, &left_rows, &right_rows) else {
            self.fine = false;
            return None;
        };
        let mut records = Vec::new();
        for MatchPair { left, right } in pairs {
            let right = as_frame_zero(&right, &[]);
            let left = self.record(l, left, false, binder);
            let right = self.record(r, right, true, binder);
            records.push(json!({"left": left, "right": right}));
        }
        Some(Json::Array(records))
    }

    // ---------------------------------------------------------------- constraints

    fn constrained(
        &mut self,
        param: &Param,
        value: &Json,
        path: &str,
        binder: &mut Binder<'_>,
    ) -> bool {
        let Some((at, broken)) = constraints::broken(&param.constraints, &param.ty, value) else {
            return true;
        };
        self.fine = false;
        let span = match at {
            Some(n) => self.places.find(&format!("{path}[{n}]")),
            None => self.places.find(path),
        };
        binder.report(
            Diagnostic::error(codes::CONSTRAINT, format!("`{}` {}", param.name, broken.must_be))
                .label(span, broken.label)
                .maybe_help(broken.help),
        );
        false
    }
}

impl ParamType {
    /// Whether its values are constants of the campaign.
    fn is_constant(&self) -> bool {
        matches!(
            self,
            ParamType::Bool
                | ParamType::Int
                | ParamType::Decimal
                | ParamType::Float
                | ParamType::Text
                | ParamType::Date
                | ParamType::Instant
                | ParamType::Duration
                | ParamType::Percent
                | ParamType::Size
                | ParamType::Seed
                | ParamType::Literal
        )
    }
}

fn entry_span(entry: &ast::Entry) -> Span {
    crate::check::binder::entry_span(entry)
}

fn ungrouped(expr: &ast::Expr) -> &ast::Expr {
    match &*expr.kind {
        ast::ExprKind::Group(inner) => ungrouped(inner),
        _ => expr,
    }
}

/// The equalities with the side of the dimension on the right, where the script names it on the left.
fn turned(expr: &ast::Expr, dimension: &str) -> ast::Expr {
    let kind = match &*expr.kind {
        ast::ExprKind::Group(inner) => ast::ExprKind::Group(turned(inner, dimension)),
        ast::ExprKind::And(parts) => {
            ast::ExprKind::And(parts.iter().map(|p| turned(p, dimension)).collect())
        }
        ast::ExprKind::Compare { left, op, right, ignoring_case }
            if speaks_of(left, dimension) && !speaks_of(right, dimension) =>
        {
            ast::ExprKind::Compare {
                left: right.clone(),
                op: *op,
                right: left.clone(),
                ignoring_case: *ignoring_case,
            }
        }
        _ => return expr.clone(),
    };
    ast::Expr::new(kind, expr.span)
}

/// Whether an expression names a column by this dimension.
fn speaks_of(expr: &ast::Expr, dimension: &str) -> bool {
    match &*expr.kind {
        ast::ExprKind::Path(path) => path.parts.len() > 1 && path.parts[0].node == dimension,
        ast::ExprKind::Group(inner) | ast::ExprKind::Neg(inner) => speaks_of(inner, dimension),
        ast::ExprKind::Call(call) => call.args.iter().any(|a| speaks_of(&a.expr, dimension)),
        ast::ExprKind::Arith(l, _, r) => speaks_of(l, dimension) || speaks_of(r, dimension),
        _ => false,
    }
}

fn negative(size: &Json) -> bool {
    size.get("rows").and_then(Json::as_i64).is_some_and(|n| n < 0)
        || size.get("fraction").and_then(Json::as_str).is_some_and(|f| f.starts_with('-'))
}

/// The pieces of a text with `{{names}}`, each with whether it is a name.
fn template_pieces(text: &str) -> Vec<(&str, bool)> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let Some(end) = rest[start..].find("}}") else { break };
        if start > 0 {
            pieces.push((&rest[..start], false));
        }
        pieces.push((rest[start + 2..start + end].trim(), true));
        rest = &rest[start + end + 2..];
    }
    if !rest.is_empty() {
        pieces.push((rest, false));
    }
    pieces
}

/// `whole number` → `a whole number`; what has an article or is no noun stays.
fn article(takes: &str) -> String {
    let first = takes.split(' ').next().unwrap_or_default();
    let bare =
        ["a", "an", "one", "the", "at", "values", "aggregates", "true", "equalities", "count,"];
    if bare.contains(&first) {
        return takes.to_owned();
    }
    if takes.contains(" | ") {
        return format!("one of {takes}");
    }
    if takes.starts_with(['a', 'e', 'i', 'o', 'u']) {
        format!("an {takes}")
    } else {
        format!("a {takes}")
    }
}

fn in_words(ty: &Type) -> String {
    match ty {
        Type::Text => "a text".into(),
        Type::Int => "a whole number".into(),
        Type::Decimal { .. } => "a decimal".into(),
        Type::Float => "a float".into(),
        Type::Bool => "true or false".into(),
        Type::Date => "a date".into(),
        Type::Timestamp | Type::Instant => "a timestamp".into(),
        Type::Duration => "a duration".into(),
        Type::List(_) => "a list".into(),
        Type::Missing => "`missing`".into(),
        other => format!("of type {other}"),
    }
}

/// A plugin's words as a title: no period at the end.
pub(super) fn sentence(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    let mut chars = text.chars();
    match chars.next() {
        Some(first) if first.is_ascii_lowercase() => first.to_uppercase().chain(chars).collect(),
        _ => text.to_owned(),
    }
}
