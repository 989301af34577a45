//! What the activities of a program make, and what an audience holds after its save.

use std::collections::BTreeMap;
use std::rc::Rc;

use camp::activity::build_audience::{Build, Limit};
use camp::activity::combine::{Combination, Operand, Set};
use camp::activity::export::ExportRows;
use camp::activity::read_audience::Read;
use camp::activity::save_audience::{Save, Update};
use camp::model::expr::*;
use camp::model::program::*;
use camp::model::types::Type;
use camp::model::value::Value;
use camp::syntax::ast::SetOp;

use super::calendar::Calendar;
use super::evaluate::{Frame, Members, Moves, World};
use super::value::{Key, order, widened};

/// A saved audience.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    pub columns: Vec<(String, Type)>,
    /// The values of `columns`, by key.
    pub rows: BTreeMap<Key, Vec<Value>>,
    pub moves: Moves,
}

/// What a run must do.
#[derive(Debug, Default)]
pub struct Expected {
    /// The audiences after it, by label.
    pub audiences: BTreeMap<String, Stored>,
    /// How many rows each transition has.
    pub counts: Vec<(String, usize)>,
    /// Of each save: label, before, after, entered, left.
    pub saves: Vec<(String, [usize; 4])>,
    /// Whether all guards held; when not, the audiences are those before the run.
    pub held: bool,
}

/// Rows of a set: their columns by name.
type Named = BTreeMap<Key, Vec<(String, Value)>>;

