//! Parameters and their values, from `--set` or from the script.

use crate::diagnostic::codes::{names as name_codes, plan as plan_codes, types as codes, warnings};
use crate::diagnostic::{Diagnostic, suggest};
use crate::model::expr::ExprKind;
use crate::model::program::{Param, ParamId};
use crate::model::types::Type;
use crate::model::value::{Duration, Value};
use crate::syntax::ast::{self, Unit};

use super::binder::Binder;
use super::expr::{a, parse_number, takes};
use super::scope::Scope;
use super::times::{one_duration, parse_time, percent_value};

impl Binder<'_> {
    /// The program's parameter for a `param` statement. Its default is bound later, when the
    /// constants it may use are known.
    pub(super) fn declare_param(
        &mut self,
        file: usize,
        statement: usize,
        param: &ast::Param,
    ) -> ParamId {
        if let Some(&known) = self.param_ids.get(&(file, statement)) {
            return known;
        }
        let id = ParamId(self.program.params.len() as u32);
        let ty = self.type_of_name(&param.ty).unwrap_or(Type::Error);
        self.program.params.push(Param {
            name: param.name.node.clone(),
            ty,
            value: None,
            span: param.name.span,
        });
        self.param_ids.insert((file, statement), id);
        id
    }

    /// Gives the parameters of a file and its imports their values.
    pub(super) fn bind_params(&mut self, root: usize) {
        for file in self.visible_files(root) {
            let ast = self.files[file].ast.clone();
            for (index, statement) in ast.statements.iter().enumerate() {
                let ast::StatementKind::Param(param) = &statement.kind else { continue };
                let Some(&id) = self.param_ids.get(&(file, index)) else { continue };
                if self.program[id].value.is_none() && self.bound_params.insert(id) {
                    self.bind_param(id, file, param);
                }
            }
        }
    }

    fn bind_param(&mut self, id: ParamId, file: usize, param: &ast::Param) {
        let name = param.name.node.clone();
        let ty = self.program[id].ty.clone();
        let default = param.default.as_ref().map(|e| {
            let bound = self.bind_constant(e, &Scope::empty(file));
            (bound, e.span)
        });
        let mut value = None;
        if let Some((bound, span)) = &default {
            if !takes(&ty, &bound.ty) {
                self.wrong(
                    codes::PARAMETER_VALUE,
                    format!("The default of `{name}` is {}, not {}", a(&bound.ty), a(&ty)),
                    *span,
                    format!("this is {}", a(&bound.ty)),
                    None,
                );
            } else {
                match &*super::expr::listed(bound.clone(), &ty).kind {
                    ExprKind::Literal(literal) => value = Some(literal.clone().widened(&ty)),
                    ExprKind::Param(other) => value = self.program[*other].value.clone(),
                    ExprKind::Error => {}
                    _ => {
                        self.wrong(
                            codes::NOT_CONSTANT,
                            format!("The default of `{name}` is not a literal"),
                            *span,
                            "a literal is needed",
                            None,
                        );
                    }
                }
            }
        }
        if let Some(entry) = self.test_value(&name) {
            self.program.params[id.0 as usize].value = self.param_of_test(&entry, &name, &ty);
            return;
        }
        let given = self.options.set.iter().rev().find(|(n, _)| *n == name).cloned();
        if let Some((_, text)) = given {
            if ty == Type::Error {
                return;
            }
            match parse_value(&text, &ty) {
                Some(given) => value = Some(given),
                None => {
                    self.wrong(
                        codes::PARAMETER_VALUE,
                        format!("`--set {name}={text}` is not {}", a(&ty)),
                        param.name.span,
                        format!("declared as {ty}"),
                        Some(format!("write {}", sample(&ty, &name))),
                    );
                    return;
                }
            }
        } else if default.is_none() && ty != Type::Error {
            let help = format!("set it: `--set {name}=…`, or give it a default");
            let title = format!("Parameter `{name}` needs a value");
            let diagnostic = if self.options.require_params {
                Diagnostic::error(plan_codes::PARAMETER_MISSING, title)
            } else {
                Diagnostic::warning(warnings::PARAMETER_WITHOUT_VALUE, title)
            };
            self.report(diagnostic.label(param.name.span, "no value").help(help));
        }
        // A decimal keeps the digits it was given.
        if let (Type::Decimal { .. }, Some(Value::Decimal { scale, .. })) = (&ty, &value)
            && let Type::Decimal { scale: declared, .. } = ty
            && *scale > declared
        {
            self.program.params[id.0 as usize].ty = Type::Decimal { precision: 38, scale: *scale };
        }
        self.program.params[id.0 as usize].value = value;
    }

    /// Reports `--set` for parameters that no file has.
    pub(super) fn check_given_params(&mut self) {
        let names: Vec<String> = self.program.params.iter().map(|p| p.name.clone()).collect();
        for (name, _) in self.options.set.clone() {
            if names.contains(&name) {
                continue;
            }
            let help = suggest::unknown_name(&name, "parameters", names.iter().map(String::as_str))
                .unwrap_or_else(|| format!("add `param {name}: TYPE` to the file"));
            self.report(
                Diagnostic::error(
                    name_codes::UNKNOWN_SETTING,
                    format!("`--set {name}=…`: there is no parameter `{name}`"),
                )
                .help(help),
            );
        }
    }
}

