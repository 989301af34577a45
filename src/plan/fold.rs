//! Constants are folded and shifted, never columns: parameters, `today`, `now`, windows and local
//! days become ranges of instants (for columns with a zone) or of local times (for those without),
//! so that scans still prune. Measured over 10 M rows: 3 ms, against 1.5 s for `timezone()` on the
//! column.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::model::expr::*;
use crate::model::functions::Accepts;
use crate::model::program::Program;
use crate::model::types::Type;
use crate::model::value::{Duration, Value};
use crate::source::Span;

use super::clock::{self, Clock, OutOfRange};

/// Folds expressions of one campaign.
pub struct Folder<'a> {
    /// For the values of parameters.
    pub program: &'a Program,
    /// The run's instant in the campaign's zone.
    pub clock: &'a Clock,
    /// What went wrong: a date outside the calendar.
    pub errors: Diagnostics,
}

/// Bounds of a window: by day, inclusive, and by instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// First day.
    pub first: Option<Date>,
    /// Last day.
    pub last: Option<Date>,
    /// Later than this instant.
    pub after: Option<Timestamp>,
    /// Not later than this instant.
    pub until: Option<Timestamp>,
}

impl Folder<'_> {
    /// The expression without parameters, relative times and windows.
    pub fn fold(&mut self, expr: &Expr) -> Expr {
        let expr = expr.map_children(&mut |part| self.fold(part));
        match self.fold_node(&expr) {
            Ok(folded) => folded,
            Err(OutOfRange) => {
                self.errors.push(
                    Diagnostic::error(
                        codes::plan::DATE_OUT_OF_RANGE,
                        "The date lies outside the calendar",
                    )
                    .label(expr.span, "leads before year -9999 or after 9999")
                    .help("use a shorter duration"),
                );
                Expr::new(ExprKind::Error, expr.ty, expr.span)
            }
        }
    }

    fn fold_node(&mut self, expr: &Expr) -> Result<Expr, OutOfRange> {
        let span = expr.span;
        let constant = |value: Value| Expr { ty: expr.ty.clone(), ..Expr::literal(value, span) };
        Ok(match &*expr.kind {
            ExprKind::Today => constant(Value::Date(self.clock.today())),
            ExprKind::Now => constant(Value::Instant(self.clock.now)),
            ExprKind::Param(id) => {
                constant(self.program[*id].value.clone().unwrap_or(Value::Missing))
            }
            ExprKind::DurationOf(amount, unit) => match literal(amount) {
                Some(Value::Int(n)) => {
                    let n = i64::try_from(*n).map_err(|_| OutOfRange)?;
                    constant(Value::Duration(clock::unit(*unit, n)))
                }
                _ => expr.clone(),
            },
            ExprKind::Neg(e) => match literal(e) {
                Some(Value::Int(n)) => constant(Value::Int(-n)),
                Some(Value::Decimal { digits, scale }) => {
                    constant(Value::Decimal { digits: -digits, scale: *scale })
                }
                Some(Value::Float(x)) => constant(Value::Float(-x)),
                Some(Value::Duration(d)) => constant(Value::Duration(d.negated())),
                _ => expr.clone(),
            },
            ExprKind::Arith(op, a, b) => match (literal(a), literal(b)) {
                (Some(Value::Duration(a)), Some(Value::Duration(b))) => {
                    let b = if *op == ArithOp::Sub { b.negated() } else { *b };
                    constant(Value::Duration(Duration {
                        months: a.months + b.months,
                        days: a.days + b.days,
                        micros: a.micros + b.micros,
                    }))
                }
                (Some(Value::Int(n)), Some(Value::Duration(d)))
                | (Some(Value::Duration(d)), Some(Value::Int(n)))
                    if *op == ArithOp::Mul =>
                {
                    let n = i64::try_from(*n).map_err(|_| OutOfRange)?;
                    let times = |x: i64| x.checked_mul(n).ok_or(OutOfRange);
                    constant(Value::Duration(Duration {
                        months: times(d.months)?,
                        days: times(d.days)?,
                        micros: times(d.micros)?,
                    }))
                }
                _ => expr.clone(),
            },
            ExprKind::Convert(e) => match literal(e).and_then(|v| converted(v, &expr.ty)) {
                Some(value) => constant(value),
                None => match (&e.ty, &expr.ty) {
                    (Type::Instant, Type::Timestamp) => self.local_of(e),
                    (Type::Instant, Type::Date) => self.day_of(e),
                    (Type::Timestamp | Type::Date, Type::Instant) => self.instant_of(e),
                    _ => expr.clone(),
                },
            },
            ExprKind::Shift { time, by, back } => match (literal(time), literal(by)) {
                (Some(Value::Missing), _) | (_, Some(Value::Missing)) => constant(Value::Missing),
                (Some(time), Some(Value::Duration(by))) => {
                    let by = if *back { by.negated() } else { *by };
                    constant(self.shifted(time, by)?)
                }
                (None, Some(Value::Duration(by))) => self.shifted_column(time, *by, *back, span),
                _ => expr.clone(),
            },
            ExprKind::Compare { op, left, right, ignoring_case } if is_time_pair(left, right) => {
                debug_assert!(!ignoring_case);
                self.compare(*op, left, right, span)?
            }
            ExprKind::Between { value, low, high } => {
                let pair = [(Comparison::Ge, low), (Comparison::Le, high)];
                let parts =
                    pair.into_iter().map(|(op, bound)| self.compare(op, value, bound, span));
                Expr::and(parts.collect::<Result<Vec<_>, _>>()?, span)
            }
            ExprKind::In { value, list, .. } if value.ty.is_time() => {
                let parts = list.iter().map(|item| self.compare(Comparison::Eq, value, item, span));
                Expr::or(parts.collect::<Result<Vec<_>, _>>()?, span)
            }
            ExprKind::InWindow { value, window } => {
                let bounds = self.bounds(window)?;
                self.within_bounds(value, bounds, span)?
            }
            ExprKind::Within { value, distance, side, anchor } => {
                self.within(value, distance, *side, anchor, span)?
            }
            ExprKind::Anniversary { date, test } => self.anniversary(date, test, span)?,
            ExprKind::Moved { entered, audience, row, window } => {
                let bounds = self.bounds(window)?;
                let at = ExprKind::Carried { frame: MatchPair::RIGHT, index: 0 };
                let at = Expr::new(at, Type::Instant, span);
                let when = self.within_bounds(&at, bounds, span)?;
                Expr::condition(
                    ExprKind::MovedBetween {
                        entered: *entered,
                        audience: *audience,
                        row: row.clone(),
                        when,
                    },
                    span,
                )
            }
            ExprKind::And(parts) => {
                if parts.iter().any(|p| literal(p) == Some(&Value::Bool(false))) {
                    Expr::constant(false, span)
                } else {
                    Expr::and(parts.iter().cloned(), span)
                }
            }
            ExprKind::Or(parts) => {
                if parts.iter().any(|p| literal(p) == Some(&Value::Bool(true))) {
                    Expr::constant(true, span)
                } else {
                    Expr::or(parts.iter().cloned(), span)
                }
            }
            ExprKind::Not(e) => match literal(e) {
                Some(Value::Bool(b)) => Expr::constant(!b, span),
                _ => expr.clone(),
            },
            ExprKind::Function(function, args) => {
                let params = function.0.params;
                let accepts = |n: usize| {
                    let last = params.len().checked_sub(1).filter(|_| function.0.variadic);
                    params.get(n).or_else(|| params.get(last?)).map(|p| p.accepts)
                };
                let args = args.iter().enumerate().map(|(n, arg)| match accepts(n) {
                    Some(Accepts::LocalTime | Accepts::TextOrTime) => self.local_of(arg),
                    Some(Accepts::Instant) => self.instant_of(arg),
                    Some(Accepts::Date) => self.day_of(arg),
                    _ => arg.clone(),
                });
                let kind = ExprKind::Function(*function, args.collect());
                Expr::new(kind, expr.ty.clone(), span)
            }
            ExprKind::If(c, a, b) => match literal(c) {
                Some(Value::Bool(true)) if a.ty == expr.ty => a.clone(),
                Some(Value::Bool(false) | Value::Missing) if b.ty == expr.ty => b.clone(),
                _ => expr.clone(),
            },
            _ => expr.clone(),
        })
    }

    fn shifted(&self, time: &Value, by: Duration) -> Result<Value, OutOfRange> {
        Ok(match time {
            Value::Date(d) if by.is_calendar() => Value::Date(self.clock.shift_date(*d, by)?),
            // A date moved by hours is a time of that day.
            Value::Date(d) => Value::Timestamp(self.clock.shift_local(d.at(0, 0, 0, 0), by)?),
            Value::Timestamp(t) => Value::Timestamp(self.clock.shift_local(*t, by)?),
            Value::Instant(t) => Value::Instant(self.clock.shift_instant(*t, by)?),
            other => other.clone(),
        })
    }

    /// A time that is no constant, moved: months and days on the wall clock of the campaign's zone,
    /// then elapsed time between instants.
    fn shifted_column(&self, time: &Expr, by: Duration, back: bool, span: Span) -> Expr {
        let calendar = Duration { micros: 0, ..by };
        let elapsed = Duration { micros: by.micros, ..Duration::default() };
        let moved = |time: Expr, by: Duration| {
            if by == Duration::default() {
                return time;
            }
            let ty = time.ty.clone();
            Expr::new(ExprKind::Shift { time, by: duration(by, span), back }, ty, span)
        };
        match time.ty {
            Type::Instant if calendar == Duration::default() => moved(time.clone(), elapsed),
            Type::Instant => {
                let local = moved(self.local_of(time), calendar);
                moved(self.instant_of(&local), elapsed)
            }
            _ if elapsed == Duration::default() => moved(time.clone(), calendar),
            _ => {
                let instant = moved(self.instant_of(&moved(time.clone(), calendar)), elapsed);
                let zone = self.clock.zone_name.clone();
                Expr::new(ExprKind::ToLocal(instant, zone), Type::Timestamp, span)
            }
        }
    }

    /// The bounds of a window whose length is a constant by now.
    ///
    /// # Errors
    /// At the ends of the calendar.
    pub fn bounds(&self, window: &Window) -> Result<Bounds, OutOfRange> {
        let today = self.clock.today();
        let now = self.clock.now;
        let next_day = |d: Date| d.checked_add(1.day()).map_err(|_| OutOfRange);
        let period = |unit: Unit, offset: i64| -> Result<Bounds, OutOfRange> {
            let start = self.clock.period_start(today, unit);
            let first = self.clock.shift_date(start, clock::unit(unit, offset))?;
            let end = self.clock.shift_date(start, clock::unit(unit, offset + 1))?;
            let last = end.checked_sub(1.day()).map_err(|_| OutOfRange)?;
            Ok(Bounds { first: Some(first), last: Some(last), ..Bounds::default() })
        };
        Ok(match window {
            Window::Last(length) => match literal(length) {
                Some(Value::Duration(d)) if d.is_calendar() => Bounds {
                    first: Some(next_day(self.clock.shift_date(today, d.negated())?)?),
                    last: Some(today),
                    after: None,
                    until: Some(now),
                },
                Some(Value::Duration(d)) => Bounds {
                    after: Some(self.clock.shift_instant(now, d.negated())?),
                    until: Some(now),
                    ..Bounds::default()
                },
                _ => return Err(OutOfRange),
            },
            Window::Next(length) => match literal(length) {
                Some(Value::Duration(d)) if d.is_calendar() => Bounds {
                    first: Some(next_day(today)?),
                    last: Some(self.clock.shift_date(today, *d)?),
                    after: Some(now),
                    until: None,
                },
                Some(Value::Duration(d)) => Bounds {
                    after: Some(now),
                    until: Some(self.clock.shift_instant(now, *d)?),
                    ..Bounds::default()
                },
                _ => return Err(OutOfRange),
            },
            Window::This(unit) => period(*unit, 0)?,
            Window::Previous(unit) => period(*unit, -1)?,
            Window::Following(unit) => period(*unit, 1)?,
        })
    }

    /// The days of a window, for dates: instants that bound it are read as their local days.
    fn days(&self, b: Bounds) -> (Option<Date>, Option<Date>) {
        let day = |t: Timestamp| self.clock.local(t).date();
        (b.first.or(b.after.map(day)), b.last.or(b.until.map(day)))
    }

    fn within_bounds(&self, value: &Expr, b: Bounds, span: Span) -> Result<Expr, OutOfRange> {
        let mut parts = Vec::new();
        if value.ty == Type::Date {
            let (first, last) = self.days(b);
            let day = |d| Expr::literal(Value::Date(d), span);
            parts.extend(first.map(|d| compare(Comparison::Ge, value, &day(d), span)));
            parts.extend(last.map(|d| compare(Comparison::Le, value, &day(d), span)));
            return Ok(Expr::and(parts, span));
        }
        let instant = |t| Expr::literal(Value::Instant(t), span);
        match (b.after, b.first) {
            (Some(after), _) => {
                parts.push(self.compare(Comparison::Gt, value, &instant(after), span)?);
            }
            (None, Some(first)) => {
                let day = Expr::literal(Value::Date(first), span);
                parts.push(self.compare(Comparison::Ge, value, &day, span)?);
            }
            (None, None) => {}
        }
        match (b.until, b.last) {
            (Some(until), _) => {
                parts.push(self.compare(Comparison::Le, value, &instant(until), span)?);
            }
            (None, Some(last)) => {
                let day = Expr::literal(Value::Date(last), span);
                parts.push(self.compare(Comparison::Le, value, &day, span)?);
            }
            (None, None) => {}
        }
        Ok(Expr::and(parts, span))
    }

    /// A comparison of times in its cheapest form: columns bare where a constant can be moved
    /// instead.
    fn compare(
        &self,
        op: Comparison,
        left: &Expr,
        right: &Expr,
        span: Span,
    ) -> Result<Expr, OutOfRange> {
        if literal(left).is_some() && literal(right).is_none() {
            return self.compare(flipped(op), right, left, span);
        }
        if let Some(constant) = literal(right) {
            match (&left.ty, constant) {
                (Type::Timestamp | Type::Instant, Value::Date(day)) => {
                    return self.compare_day(op, left, *day, span);
                }
                (Type::Date, Value::Timestamp(t)) => {
                    let day = Expr::literal(Value::Date(t.date()), span);
                    return Ok(compare(op, left, &day, span));
                }
                (Type::Date, Value::Instant(t)) => {
                    let day = Expr::literal(Value::Date(self.clock.local(*t).date()), span);
                    return Ok(compare(op, left, &day, span));
                }
                (Type::Timestamp, Value::Instant(t)) => {
                    return self.compare_local(op, left, *t, span);
                }
                (Type::Instant, Value::Timestamp(t)) => {
                    let instant = Expr::literal(Value::Instant(self.clock.instant(*t)?), span);
                    return Ok(compare(op, left, &instant, span));
                }
                _ => {}
            }
        }
        let (l, r) = match (&left.ty, &right.ty) {
            (Type::Date, Type::Timestamp | Type::Instant) => (left.clone(), self.day_of(right)),
            (Type::Timestamp | Type::Instant, Type::Date) => (self.day_of(left), right.clone()),
            (Type::Timestamp, Type::Instant) => (self.instant_of(left), right.clone()),
            (Type::Instant, Type::Timestamp) => (left.clone(), self.instant_of(right)),
            _ => (left.clone(), right.clone()),
        };
        Ok(compare(op, &l, &r, span))
    }

    /// A local time against an instant. In the hour that happens twice a local time is the later
    /// one, so for an instant of the first pass the clock's hands alone would not tell.
    fn compare_local(
        &self,
        op: Comparison,
        local: &Expr,
        instant: Timestamp,
        span: Span,
    ) -> Result<Expr, OutOfRange> {
        let hands = self.clock.local(instant);
        let value = |t| Expr::literal(Value::Timestamp(t), span);
        if self.clock.instant(hands)? == instant {
            return Ok(compare(op, local, &value(hands), span));
        }
        let Some(change) = self.clock.zone.following(instant).next() else {
            return Err(OutOfRange);
        };
        // Where the second pass begins: from there on everything is later.
        let again = value(self.clock.local(change.timestamp()));
        Ok(match op {
            Comparison::Eq => Expr::constant(false, span),
            Comparison::Lt | Comparison::Le => compare(Comparison::Lt, local, &again, span),
            Comparison::Gt | Comparison::Ge => compare(Comparison::Ge, local, &again, span),
        })
    }

    fn compare_day(
        &self,
        op: Comparison,
        value: &Expr,
        day: Date,
        span: Span,
    ) -> Result<Expr, OutOfRange> {
        let start = |day: Date| -> Result<Expr, OutOfRange> {
            let value = if value.ty == Type::Instant {
                Value::Instant(self.clock.start_of(day)?)
            } else {
                Value::Timestamp(day.at(0, 0, 0, 0))
            };
            Ok(Expr::literal(value, span))
        };
        let next = || day.checked_add(1.day()).map_err(|_| OutOfRange);
        Ok(match op {
            Comparison::Eq => Expr::and(
                [
                    compare(Comparison::Ge, value, &start(day)?, span),
                    compare(Comparison::Lt, value, &start(next()?)?, span),
                ],
                span,
            ),
            Comparison::Lt => compare(Comparison::Lt, value, &start(day)?, span),
            Comparison::Le => compare(Comparison::Lt, value, &start(next()?)?, span),
            Comparison::Gt => compare(Comparison::Ge, value, &start(next()?)?, span),
            Comparison::Ge => compare(Comparison::Ge, value, &start(day)?, span),
        })
    }

    /// The local day of a time.
    pub fn day_of(&self, time: &Expr) -> Expr {
        let local = self.local_of(time);
        if local.ty == Type::Date {
            return local;
        }
        let span = time.span;
        Expr::new(ExprKind::Convert(local), Type::Date, span)
    }

    /// A time as local time; dates stay dates.
    pub fn local_of(&self, time: &Expr) -> Expr {
        match (&time.ty, literal(time)) {
            (Type::Instant, Some(Value::Instant(t))) => {
                Expr::literal(Value::Timestamp(self.clock.local(*t)), time.span)
            }
            (Type::Instant, _) => Expr::new(
                ExprKind::ToLocal(time.clone(), self.clock.zone_name.clone()),
                Type::Timestamp,
                time.span,
            ),
            _ => time.clone(),
        }
    }

    /// A time as an instant; a date is the start of its local day.
    pub fn instant_of(&self, time: &Expr) -> Expr {
        match time.ty {
            Type::Timestamp | Type::Date => Expr::new(
                ExprKind::ToInstant(time.clone(), self.clock.zone_name.clone()),
                Type::Instant,
                time.span,
            ),
            _ => time.clone(),
        }
    }

    fn within(
        &mut self,
        value: &Expr,
        distance: &Expr,
        side: WithinSide,
        anchor: &Expr,
        span: Span,
    ) -> Result<Expr, OutOfRange> {
        let elapsed = matches!(literal(distance), Some(Value::Duration(d)) if !d.is_calendar());
        // Days are compared as soon as one side is a date and no hours are asked for.
        let (value, anchor) = if !elapsed && (value.ty == Type::Date || anchor.ty == Type::Date) {
            (self.day_of(value), self.day_of(anchor))
        } else if elapsed {
            // Hours are elapsed time, also where the clocks change in between.
            (self.instant_of(value), self.instant_of(anchor))
        } else {
            (value.clone(), anchor.clone())
        };
        let bound = |back: bool| {
            let kind = ExprKind::Shift { time: anchor.clone(), by: distance.clone(), back };
            Expr::new(kind, anchor.ty.clone(), span)
        };
        let lower = match side {
            WithinSide::After => anchor.clone(),
            WithinSide::Before | WithinSide::Of => bound(true),
        };
        let upper = match side {
            WithinSide::Before => anchor.clone(),
            WithinSide::After | WithinSide::Of => bound(false),
        };
        let (lower, upper) = (self.fold(&lower), self.fold(&upper));
        Ok(Expr::and(
            [
                self.compare(Comparison::Ge, &value, &lower, span)?,
                self.compare(Comparison::Le, &value, &upper, span)?,
            ],
            span,
        ))
    }

    fn anniversary(
        &self,
        date: &Expr,
        test: &AnniversaryTest,
        span: Span,
    ) -> Result<Expr, OutOfRange> {
        let date = self.day_of(date);
        let day = |e: &Expr| match literal(e) {
            Some(Value::Date(d)) => Some(*d),
            Some(Value::Timestamp(t)) => Some(t.date()),
            Some(Value::Instant(t)) => Some(self.clock.local(*t).date()),
            _ => None,
        };
        let (first, last) = match test {
            AnniversaryTest::On(e) => (day(e), day(e)),
            AnniversaryTest::Between(a, b) => (day(a), day(b)),
            AnniversaryTest::In(window) => self.days(self.bounds(window)?),
        };
        // The checker lets only constants through here.
        let (Some(first), Some(last)) = (first, last) else { return Err(OutOfRange) };
        if first > last {
            return Ok(Expr::constant(false, span));
        }
        Ok(Expr::condition(ExprKind::AnniversaryBetween(date, first, last), span))
    }
}