impl World<'_> {
    /// Runs the program.
    pub fn run(&mut self, before: &BTreeMap<String, Stored>) -> Expected {
        let mut expected =
            Expected { audiences: before.clone(), held: true, ..Expected::default() };
        let program = self.program;
        for step in &program.steps {
            let zone = &program[step.campaign].timezone;
            self.calendar = Calendar::new(self.calendar.now, zone);
            let skipped = step.only_if.as_ref().is_some_and(|c| !self.holds(c, &Vec::new()));
            match &step.kind {
                StepKind::Expect { condition, .. } => {
                    expected.held &= self.holds(condition, &Vec::new());
                }
                StepKind::Activity(activity) => {
                    let operation = activity.operation.as_any();
                    let outputs = if let Some(build) = operation.downcast_ref::<Build>() {
                        self.build(build)
                    } else if let Some(combine) = operation.downcast_ref::<Combination>() {
                        self.combine(combine, activity)
                    } else if let Some(read) = operation.downcast_ref::<Read>() {
                        vec![self.read(read, activity)]
                    } else if let Some(save) = operation.downcast_ref::<Save>() {
                        vec![self.save(save, activity, skipped, &mut expected)]
                    } else if operation.is::<ExportRows>() {
                        Vec::new()
                    } else {
                        panic!("the oracle does not know `{}`", activity.activity)
                    };
                    for (&id, members) in activity.outputs.iter().zip(outputs) {
                        expected.counts.push((program[id].name.clone(), members.len()));
                        self.transitions.insert(id, members);
                    }
                }
            }
        }
        if !expected.held {
            expected.audiences = before.clone();
        }
        expected
    }

    fn build(&self, build: &Build) -> Vec<Members> {
        let source = self.members(&build.source);
        let held = |f: &Frame| {
            build.rule.as_ref().is_none_or(|rule| self.holds(rule, &vec![(0, f.clone())]))
        };
        let mut inside: Vec<Frame> = source.iter().filter(|f| held(f)).cloned().collect();
        if let Some(limit) = &build.limit {
            let sorted_by = |f: &Frame| {
                let frames = vec![(0, f.clone())];
                let sorts = build.order.iter().map(|s| self.value(&s.expr, &frames));
                (sorts.collect::<Vec<Value>>(), self.key(f.dimension, f.row).unwrap())
            };
            inside.sort_by_cached_key(|f| Placed {
                world: self,
                descending: build.order.iter().map(|s| s.descending).collect(),
                by: sorted_by(f),
            });
            let keep = match limit {
                Limit::Rows(n) => match self.value(n, &Vec::new()) {
                    Value::Int(n) => n as usize,
                    other => panic!("a limit of {other:?}"),
                },
                Limit::Share(share) => match self.value(share, &Vec::new()) {
                    Value::Decimal { digits, scale } => {
                        let whole = 10i128.pow(scale.into());
                        // Half up.
                        ((2 * digits * inside.len() as i128 + whole) / (2 * whole)) as usize
                    }
                    other => panic!("a share of {other:?}"),
                },
            };
            inside.truncate(keep);
        }
        let carried = |f: &Frame| {
            let frames = vec![(0, f.clone())];
            let values = build
                .columns
                .iter()
                .map(|(column, e)| widened(self.value(e, &frames), &column.ty, &self.calendar));
            (self.key(f.dimension, f.row).unwrap(), Rc::new(values.collect::<Vec<Value>>()))
        };
        let first: Members = inside.iter().map(carried).collect();
        let rest = source.iter().map(carried).filter(|(key, _)| !first.contains_key(key)).collect();
        vec![first, rest]
    }

    fn read(&self, read: &Read, activity: &ActivityStep) -> Members {
        assert!(read.version.is_none(), "the oracle reads no older versions");
        let members = match read.after_save {
            Some(id) => Population::Transition(id),
            None => Population::Audience(read.audience),
        };
        let dimension = self.program[activity.outputs[0]].dimension;
        let rows = if read.matching.is_empty() {
            self.members(&members)
        } else {
            let mut all = self.members(&Population::Dimension(dimension));
            all.retain(|f| self.matches(&members, &read.matching, &vec![(0, f.clone())]));
            all
        };
        let carried = |f: Frame| {
            let frames = vec![(0, f.clone())];
            let values = read.columns.iter().map(|(_, e)| self.value(e, &frames)).collect();
            (self.key(f.dimension, f.row).unwrap(), Rc::new(values))
        };
        rows.into_iter().map(carried).collect()
    }

    fn combine(&self, combine: &Combination, activity: &ActivityStep) -> Vec<Members> {
        let dimension = self.program[activity.outputs[0]].dimension;
        let columns = &self.program[activity.outputs[0]].columns;
        let Set::Operation { op, operands } = &combine.set else { panic!("one operand") };
        let all = self.operation(*op, operands, dimension);
        let mut inside = all.clone();
        if let Some(limit) = &combine.limit {
            let Value::Int(limit) = self.value(limit, &Vec::new()) else { panic!("a limit") };
            let sets: Vec<Named> = operands.iter().map(|o| self.set(&o.set, dimension)).collect();
            let mut keys: Vec<&Key> = all.keys().collect();
            keys.sort_by_key(|k| (sets.iter().position(|s| s.contains_key(k)), *k));
            inside = keys
                .into_iter()
                .take(limit as usize)
                .map(|k| (k.clone(), all[k].clone()))
                .collect();
        }
        let everyone = match op {
            SetOp::Exclude => self.set(&operands[0].set, dimension),
            SetOp::Intersect if operands.iter().any(|o| !o.matching.is_empty()) => {
                self.set(&operands[0].set, dimension)
            }
            _ => self.union(operands, dimension),
        };
        let mut rest = everyone;
        rest.retain(|key, _| !inside.contains_key(key));
        let carried = |named: Named| {
            let values = |row: Vec<(String, Value)>| {
                let of = |c: &CarriedColumn| {
                    let found = row.iter().find(|(name, _)| *name == c.name);
                    let value = found.map_or(Value::Missing, |(_, v)| v.clone());
                    widened(value, &c.ty, &self.calendar)
                };
                Rc::new(columns.iter().map(of).collect::<Vec<Value>>())
            };
            named.into_iter().map(|(key, row)| (key, values(row))).collect::<Members>()
        };
        vec![carried(inside), carried(rest)]
    }

    fn union(&self, operands: &[Operand], dimension: DimId) -> Named {
        let mut all = Named::new();
        for operand in operands {
            for (key, row) in self.set(&operand.set, dimension) {
                let known = all.entry(key).or_default();
                for (name, value) in row {
                    if known.iter().all(|(n, _)| *n != name) {
                        known.push((name, value));
                    }
                }
            }
        }
        all
    }

    fn names(&self, set: &Set) -> Vec<String> {
        match set {
            Set::Population(Population::Transition(t)) => {
                self.program[*t].columns.iter().map(|c| c.name.clone()).collect()
            }
            Set::Population(Population::Audience(i)) => {
                let existing = self.program.audiences[*i].existing.iter();
                existing.flat_map(|a| &a.columns[a.key.len()..]).map(|c| c.name.clone()).collect()
            }
            Set::Population(Population::Dimension(_)) => Vec::new(),
            Set::Operation { op: SetOp::Exclude, operands } => self.names(&operands[0].set),
            Set::Operation { operands, .. } => {
                let mut names: Vec<String> = Vec::new();
                for operand in operands.iter().filter(|o| o.matching.is_empty()) {
                    let new = self.names(&operand.set);
                    names
                        .extend(new.into_iter().filter(|n| !names.contains(n)).collect::<Vec<_>>());
                }
                names
            }
        }
    }

    fn set(&self, set: &Set, dimension: DimId) -> Named {
        match set {
            Set::Population(population) => {
                let names = self.names(set);
                let row = |f: Frame| {
                    let key = self.key(f.dimension, f.row).unwrap();
                    (key, names.iter().cloned().zip(f.carried.iter().cloned()).collect())
                };
                self.members(population).into_iter().map(row).collect()
            }
            Set::Operation { op, operands } => self.operation(*op, operands, dimension),
        }
    }

    /// An operation. A `matching` speaks of every column of the left set, also of those that
    /// `common columns only` drops.
    fn operation(&self, op: SetOp, operands: &[Operand], dimension: DimId) -> Named {
        if op == SetOp::Union {
            return self.union(operands, dimension);
        }
        let exclude = op == SetOp::Exclude;
        let left = self.names(&operands[0].set);
        let mut rows = self.set(&operands[0].set, dimension);
        for operand in &operands[1..] {
            if operand.matching.is_empty() {
                let other = self.set(&operand.set, dimension);
                rows.retain(|key, _| other.contains_key(key) != exclude);
                continue;
            }
            let Set::Population(right) = &operand.set else { panic!("matching") };
            rows.retain(|key, row| {
                let of =
                    |name: &String| row.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
                let carried = left.iter().map(|n| of(n).unwrap_or(Value::Missing));
                let carried = Rc::new(carried.collect());
                let row = self.row_of(dimension, key).unwrap();
                let frames = vec![(0, Frame { dimension, row, carried })];
                self.matches(right, &operand.matching, &frames) != exclude
            });
        }
        if !exclude {
            let same = operands.iter().filter(|o| o.matching.is_empty());
            let all = self.union(&same.cloned().collect::<Vec<_>>(), dimension);
            rows = rows.into_keys().map(|k| (k.clone(), all[&k].clone())).collect();
        }
        rows
    }

    fn save(
        &self,
        save: &Save,
        activity: &ActivityStep,
        skipped: bool,
        expected: &mut Expected,
    ) -> Members {
        assert!(save.for_each.is_none(), "the oracle knows no `for each`");
        let known =
            expected.audiences.keys().find(|l| l.to_lowercase() == save.label.to_lowercase());
        let label = known.cloned().unwrap_or_else(|| save.label.clone());
        let old = expected.audiences.get(&label).cloned();
        let names = |columns: &[CarriedColumn]| {
            columns.iter().map(|c| (c.name.clone(), c.ty.clone())).collect::<Vec<_>>()
        };
        let new_columns = names(&self.program[save.input].columns);
        let input = &self.transitions[&save.input];
        let mut after = match (&old, save.update) {
            (None, _) | (_, Update::Replace) => Stored {
                columns: new_columns,
                rows: input.iter().map(|(k, v)| (k.clone(), v.to_vec())).collect(),
                ..Stored::default()
            },
            (Some(old), update) => {
                let mut all = old.clone();
                for (name, ty) in &new_columns {
                    if all.columns.iter().all(|(n, _)| n != name) {
                        all.columns.push((name.clone(), ty.clone()));
                        all.rows.values_mut().for_each(|row| row.push(Value::Missing));
                    }
                }
                for (key, values) in input {
                    let is_new = !all.rows.contains_key(key);
                    let width = all.columns.len();
                    let row =
                        all.rows.entry(key.clone()).or_insert_with(|| vec![Value::Missing; width]);
                    if is_new || update == Update::Merge {
                        for ((name, _), value) in new_columns.iter().zip(values.iter()) {
                            let at = all.columns.iter().position(|(n, _)| n == name).unwrap();
                            row[at] = widened(value.clone(), &all.columns[at].1, &self.calendar);
                        }
                    }
                }
                all
            }
        };
        let old = old.unwrap_or_default();
        if skipped {
            after = old.clone();
        } else {
            let entered = after.rows.keys().filter(|k| !old.rows.contains_key(k));
            let left = old.rows.keys().filter(|k| !after.rows.contains_key(k));
            let moves: Moves = entered
                .map(|k| (k.clone(), true, self.calendar.now))
                .chain(left.map(|k| (k.clone(), false, self.calendar.now)))
                .collect();
            let entered = moves.iter().filter(|m| m.1).count();
            expected.saves.push((
                label.clone(),
                [old.rows.len(), after.rows.len(), entered, moves.len() - entered],
            ));
            after.moves = old.moves;
            // The first version is an entry of all its members.
            after.moves.extend(moves);
            expected.audiences.insert(label, after.clone());
        }
        // The whole audience, as far as its members still exist.
        let Some(&output) = activity.outputs.first() else { return Members::new() };
        let dimension = self.program[output].dimension;
        let columns = &self.program[output].columns;
        let of = |row: &Vec<Value>| {
            let value = |c: &CarriedColumn| {
                let at = after.columns.iter().position(|(name, _)| *name == c.name);
                at.map_or(Value::Missing, |at| row[at].clone())
            };
            Rc::new(columns.iter().map(value).collect::<Vec<Value>>())
        };
        after
            .rows
            .iter()
            .filter(|(key, _)| self.row_of(dimension, key).is_some())
            .map(|(key, row)| (key.clone(), of(row)))
            .collect()
    }
}

/// A row's place in an order: missing values last either way, ties by the key.
struct Placed<'a> {
    world: &'a World<'a>,
    descending: Vec<bool>,
    by: (Vec<Value>, Key),
}

impl Ord for Placed<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let missing = |v: &Value| matches!(v, Value::Missing);
        for ((a, b), descending) in self.by.0.iter().zip(&other.by.0).zip(&self.descending) {
            let found = match order(a, b, &self.world.calendar) {
                Some(order) if *descending => order.reverse(),
                Some(order) => order,
                None => missing(a).cmp(&missing(b)),
            };
            if found.is_ne() {
                return found;
            }
        }
        self.by.1.cmp(&other.by.1)
    }
}
impl PartialOrd for Placed<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Placed<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Placed<'_> {}