/// What `--set` gives, read as a type.
pub(crate) fn parse_value(text: &str, ty: &Type) -> Option<Value> {
    let trimmed = text.trim();
    let number = |text: &str| match text.strip_suffix('%') {
        Some(digits) => percent_value(digits),
        None => match text.strip_prefix('-') {
            Some(digits) => parse_number(digits).map(|v| match v {
                Value::Int(i) => Value::Int(-i),
                Value::Decimal { digits, scale } => Value::Decimal { digits: -digits, scale },
                v => v,
            }),
            None => parse_number(text),
        },
    };
    match ty {
        Type::Text => Some(Value::Text(text.to_string())),
        Type::Int => match number(trimmed)? {
            Value::Int(i) => Some(Value::Int(i)),
            _ => None,
        },
        Type::Decimal { .. } => match number(trimmed)? {
            Value::Int(digits) => Some(Value::Decimal { digits, scale: 0 }),
            v @ Value::Decimal { .. } => Some(v),
            _ => None,
        },
        Type::Float => {
            let value: f64 = match number(trimmed) {
                Some(Value::Decimal { digits, scale }) => {
                    crate::model::value::decimal_text(digits, scale).parse().ok()?
                }
                _ => trimmed.parse().ok()?,
            };
            value.is_finite().then_some(Value::Float(value))
        }
        Type::Bool => match trimmed {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        },
        Type::Date => match parse_time(trimmed)? {
            v @ Value::Date(_) => Some(v),
            _ => None,
        },
        Type::Timestamp => match parse_time(trimmed)? {
            Value::Date(day) => Some(Value::Timestamp(day.to_datetime(Default::default()))),
            v => Some(v),
        },
        Type::Duration => parse_duration(trimmed),
        Type::List(of) => {
            if trimmed.is_empty() {
                return Some(Value::List(Vec::new()));
            }
            let bare =
                trimmed.strip_prefix('(').and_then(|t| t.strip_suffix(')')).unwrap_or(trimmed);
            bare.split(',')
                .map(|item| parse_value(item.trim().trim_matches('"'), of))
                .collect::<Option<Vec<_>>>()
                .map(Value::List)
        }
        _ => None,
    }
}

/// `90 days`, `1 month 1 day`.
fn parse_duration(text: &str) -> Option<Value> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.is_empty() || !words.len().is_multiple_of(2) {
        return None;
    }
    let mut total = Duration::default();
    for pair in words.chunks(2) {
        let unit = match pair[1].trim_end_matches('s') {
            "second" => Unit::Second,
            "minute" => Unit::Minute,
            "hour" => Unit::Hour,
            "day" => Unit::Day,
            "week" => Unit::Week,
            "month" => Unit::Month,
            "quarter" => Unit::Quarter,
            "year" => Unit::Year,
            _ => return None,
        };
        let one = one_duration(&parse_number(pair[0])?, unit)?;
        total.months = total.months.checked_add(one.months)?;
        total.days = total.days.checked_add(one.days)?;
        total.micros = total.micros.checked_add(one.micros)?;
    }
    Some(Value::Duration(total))
}

/// A sample of a type, for help.
fn sample(ty: &Type, name: &str) -> String {
    let value = match ty {
        Type::Int => "100",
        Type::Decimal { .. } | Type::Float => "12.5",
        Type::Bool => "true",
        Type::Date => "2025-12-31",
        Type::Timestamp => "2025-12-31T09:30",
        Type::Duration => "\"90 days\"",
        Type::List(_) => "a,b",
        _ => "value",
    };
    format!("`--set {name}={value}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_set_are_read_by_type() {
        let decimal = Type::Decimal { precision: 28, scale: 6 };
        assert_eq!(parse_value("1_000", &Type::Int), Some(Value::Int(1000)));
        assert_eq!(parse_value("1.5", &Type::Int), None);
        assert_eq!(parse_value("-1.50", &decimal), Some(Value::Decimal { digits: -150, scale: 2 }));
        assert_eq!(parse_value("10%", &decimal), Some(Value::Decimal { digits: 10, scale: 2 }));
        assert_eq!(
            parse_value("1 month 1 day", &Type::Duration),
            Some(Value::Duration(Duration { months: 1, days: 1, micros: 0 }))
        );
        assert_eq!(
            parse_value("FR, BE", &Type::List(Box::new(Type::Text))),
            Some(Value::List(vec![Value::Text("FR".into()), Value::Text("BE".into())]))
        );
        assert_eq!(parse_value("yes", &Type::Bool), None);
        assert_eq!(parse_value("2025-02-30", &Type::Date), None);
    }
}
