//! Values: the scalar that an expression is.

use crate::model::expr::*;
use crate::model::types::Type;
use crate::model::value::Value;
use crate::plan::query::*;

use super::sql::{count_rows, json_as, null, truth};
use super::{Frame, FrameRows, Lowering};

impl Lowering<'_> {
    /// The value of an expression; of a condition, TRUE or FALSE, never NULL.
    pub fn value(&mut self, expr: &Expr) -> Scalar {
        match &*expr.kind {
            ExprKind::Literal(value) => Scalar::Literal(value.clone(), expr.ty.clone()),
            ExprKind::Column { row, column } => {
                let Some((alias, dimension, _)) = self.row(row) else { return null() };
                let column = &self.program[dimension].columns[*column];
                let scalar = Scalar::Column(alias, column.name.clone());
                match column.ty {
                    Type::Float => Scalar::Primitive(Primitive::NanToNull, vec![scalar]),
                    _ => scalar,
                }
            }
            // The columns that transitions carry have been replaced by what they stand for.
            ExprKind::Carried { frame, .. } => match self.frame(*frame).cloned() {
                Some(Frame { alias, rows: FrameRows::Changes, .. }) => {
                    Scalar::Column(alias, "at".into())
                }
                _ => null(),
            },
            ExprKind::Lookup { population, index } => {
                match self.lookup(&Row::frame(0), population) {
                    Some(alias) => Scalar::Column(alias, format!("c{index}")),
                    None => Scalar::Literal(Value::Missing, expr.ty.clone()),
                }
            }
            ExprKind::Field(of, path) => self.field(of, path),
            ExprKind::Arith(op, a, b) => {
                let (l, r) = (self.number(a), self.number(b));
                Scalar::Arith(*op, Box::new(l), Box::new(r), expr.ty.clone())
            }
            ExprKind::Neg(e) => Scalar::Neg(Box::new(self.number(e))),
            ExprKind::Shift { time, by, back } => self.shift(time, by, *back, &expr.ty),
            ExprKind::If(c, a, b) => {
                let condition = self.condition(c, true);
                let (a, b) = (self.value(a), self.value(b));
                Scalar::Case(vec![(condition, a)], Some(Box::new(b)))
            }
            ExprKind::Function(function, args) => {
                let args = args.iter().map(|a| (self.value(a), a.ty.clone())).collect();
                Scalar::Function(*function, args, expr.ty.clone())
            }
            ExprKind::Convert(e) => {
                let v = self.value(e);
                match (&e.ty, &expr.ty) {
                    (Type::Timestamp, Type::Date) => Scalar::Primitive(Primitive::DayOf, vec![v]),
                    (Type::Json, ty) => json_as(v, ty),
                    // Decimals of the engine widen by themselves, and a cast of a sum to the type
                    // that was guessed for it could only fail.
                    (Type::Int | Type::Decimal { .. }, Type::Decimal { .. }) => v,
                    (_, ty) => Scalar::Cast(Box::new(v), ty.clone()),
                }
            }
            ExprKind::ToLocal(e, zone) => {
                let zone = Scalar::Literal(Value::Text(zone.to_string()), Type::Text);
                Scalar::Primitive(Primitive::ToLocal, vec![self.value(e), zone])
            }
            ExprKind::ToInstant(e, zone) => {
                let zone = Scalar::Literal(Value::Text(zone.to_string()), Type::Text);
                let local = self.value(e);
                let local = if e.ty == Type::Date {
                    Scalar::Cast(Box::new(local), Type::Timestamp)
                } else {
                    local
                };
                Scalar::Primitive(Primitive::ToInstant, vec![local, zone])
            }
            ExprKind::Aggregate { .. } => self.aggregate(expr),
            ExprKind::Sql(parts) => Scalar::Raw(
                parts
                    .iter()
                    .map(|p| match p {
                        SqlPart::Text(t) => RawPart::Text(t.clone()),
                        SqlPart::Value(e) => RawPart::Value(self.value(e)),
                    })
                    .collect(),
                expr.ty.clone(),
            ),
            ExprKind::MemberText(parts) => {
                let parts = parts.iter().map(|p| self.value(p)).collect();
                Scalar::Primitive(Primitive::MemberText, parts)
            }
            ExprKind::KeyText(parts) => {
                let parts = parts.iter().map(|p| self.value(p)).collect();
                Scalar::Primitive(Primitive::KeyText, parts)
            }
            ExprKind::CountOf(population) => self.count_of(population),
            ExprKind::SizeOf(audience) => {
                let existing = self.program.audiences[*audience].existing.as_ref();
                let size = existing.map_or(0, |a| a.size);
                Scalar::Literal(Value::Int(size.into()), Type::Int)
            }
            ExprKind::Error
            | ExprKind::Today
            | ExprKind::Now
            | ExprKind::Param(_)
            | ExprKind::DurationOf(..) => null(),
            _ => {
                // A condition as a value.
                let holds = self.condition(expr, true);
                match holds {
                    Scalar::Literal(..) | Scalar::IsNull(_) | Scalar::IsNotNull(_) => holds,
                    holds => Scalar::Coalesce(vec![holds, truth(false)]),
                }
            }
        }
    }

    /// A number, out of JSON where it comes from there.
    pub(super) fn number(&mut self, expr: &Expr) -> Scalar {
        let v = self.value(expr);
        if expr.ty == Type::Json { json_as(v, &Type::Float) } else { v }
    }

    pub(super) fn count_of(&mut self, population: &Population) -> Scalar {
        if let Population::Transition(t) = population
            && let Some(select) = self.relations.count(*t)
        {
            return Scalar::Subquery(Box::new(select));
        }
        let Some(rows) = self.population_rows(population) else {
            return Scalar::Literal(Value::Int(0), Type::Int);
        };
        let alias = self.alias("n");
        Scalar::Subquery(Box::new(Select {
            columns: vec![("n".into(), count_rows())],
            from: Some((rows, alias)),
            ..Select::default()
        }))
    }

    pub(super) fn field(&mut self, of: &Expr, path: &[String]) -> Scalar {
        let mut scalar = self.value(of);
        let mut ty = of.ty.clone();
        for (i, part) in path.iter().enumerate() {
            match &ty {
                Type::Struct(fields) => {
                    let field = fields.iter().find(|(n, _)| n == part);
                    ty = field.map_or(Type::Error, |(_, t)| t.clone());
                    let name = Scalar::Literal(Value::Text(part.clone()), Type::Text);
                    scalar = Scalar::Primitive(Primitive::StructField, vec![scalar, name]);
                }
                _ => {
                    let mut args = vec![scalar];
                    let rest = path[i..].iter().cloned();
                    args.extend(rest.map(|p| Scalar::Literal(Value::Text(p), Type::Text)));
                    return Scalar::Primitive(Primitive::JsonText, args);
                }
            }
        }
        scalar
    }

    pub(super) fn shift(&mut self, time: &Expr, by: &Expr, back: bool, ty: &Type) -> Scalar {
        let t = self.value(time);
        let by = match &*by.kind {
            ExprKind::DurationOf(amount, unit) => {
                let amount = self.value(amount);
                Scalar::Primitive(Primitive::DurationOf(*unit), vec![amount])
            }
            _ => self.value(by),
        };
        let by = if back { Scalar::Neg(Box::new(by)) } else { by };
        let moved = Scalar::Primitive(Primitive::AddDuration, vec![t, by]);
        // DATE plus INTERVAL is a TIMESTAMP in the engine.
        if *ty == Type::Date { Scalar::Cast(Box::new(moved), Type::Date) } else { moved }
    }

    /// Whether a value can be missing; `true` when in doubt.
    pub(super) fn may_miss(&self, expr: &Expr) -> bool {
        match &*expr.kind {
            ExprKind::Literal(value) => *value == Value::Missing,
            ExprKind::Column { row, column } => {
                let Some(Frame { rows: FrameRows::Dimension(d), .. }) = self.frame(row.frame)
                else {
                    return true;
                };
                let dim = &self.program[*d];
                !row.links.is_empty()
                    || dim.columns[*column].nullable
                    || dim.columns[*column].ty == Type::Float
            }
            ExprKind::Aggregate { function, .. } => {
                !matches!(function, Aggregate::Count | Aggregate::CountDistinct | Aggregate::Sum)
            }
            ExprKind::Arith(ArithOp::Add | ArithOp::Sub | ArithOp::Mul, a, b) => {
                self.may_miss(a) || self.may_miss(b)
            }
            ExprKind::Neg(e) | ExprKind::ToLocal(e, _) | ExprKind::ToInstant(e, _) => {
                self.may_miss(e)
            }
            ExprKind::Convert(e) => e.ty == Type::Json || self.may_miss(e),
            ExprKind::Shift { time, by, .. } => self.may_miss(time) || self.may_miss(by),
            ExprKind::If(_, a, b) => self.may_miss(a) || self.may_miss(b),
            ExprKind::CountOf(_) | ExprKind::SizeOf(_) => false,
            _ => !expr.is_condition(),
        }
    }
}