/// The constant, when the expression is one.
pub fn literal(expr: &Expr) -> Option<&Value> {
    match &*expr.kind {
        ExprKind::Literal(value) => Some(value),
        _ => None,
    }
}

fn is_time_pair(left: &Expr, right: &Expr) -> bool {
    left.ty.is_time() && right.ty.is_time()
}

fn compare(op: Comparison, left: &Expr, right: &Expr, span: Span) -> Expr {
    let kind =
        ExprKind::Compare { op, left: left.clone(), right: right.clone(), ignoring_case: false };
    Expr::condition(kind, span)
}

/// The comparison with its operands exchanged.
pub fn flipped(op: Comparison) -> Comparison {
    match op {
        Comparison::Eq => Comparison::Eq,
        Comparison::Lt => Comparison::Gt,
        Comparison::Le => Comparison::Ge,
        Comparison::Gt => Comparison::Lt,
        Comparison::Ge => Comparison::Le,
    }
}

fn converted(value: &Value, ty: &Type) -> Option<Value> {
    Some(match (value, ty) {
        (Value::Missing, _) => Value::Missing,
        (Value::Int(n), Type::Decimal { scale: 0, .. }) => Value::Decimal { digits: *n, scale: 0 },
        (Value::Int(n), Type::Float) => Value::Float(*n as f64),
        (Value::Decimal { digits, scale }, Type::Float) => {
            Value::Float(*digits as f64 / 10f64.powi(i32::from(*scale)))
        }
        (Value::Date(d), Type::Timestamp) => Value::Timestamp(d.at(0, 0, 0, 0)),
        (value, ty) if value.ty() == *ty => value.clone(),
        _ => return None,
    })
}
