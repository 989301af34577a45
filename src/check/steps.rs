//! A campaign file as a whole: its header, then its statements in text order.

use std::collections::HashMap;

use crate::diagnostic::codes::{
    names as names_codes, plan as codes, plugin as plugin_codes, warnings,
};
use crate::diagnostic::{Diagnostic, suggest};
use crate::model::expr::ExprKind;
use crate::model::program::{ActivityStep, Campaign, CampaignId, Step, StepKind};
use crate::model::types::Type;
use crate::source::Span;
use crate::syntax::ast;

use super::binder::{Binder, CallState, Root};
use super::files::{Entity, Entry};

/// Plugins that ship with Camp, for proposals where none is installed.
const SHIPPED: &[(&str, &str)] = &[
    ("split", "split"),
    ("deduplicate", "deduplicate"),
    ("enrich", "enrich"),
    ("change_dimension", "change_dimension"),
    ("reconcile", "reconcile"),
    ("sample", "sample"),
    ("rfm", "rfm"),
    ("webhook", "webhook"),
    ("email", "email"),
];

impl Binder<'_> {
    /// Checks what was given beside the files.
    pub(super) fn check_options(&mut self) {
        let given = [self.options.timezone.clone(), self.options.default_timezone.clone()];
        for zone in given.into_iter().flatten() {
            self.check_timezone(&zone, None);
        }
    }

    /// Everything of a file but its steps: header, names, parameters, dimensions, links.
    pub(super) fn prepare(&mut self, file: usize) -> Root {
        self.root = Root { file, ..Root::default() };
        self.campaign_header(file);
        self.collect_names(file);
        self.collect_outputs(file);
        self.bind_params(file);
        self.declare_model(file);
        self.check_definitions(file);
        self.collect_saves(file);
        self.check_uses(file);
        std::mem::take(&mut self.root)
    }

    fn campaign_header(&mut self, file: usize) {
        let ast = self.files[file].ast.clone();
        let mut headers = ast.statements.iter().filter_map(|s| match &s.kind {
            ast::StatementKind::Campaign(c) => Some((c, s.span)),
            _ => None,
        });
        let header = headers.next();
        if let (Some((first, _)), Some((second, _))) = (header, headers.next()) {
            self.report(
                Diagnostic::error(codes::TWO_CAMPAIGNS, "A file has two campaign headers")
                    .label(second.label.span, "the second")
                    .label(first.label.span, "the first")
                    .help("put the second campaign into a file of its own"),
            );
        }
        let name = &self.files[file].name;
        let stem = std::path::Path::new(name)
            .file_stem()
            .map_or_else(|| name.clone(), |s| s.to_string_lossy().into_owned());
        let own = header.and_then(|(c, _)| c.timezone.clone());
        let own = own.filter(|zone| self.check_timezone(&zone.node, Some(zone.span)));
        let given = self
            .options
            .timezone
            .clone()
            .or_else(|| own.map(|zone| zone.node))
            .or_else(|| self.options.default_timezone.clone());
        // One that does not exist was reported; another warning would only follow from it.
        let asked = header.is_some_and(|(c, _)| c.timezone.is_some());
        self.root.zone_given = given.is_some() || asked;
        let campaign = Campaign {
            label: header.map_or(stem, |(c, _)| c.label.node.clone()),
            file: self.files[file].name.clone(),
            base: self.files[file].base.clone(),
            timezone: given.unwrap_or_else(|| "UTC".to_string()),
            description: header.and_then(|(c, _)| c.description.as_ref().map(|d| d.node.clone())),
            schedule: header.and_then(|(c, _)| c.schedule.as_ref().map(|s| s.node.clone())),
        };
        self.root.campaign = CampaignId(self.program.campaigns.len() as u32);
        self.program.campaigns.push(campaign);
    }

    /// Notes which names outputs define further down, and what their calls take.
    fn collect_outputs(&mut self, file: usize) {
        let ast = self.files[file].ast.clone();
        for statement in &ast.statements {
            let ast::StatementKind::Call(call) = &statement.kind else { continue };
            let mut takes = Vec::new();
            for clause in &call.clauses {
                match &clause.node {
                    ast::ClauseKind::Inputs(paths) => {
                        takes.extend(paths.iter().map(super::binder::dotted));
                    }
                    ast::ClauseKind::Set(set) => set_names(set, &mut takes),
                    _ => {}
                }
            }
            for output in &call.outputs {
                self.root.later.entry(output.node.clone()).or_insert(output.span);
                self.root.takes.entry(output.node.clone()).or_insert_with(|| takes.clone());
            }
        }
    }

    /// Reports a transition that only a statement further down gives, with the circle when it
    /// is made of itself.
    pub(super) fn used_before(&mut self, name: &ast::Name, later: Span) {
        if !self.root.early.insert(name.node.clone()) {
            return;
        }
        let diagnostic = match dependency_circle(&name.node, &self.root.takes) {
            // Moving a statement does not help where each is made of the other.
            Some(path) => Diagnostic::error(
                names_codes::USED_BEFORE,
                format!("`{}` is made of itself: {}", name.node, path.join(" → ")),
            )
            .help("make one of them of something else"),
            None => Diagnostic::error(
                names_codes::USED_BEFORE,
                format!("`{}` is used before it is defined", name.node),
            )
            .help("move this statement below the definition"),
        };
        self.report(diagnostic.label(name.span, "not defined yet").label(later, "defined here"));
    }

    /// `use` names plugins that exist, in a file and in what it imports.
    fn check_uses(&mut self, file: usize) {
        for file in self.visible_files(file) {
            self.check_uses_of(file);
        }
        self.check_activities();
    }

    /// No two plugins of a file have an activity of one name.
    fn check_activities(&mut self) {
        let mut found = Vec::new();
        let of_plugins = || {
            let specs = self.registry.iter().map(|a| a.spec());
            specs.filter_map(|s| Some((&s.name, s.plugin.as_ref()?)))
        };
        for (n, (name, plugin)) in of_plugins().enumerate() {
            let Some(&span) = self.root.plugins.get(plugin) else { continue };
            let earlier = of_plugins().take(n).find(|(other, _)| *other == name);
            let first = earlier.and_then(|(_, p)| Some((p, *self.root.plugins.get(p)?)));
            if let Some((other, first)) = first {
                found.push((name.clone(), other.clone(), first, plugin.clone(), span));
            }
        }
        for (name, other, first, plugin, span) in found {
            self.report(
                Diagnostic::error(
                    plugin_codes::ACTIVITY_TWICE,
                    format!("Plugins `{other}` and `{plugin}` both have an activity `{name}`"),
                )
                .label(span, "the second")
                .label(first, "the first")
                .help("use one of them"),
            );
        }
    }

    fn check_uses_of(&mut self, file: usize) {
        let ast = self.files[file].ast.clone();
        for statement in &ast.statements {
            let ast::StatementKind::Use(names) = &statement.kind else { continue };
            for name in names {
                self.root.plugins.entry(name.node.clone()).or_insert(name.span);
                let mut installed: Vec<String> =
                    self.registry.iter().filter_map(|a| a.spec().plugin.clone()).collect();
                let written = name.node.as_str();
                if installed.iter().chain(&self.options.failed_plugins).any(|p| p == written) {
                    continue;
                }
                installed.extend(self.options.plugins.iter().cloned());
                installed.sort();
                installed.dedup();
                let help = match SHIPPED.iter().any(|(plugin, _)| *plugin == written) {
                    true => Some("install Camp again: it comes with this plugin".into()),
                    false => suggest::unknown_name(
                        written,
                        "plugins",
                        installed.iter().map(String::as_str),
                    )
                    .or_else(|| Some("install it: `camp plugin add LIBRARY`".into())),
                };
                self.report(
                    Diagnostic::error(
                        names_codes::UNKNOWN_PLUGIN,
                        format!("Plugin `{written}` is not installed"),
                    )
                    .label(name.span, "not found")
                    .maybe_help(help),
                );
            }
        }
    }

    /// Binds the statements of a prepared file in text order.
    pub(super) fn bind_steps(&mut self, root: Root) {
        self.root = root;
        let file = self.root.file;
        let ast = self.files[file].ast.clone();
        for statement in &ast.statements {
            match &statement.kind {
                ast::StatementKind::Call(call) => self.bind_statement(call, statement),
                ast::StatementKind::Expect(expect) => {
                    let condition = match self.options.asked == Some(statement.span) {
                        true => self.bind_fact(&expect.condition),
                        false => self.bind_facts(&expect.condition),
                    };
                    let message = expect.message.as_ref().and_then(|m| self.filled(m, None));
                    self.program.steps.push(Step {
                        campaign: self.root.campaign,
                        kind: StepKind::Expect { condition, message },
                        only_if: None,
                        wait_for: Vec::new(),
                        span: statement.span,
                    });
                }
                _ => {}
            }
        }
        if let Some(span) = self.root.zone_used
            && !self.root.zone_given
        {
            self.report(
                Diagnostic::warning(
                    warnings::NO_TIMEZONE,
                    "No time zone is set, so days begin at midnight UTC",
                )
                .label(span, "read in UTC")
                .help("add `timezone \"Europe/Paris\"` to the campaign, or set it in `camp.toml`"),
            );
        }
        // With errors, what would have used a transition may not have been bound.
        if !self.diagnostics.has_errors() {
            self.warn_unused();
        }
        self.bind_tests();
    }

    fn bind_statement(&mut self, call: &ast::Call, statement: &ast::Statement) {
        let only_if = call.only_if.as_ref().map(|e| self.bind_facts(e));
        let mut wait_for = Vec::new();
        for name in &call.wait_for {
            if let Some((id, _)) = self.transition(name) {
                wait_for.push(id);
            }
        }
        let Some(activity) = self.find_activity(&call.activity) else {
            self.define_outputs(&call.outputs, &[]);
            return;
        };
        let spec = activity.spec();
        let (least, most) = (*spec.outputs.start(), *spec.outputs.end());
        let named = call.outputs.len();
        let mut fine = true;
        if named < least || named > most {
            fine = false;
            let gives = match (least, most) {
                (_, 0) => "no transition".to_string(),
                (l, m) if l == m => super::expr::count(m, "transition"),
                (0, m) => format!("at most {}", super::expr::count(m, "transition")),
                (l, m) if m > 1000 => format!("at least {}", super::expr::count(l, "transition")),
                (l, m) => format!("{l} to {}", super::expr::count(m, "transition")),
            };
            let span = match call.outputs.get(most) {
                Some(extra) => extra.span,
                None => call.activity.span,
            };
            let help = if named < least {
                format!("name it: `NAME = {} …`", spec.name)
            } else if most == 0 {
                "remove the name".to_string()
            } else {
                format!("name {}", super::expr::count(most, "transition"))
            };
            self.report(
                Diagnostic::error(codes::OUTPUTS, format!("`{}` gives {gives}", spec.name))
                    .label(
                        span,
                        if named < least { "its result has no name" } else { "one too many" },
                    )
                    .help(help),
            );
        }
        self.call = CallState {
            names: call.outputs.iter().take(most).cloned().collect(),
            outputs: Vec::new(),
            declared: Vec::new(),
            doc: statement.doc.clone(),
            activity: spec.name.clone(),
            span: statement.span,
            only_if: only_if.is_some(),
            takes_apart: false,
        };
        let operation = activity.bind(call, self);
        let state = std::mem::take(&mut self.call);
        self.define_outputs(&call.outputs, &state.declared);
        let Some(operation) = operation else { return };
        if !fine {
            return;
        }
        let inputs = operation.inputs();
        for input in inputs {
            if let crate::model::expr::Population::Transition(id) = input {
                self.root.used.insert(id);
            }
        }
        self.program.steps.push(Step {
            campaign: self.root.campaign,
            kind: StepKind::Activity(ActivityStep {
                activity: activity.spec().name.clone(),
                name_span: call.activity.span,
                outputs: state.outputs,
                operation,
            }),
            only_if,
            wait_for,
            span: statement.span,
        });
    }

    /// Enters the outputs of a call: those its activity declared, the others as errors, so that
    /// nothing that uses them is reported.
    fn define_outputs(&mut self, names: &[ast::Name], declared: &[(String, Entry)]) {
        let file = self.root.file;
        for name in names {
            let entry = declared
                .iter()
                .find(|(n, e)| n == &name.node && e.span == name.span)
                .map_or(Entry { entity: Entity::Error, span: name.span }, |(_, e)| e.clone());
            if let Some(known) = self.entity(file, &name.node)
                && known.span != entry.span
            {
                self.defined_twice(&name.node, name.span, known.span);
                continue;
            }
            if let Some(space) = self.root.spaces.get_mut(&file) {
                space.names.insert(name.node.clone(), entry);
            }
        }
    }

    fn find_activity(
        &mut self,
        name: &ast::Name,
    ) -> Option<std::sync::Arc<dyn crate::activity::Activity>> {
        // Files of one run may use plugins that have activities of one name.
        let in_use = self.registry.iter().find(|a| {
            let spec = a.spec();
            spec.name == name.node
                && spec.plugin.as_ref().is_none_or(|p| self.root.plugins.contains_key(p))
        });
        if let Some(activity) = in_use.or_else(|| self.registry.find(&name.node)).cloned() {
            if let Some(plugin) = activity.spec().plugin.clone()
                && !self.root.plugins.contains_key(&plugin)
            {
                self.report(
                    Diagnostic::error(
                        names_codes::UNKNOWN_ACTIVITY,
                        format!("`{}` comes from plugin `{plugin}`", name.node),
                    )
                    .label(name.span, "its plugin is not in use")
                    .help(format!("add `use {plugin}`")),
                );
                return None;
            }
            return Some(activity);
        }
        // A plugin that `use` names but that is not installed was reported there.
        let shipped = SHIPPED.iter().find(|(_, activity)| *activity == name.node);
        let failed = &self.options.failed_plugins;
        if self.root.plugins.keys().any(|plugin| failed.contains(plugin))
            || self.root.plugins.contains_key(&name.node)
            || shipped.is_some_and(|(plugin, _)| self.root.plugins.contains_key(*plugin))
        {
            return None;
        }
        let help = match shipped {
            Some((plugin, _)) => Some(format!("add `use {plugin}`")),
            None => {
                let mut known: Vec<String> =
                    self.registry.iter().map(|a| a.spec().name.clone()).collect();
                known.extend(SHIPPED.iter().map(|(_, a)| a.to_string()));
                known.sort();
                known.dedup();
                suggest::unknown_name(&name.node, "activities", known.iter().map(String::as_str))
            }
        };
        self.report(
            Diagnostic::error(
                names_codes::UNKNOWN_ACTIVITY,
                format!("`{}` is not an activity", name.node),
            )
            .label(name.span, "not known")
            .maybe_help(help),
        );
        None
    }

    /// Warns of calls none of whose transitions is used.
    fn warn_unused(&mut self) {
        // A file that keeps nothing is being tried out.
        let keeps = self.program.steps.iter().any(|step| {
            step.campaign == self.root.campaign
                && matches!(&step.kind, StepKind::Activity(a) if a.operation.has_effects())
        });
        if !keeps {
            return;
        }
        let mut used = self.root.used.clone();
        for step in &self.program.steps {
            used.extend(step.wait_for.iter().copied());
            for e in step.only_if.iter().chain(match &step.kind {
                StepKind::Expect { condition, .. } => Some(condition),
                StepKind::Activity(_) => None,
            }) {
                e.walk(&mut |e| {
                    if let ExprKind::CountOf(crate::model::expr::Population::Transition(id)) =
                        &*e.kind
                    {
                        used.insert(*id);
                    }
                });
            }
        }
        let mut unused = Vec::new();
        for step in &self.program.steps {
            let StepKind::Activity(activity) = &step.kind else { continue };
            if step.campaign != self.root.campaign
                || activity.outputs.is_empty()
                || activity.operation.has_effects()
                || activity.outputs.iter().any(|id| used.contains(id))
            {
                continue;
            }
            let first = &self.program[activity.outputs[0]];
            unused.push((first.name.clone(), first.span));
        }
        for (name, span) in unused {
            self.report(
                Diagnostic::warning(warnings::UNUSED, format!("`{name}` is never used"))
                    .label(span, "not saved, not exported")
                    .help("save it, export it, or remove the statement"),
            );
        }
    }

    /// A whole positive number that is known before the run, or a report.
    pub fn positive(&mut self, e: &ast::Expr, what: &str) -> Option<crate::model::expr::Expr> {
        let bound = self.constant(e);
        match (&bound.ty, &*bound.kind) {
            (Type::Error, _) => None,
            (_, ExprKind::Literal(crate::model::value::Value::Int(n))) if *n < 1 => {
                self.wrong(
                    crate::diagnostic::codes::types::OPTION_VALUE,
                    format!("{what} is at least 1"),
                    e.span,
                    "too small",
                    None,
                );
                None
            }
            (Type::Int, _) => Some(bound),
            (ty, _) => {
                let ty = super::expr::a(ty);
                self.wrong(
                    crate::diagnostic::codes::types::OPTION_VALUE,
                    format!("{what} is a whole number, not {ty}"),
                    e.span,
                    "a whole number is needed",
                    None,
                );
                None
            }
        }
    }
}

fn set_names(set: &ast::SetExpr, out: &mut Vec<String>) {
    match &set.kind {
        ast::SetKind::Transition(name) => out.push(name.node.clone()),
        ast::SetKind::Audience(_) => {}
        ast::SetKind::Chain(first, rest) => {
            set_names(first, out);
            rest.iter().for_each(|operand| set_names(&operand.set, out));
        }
    }
}

/// A path from a transition through what its call takes back to itself.
fn dependency_circle(name: &str, takes: &HashMap<String, Vec<String>>) -> Option<Vec<String>> {
    fn visit<'a>(
        at: &'a str,
        goal: &str,
        takes: &'a HashMap<String, Vec<String>>,
        path: &mut Vec<String>,
        seen: &mut Vec<&'a str>,
    ) -> bool {
        for next in takes.get(at).into_iter().flatten() {
            if next == goal {
                path.push(next.clone());
                return true;
            }
            if seen.contains(&next.as_str()) {
                continue;
            }
            seen.push(next);
            path.push(next.clone());
            if visit(next, goal, takes, path, seen) {
                return true;
            }
            path.pop();
        }
        false
    }
    let mut path = vec![name.to_string()];
    visit(name, name, takes, &mut path, &mut Vec::new()).then_some(path)
}
