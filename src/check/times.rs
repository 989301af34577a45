//! Time: literals, durations, windows, anniversaries, and where the time zone matters.

use jiff::civil::{Date, DateTime};

use crate::diagnostic::codes::{names as name_codes, types as codes};
use crate::diagnostic::{Diagnostic, suggest};
use crate::model::expr::{AnniversaryTest, Expr, ExprKind, Window};
use crate::model::types::Type;
use crate::model::value::{Duration, Value};
use crate::source::{Span, Spanned};
use crate::syntax::ast::{self, CompareOp, Literal, Unit};

use super::binder::{Binder, error_expr, unknown_expr};
use super::expr::{a, anniversary_of, describe, parse_number};
use super::scope::Scope;

const MICROS_PER_SECOND: i128 = 1_000_000;

impl Binder<'_> {
    pub(super) fn bind_literal(&mut self, literal: &Literal, scope: &Scope, span: Span) -> Expr {
        let value = match literal {
            Literal::Text(text) => Value::Text(text.clone()),
            Literal::Number(digits) => match parse_number(digits) {
                Some(value) => value,
                None => {
                    return self.wrong(
                        codes::BAD_LITERAL,
                        "A number has too many digits",
                        span,
                        "at most 38 digits",
                        None,
                    );
                }
            },
            Literal::Percent(digits) => match percent_value(digits) {
                Some(value) => value,
                None => {
                    return self.wrong(
                        codes::BAD_LITERAL,
                        "A percentage has too many digits",
                        span,
                        "at most 36 digits",
                        None,
                    );
                }
            },
            Literal::Date(text) => match parse_time(text) {
                Some(value) => {
                    if matches!(value, Value::Timestamp(_)) {
                        self.uses_zone(span);
                    }
                    value
                }
                None => {
                    let help = last_day(text).map(|day| format!("did you mean `{day}`?"));
                    return self.wrong(
                        codes::BAD_LITERAL,
                        format!("`{text}` is not in the calendar"),
                        span,
                        "no such day or time",
                        help,
                    );
                }
            },
            Literal::Duration(parts) => return self.bind_duration(parts, scope, span),
            Literal::Bool(b) => Value::Bool(*b),
            Literal::Today => {
                self.uses_zone(span);
                return Expr::new(ExprKind::Today, Type::Date, span);
            }
            Literal::Now => return Expr::new(ExprKind::Now, Type::Instant, span),
            Literal::Missing => Value::Missing,
        };
        Expr::literal(value, span)
    }

    fn bind_duration(&mut self, parts: &[(ast::Expr, Unit)], scope: &Scope, span: Span) -> Expr {
        let mut total = Duration::default();
        for (amount, unit) in parts {
            let bound = self.bind_value(amount, scope);
            let value = match &*bound.kind {
                ExprKind::Literal(value) => value.clone(),
                _ if bound.ty == Type::Error => return unknown_expr(Type::Duration, span),
                _ => {
                    if bound.ty != Type::Int {
                        return self.wrong(
                            codes::OPERAND,
                            format!(
                                "`{}` is {}, not a whole number",
                                describe(amount),
                                a(&bound.ty)
                            ),
                            amount.span,
                            "a whole number is needed",
                            None,
                        );
                    }
                    if parts.len() > 1 {
                        return self.wrong(
                            codes::OPERAND,
                            "A computed amount stands alone",
                            amount.span,
                            "one unit only",
                            Some("add the rest: `today - (n) months - 1 day`".to_string()),
                        );
                    }
                    return Expr::new(ExprKind::DurationOf(bound, *unit), Type::Duration, span);
                }
            };
            match one_duration(&value, *unit).and_then(|d| sum(total, d)) {
                Some(duration) => total = duration,
                None => {
                    let whole = matches!(value, Value::Int(_));
                    return self.wrong(
                        codes::BAD_LITERAL,
                        if whole {
                            "A duration is too long".to_string()
                        } else {
                            format!("`{}` is not a whole number", describe(amount))
                        },
                        amount.span,
                        if whole { "too long" } else { "only hours and below have fractions" },
                        None,
                    );
                }
            }
        }
        Expr::literal(Value::Duration(total), span)
    }

    pub(super) fn bind_ago(&mut self, inner: &ast::Expr, scope: &Scope, span: Span) -> Expr {
        let Some(by) = self.duration_operand(inner, scope) else { return error_expr(span) };
        let time = match self.is_calendar(&by) {
            Some(false) => Expr::new(ExprKind::Now, Type::Instant, span),
            _ => {
                self.uses_zone(span);
                Expr::new(ExprKind::Today, Type::Date, span)
            }
        };
        self.shift(time, by, true, span)
    }

    /// A time moved by a duration: a date stays one as long as only days and months move it.
    pub(super) fn shift(&mut self, time: Expr, by: Expr, back: bool, span: Span) -> Expr {
        let ty = match (&time.ty, self.is_calendar(&by)) {
            (Type::Date, Some(false)) => Type::Timestamp,
            (ty, _) => ty.clone(),
        };
        if ty == Type::Instant {
            self.uses_zone(span);
        }
        Expr::new(ExprKind::Shift { time, by, back }, ty, span)
    }

    pub(super) fn add_durations(&mut self, l: &Expr, r: &Expr, back: bool, span: Span) -> Expr {
        let (Some(l), Some(r)) = (self.duration_value(l), self.duration_value(r)) else {
            return self.wrong(
                codes::OPERAND,
                "Computed durations are not added",
                span,
                "not known before the run",
                Some("move a date twice: `today - a - b`".to_string()),
            );
        };
        let r = if back { r.negated() } else { r };
        match sum(l, r) {
            Some(total) => Expr::literal(Value::Duration(total), span),
            None => {
                self.wrong(codes::BAD_LITERAL, "A duration is too long", span, "too long", None)
            }
        }
    }

    fn duration_value(&self, e: &Expr) -> Option<Duration> {
        match &*e.kind {
            ExprKind::Literal(Value::Duration(d)) => Some(*d),
            ExprKind::Param(id) => match &self.program[*id].value {
                Some(Value::Duration(d)) => Some(*d),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether a duration counts only days and months; `None` when that is not known.
    fn is_calendar(&self, e: &Expr) -> Option<bool> {
        match &*e.kind {
            ExprKind::DurationOf(_, unit) => Some(*unit >= Unit::Day),
            _ => self.duration_value(e).map(|d| d.is_calendar()),
        }
    }

    /// A date or a timestamp, or a report.
    pub(super) fn time_operand(&mut self, e: &ast::Expr, scope: &Scope) -> Option<Expr> {
        if let Some(call) = anniversary_of(e) {
            self.anniversary_misused(call, e.span);
            return None;
        }
        let bound = self.bind_value(e, scope);
        if bound.ty.is_time() || bound.ty == Type::Json {
            return Some(bound);
        }
        match &bound.ty {
            Type::Error => {}
            Type::Text => {
                let help = format!("write `date({}, \"DD/MM/YYYY\")` with its format", describe(e));
                self.report(
                    Diagnostic::error(
                        codes::TEXT_TIME,
                        format!("`{}` is a text, not a date", describe(e)),
                    )
                    .label(e.span, "a date or a timestamp is needed")
                    .help(help),
                );
            }
            ty => {
                let ty = a(ty);
                self.wrong(
                    codes::OPERAND,
                    format!("`{}` is {ty}, not a date", describe(e)),
                    e.span,
                    "a date or a timestamp is needed",
                    None,
                );
            }
        }
        None
    }

    /// A duration, or a report.
    pub(super) fn duration_operand(&mut self, e: &ast::Expr, scope: &Scope) -> Option<Expr> {
        let bound = self.bind_value(e, scope);
        match &bound.ty {
            Type::Duration => Some(bound),
            Type::Error => None,
            ty => {
                let help = ty.is_number().then(|| format!("write `{} days`", describe(e)));
                let ty = a(ty);
                self.wrong(
                    codes::OPERAND,
                    format!("`{}` is {ty}, not a duration", describe(e)),
                    e.span,
                    "a duration is needed",
                    help,
                );
                None
            }
        }
    }

    // ---------------------------------------------------------------- windows

    pub(super) fn bind_in_window(
        &mut self,
        value: &ast::Expr,
        window: &Spanned<ast::Window>,
        scope: &Scope,
        span: Span,
    ) -> Expr {
        if let Some(call) = anniversary_of(value) {
            let date = self.anniversary_date(call, value.span, scope);
            let window = self.bind_window(window, scope);
            return match (date, window) {
                (Some(date), Some(window)) => Expr::condition(
                    ExprKind::Anniversary { date, test: AnniversaryTest::In(window) },
                    span,
                ),
                _ => error_expr(span),
            };
        }
        let value = self.time_operand(value, scope);
        let window = self.bind_window(window, scope);
        match (value, window) {
            (Some(value), Some(window)) => {
                Expr::condition(ExprKind::InWindow { value, window }, span)
            }
            _ => error_expr(span),
        }
    }

    pub(super) fn bind_window(
        &mut self,
        window: &Spanned<ast::Window>,
        scope: &Scope,
    ) -> Option<Window> {
        self.uses_zone(window.span);
        Some(match &window.node {
            ast::Window::Last(d) => Window::Last(self.duration_operand(d, scope)?),
            ast::Window::Next(d) => Window::Next(self.duration_operand(d, scope)?),
            ast::Window::This(unit) => Window::This(*unit),
            ast::Window::Previous(unit) => Window::Previous(*unit),
            ast::Window::Following(unit) => Window::Following(*unit),
        })
    }

    // ---------------------------------------------------------------- anniversaries

    pub(super) fn anniversary_misused(&mut self, call: &ast::CallExpr, span: Span) -> Expr {
        let date = call.args.first().map_or("…".to_string(), |arg| describe(&arg.expr));
        self.wrong(
            codes::ANNIVERSARY,
            "An anniversary is not a date of its own",
            span,
            "returns every year",
            Some(format!("write `anniversary({date}) in next 7 days`, `= today` or `between …`")),
        )
    }

    fn anniversary_date(
        &mut self,
        call: &ast::CallExpr,
        span: Span,
        scope: &Scope,
    ) -> Option<Expr> {
        let [arg] = call.args.as_slice() else {
            self.wrong(
                codes::ARGUMENT_COUNT,
                "`anniversary` takes one argument",
                span,
                "one date is needed",
                None,
            );
            return None;
        };
        self.time_operand(&arg.expr, scope)
    }

    pub(super) fn bind_anniversary_compare(
        &mut self,
        side: &ast::Expr,
        op: Spanned<CompareOp>,
        other: &ast::Expr,
        scope: &Scope,
        span: Span,
    ) -> Expr {
        let Some(call) = anniversary_of(side) else { return error_expr(span) };
        if op.node != CompareOp::Eq {
            return self.anniversary_misused(call, side.span);
        }
        let date = self.anniversary_date(call, side.span, scope);
        let day = self.time_operand(other, scope);
        match (date, day) {
            (Some(date), Some(day)) => {
                self.zone_between(&date.ty, &day.ty, span);
                Expr::condition(
                    ExprKind::Anniversary { date, test: AnniversaryTest::On(day) },
                    span,
                )
            }
            _ => error_expr(span),
        }
    }

    pub(super) fn bind_anniversary_between(
        &mut self,
        call: &ast::CallExpr,
        low: &ast::Expr,
        high: &ast::Expr,
        scope: &Scope,
        span: Span,
    ) -> Expr {
        let date = self.anniversary_date(call, span, scope);
        let low = self.time_operand(low, scope);
        let high = self.time_operand(high, scope);
        match (date, low, high) {
            (Some(date), Some(low), Some(high)) => Expr::condition(
                ExprKind::Anniversary { date, test: AnniversaryTest::Between(low, high) },
                span,
            ),
            _ => error_expr(span),
        }
    }

    // ---------------------------------------------------------------- the time zone

    /// Notes that the campaign's time zone decides something here.
    pub(super) fn uses_zone(&mut self, span: Span) {
        if self.root.zone_used.is_none_or(|known| span.start < known.start) {
            self.root.zone_used = Some(span);
        }
    }

    /// Comparing an instant with a local time or a day needs the zone.
    pub(super) fn zone_between(&mut self, l: &Type, r: &Type, span: Span) {
        if l.is_time() && r.is_time() && l != r && (*l == Type::Instant || *r == Type::Instant) {
            self.uses_zone(span);
        }
    }

    /// Whether a time zone exists; reports it when there is a place to point at.
    pub(super) fn check_timezone(&mut self, name: &str, span: Option<Span>) -> bool {
        if jiff::tz::TimeZone::get(name).is_ok() {
            return true;
        }
        let known: Vec<String> =
            jiff::tz::db().available().map(|n| n.as_str().to_string()).collect();
        let near = suggest::nearest(name, known.iter().map(String::as_str))
            .or_else(|| {
                // `Paris` for `Europe/Paris`.
                let city = name.to_lowercase().replace(' ', "_");
                known
                    .iter()
                    .find(|k| k.to_lowercase().rsplit('/').next() == Some(&city))
                    .map(String::as_str)
            })
            .map(|n| format!("did you mean `{n}`?"));
        let help = near.unwrap_or_else(|| "use an IANA name such as `Europe/Paris`".to_string());
        let mut diagnostic =
            Diagnostic::error(name_codes::UNKNOWN_TIMEZONE, format!("`{name}` is not a time zone"))
                .help(help);
        if let Some(span) = span {
            diagnostic = diagnostic.label(span, "not known");
        }
        self.report(diagnostic);
        false
    }

    /// The zone of the campaign that is being checked.
    pub(super) fn timezone(&self) -> jiff::tz::TimeZone {
        let name = &self.program[self.root.campaign].timezone;
        jiff::tz::TimeZone::get(name).unwrap_or(jiff::tz::TimeZone::UTC)
    }
}

/// A date or a timestamp as the language writes it.
pub(super) fn parse_time(text: &str) -> Option<Value> {
    if !text.is_char_boundary(10.min(text.len())) || text.len() < 10 {
        return None;
    }
    if text.len() == 10 {
        return text.parse::<Date>().ok().map(Value::Date);
    }
    let (_, clock) = text.split_once('T')?;
    let zoned = clock.ends_with('Z') || clock.contains('+') || clock.contains('-');
    if zoned {
        return text.parse::<jiff::Timestamp>().ok().map(Value::Instant);
    }
    text.parse::<DateTime>().ok().map(Value::Timestamp)
}

/// The last day of the month, for a day behind it.
fn last_day(text: &str) -> Option<String> {
    let mut parts = text.get(..10)?.split('-');
    let year: i16 = parts.next()?.parse().ok()?;
    let month: i8 = parts.next()?.parse().ok()?;
    let first = Date::new(year, month, 1).ok()?;
    Some(first.last_of_month().to_string())
}

/// `12.5` percent is 0.125.
pub(super) fn percent_value(digits: &str) -> Option<Value> {
    match parse_number(digits)? {
        Value::Int(digits) => Some(Value::Decimal { digits, scale: 2 }),
        Value::Decimal { digits, scale } if scale <= 36 => {
            Some(Value::Decimal { digits, scale: scale + 2 })
        }
        _ => None,
    }
}

/// An amount of a unit; fractions only of hours and below.
pub(super) fn one_duration(amount: &Value, unit: Unit) -> Option<Duration> {
    let micros_per = |unit| match unit {
        Unit::Second => Some(MICROS_PER_SECOND),
        Unit::Minute => Some(60 * MICROS_PER_SECOND),
        Unit::Hour => Some(3600 * MICROS_PER_SECOND),
        _ => None,
    };
    match (amount, micros_per(unit)) {
        (Value::Int(n), Some(micros)) => Some(Duration {
            micros: i64::try_from(n.checked_mul(micros)?).ok()?,
            ..Duration::default()
        }),
        (Value::Decimal { digits, scale }, Some(micros)) => {
            let all = digits.checked_mul(micros)?;
            Some(Duration {
                micros: i64::try_from(all / 10i128.checked_pow((*scale).into())?).ok()?,
                ..Duration::default()
            })
        }
        (Value::Int(n), None) => {
            let n = i64::try_from(*n).ok()?;
            // Far beyond the calendar anyway, and safe to add up.
            if n.abs() > 10_000_000 {
                return None;
            }
            Some(match unit {
                Unit::Week => Duration { days: n * 7, ..Duration::default() },
                Unit::Month => Duration { months: n, ..Duration::default() },
                Unit::Quarter => Duration { months: n * 3, ..Duration::default() },
                Unit::Year => Duration { months: n * 12, ..Duration::default() },
                _ => Duration { days: n, ..Duration::default() },
            })
        }
        _ => None,
    }
}

fn sum(l: Duration, r: Duration) -> Option<Duration> {
    Some(Duration {
        months: l.months.checked_add(r.months)?,
        days: l.days.checked_add(r.days)?,
        micros: l.micros.checked_add(r.micros)?,
    })
}
