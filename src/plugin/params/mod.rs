//! Reads the `with` of a call against the manifest: every ordinary check, each at the argument that
//! is wrong, and no library loaded for it.

mod aggregates;
mod columns;
mod relations;
mod values;
mod words;

use std::collections::HashMap;

use serde_json::{Map, Value as Json, json};

use crate::activity::Clauses;
use crate::check::binder::{Binder, Input, Rows, entry_span};
use crate::diagnostic::codes::{plan as plan_codes, plugin as codes, warnings};
use crate::diagnostic::{Diagnostic, suggest};
use crate::plan::clock::Clock;
use crate::source::Span;
use crate::syntax::ast;

use super::bound::{BoundCall, BoundRelation, Places, RelationRows};
use super::constraints;
use super::manifest::{Activity, Constant, OPEN, Param, ParamType};

pub(super) use words::sentence;

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
                if let (ParamType::Secret, Some(variable)) = (&param.ty, default["secret"].as_str())
                {
                    self.secrets.insert(param.name.clone(), variable.to_owned());
                }
            } else if param.ty == ParamType::Constant(Constant::Seed) {
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

fn ungrouped(expr: &ast::Expr) -> &ast::Expr {
    match &*expr.kind {
        ast::ExprKind::Group(inner) => ungrouped(inner),
        _ => expr,
    }
}
