//! `expect` and `only if`: conditions of a run on its own populations, asked in text order.
//!
//! A guard is printed only when it is asked, since what it counts depends on the guards before it:
//! a population whose statement was skipped holds nobody.

use std::collections::HashSet;

use crate::model::expr::{Expr, ExprKind, Population};
use crate::model::program::{Program, StepKind, TransitionId};
use crate::model::types::Type;
use crate::model::value::Value;

use super::lower::{History, Lowering, truth};
use super::query::{Scalar, Select};
use super::relation::{Relation, Relations};
use super::{Plan, Planner};

/// A condition of the run on its populations.
#[derive(Clone, Debug, PartialEq)]
pub struct Guard {
    /// Index of the step in the program.
    pub step: usize,
    /// What must hold, parameters and times folded.
    pub condition: Expr,
}

/// The guards of the wanted steps, in text order.
pub(super) fn guards(planner: &mut Planner<'_>, wanted: &HashSet<usize>) -> Vec<Guard> {
    let mut guards = Vec::new();
    for (index, step) in planner.program.steps.iter().enumerate() {
        let condition = match (&step.kind, &step.only_if) {
            _ if !wanted.contains(&index) => continue,
            (StepKind::Expect { condition, .. }, _) => condition,
            (_, Some(condition)) => condition,
            _ => continue,
        };
        planner.enter(index);
        guards.push(Guard { step: index, condition: planner.fold(condition) });
    }
    guards
}

impl Plan {
    /// The question whether a guard holds: one row, one column. The transitions in `skipped` hold
    /// nobody.
    pub fn ask(
        &self,
        guard: &Guard,
        program: &Program,
        history: &dyn History,
        skipped: &HashSet<TransitionId>,
    ) -> Select {
        let relations = self.without(program, skipped);
        let mut lowering = Lowering::new(program, &relations, history);
        let holds = Scalar::Coalesce(vec![lowering.value(&guard.condition), truth(false)]);
        Select { columns: vec![("holds".into(), holds)], ..Select::default() }
    }

    /// The counts that a guard speaks of, named as in the script: one row, a column for each.
    pub fn facts(
        &self,
        guard: &Guard,
        program: &Program,
        history: &dyn History,
        skipped: &HashSet<TransitionId>,
    ) -> Select {
        let relations = self.without(program, skipped);
        let mut lowering = Lowering::new(program, &relations, history);
        let mut columns: Vec<(String, Scalar)> = Vec::new();
        guard.condition.walk(&mut |e| {
            if let Some(name) = fact_name(e, program)
                && columns.iter().all(|(known, _)| *known != name)
            {
                columns.push((name, lowering.value(e)));
            }
        });
        Select { columns, ..Select::default() }
    }

    /// What the plan knows of every transition where those that were skipped hold nobody.
    pub(crate) fn without(&self, program: &Program, skipped: &HashSet<TransitionId>) -> Relations {
        let mut relations = self.relations.clone();
        for &t in skipped {
            let span = program[t].span;
            let nothing =
                |ty: &Type| Expr::new(ExprKind::Literal(Value::Missing), ty.clone(), span);
            relations.define(
                t,
                Relation {
                    dimension: program[t].dimension,
                    rule: Expr::constant(false, span),
                    columns: program[t].columns.iter().map(|c| nothing(&c.ty)).collect(),
                },
            );
            let zero = Scalar::Literal(Value::Int(0), Type::Int);
            let columns = vec![("n".into(), zero)];
            relations.define_count(t, Select { columns, ..Select::default() });
        }
        relations
    }
}

fn fact_name(fact: &Expr, program: &Program) -> Option<String> {
    Some(match &*fact.kind {
        ExprKind::CountOf(Population::Transition(t)) => format!("count({})", program[*t].name),
        ExprKind::CountOf(Population::Dimension(d)) => format!("count({})", program[*d].name),
        ExprKind::CountOf(Population::Audience(i)) => {
            format!("count(audience \"{}\")", program.audiences[*i].label)
        }
        ExprKind::SizeOf(i) => format!("size(\"{}\")", program.audiences[*i].label),
        _ => return None,
    })
}
