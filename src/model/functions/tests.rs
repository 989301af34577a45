//! The catalogue as a whole. That an engine computes what the entries say is tested there.

use super::*;

#[test]
fn names_are_unique_and_none_is_reserved_or_an_aggregate() {
    let reserved = [
        "and", "or", "not", "in", "is", "if", "then", "else", "where", "between", "any", "no",
        "every", "true", "false", "today", "now", "missing", "sql",
    ];
    let mut names: Vec<&str> = all().iter().map(|f| f.name).collect();
    names.extend(aggregates().iter().map(|a| a.name));
    names.push("anniversary");
    names.push("size");
    for name in &names {
        assert!(!reserved.contains(name), "{name}");
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn rounding_keeps_exact_types_exact() {
    let round = find("round").unwrap().0;
    let money = Type::Decimal { precision: 12, scale: 4 };
    let at = |n: i128| move |_: usize| Some(n);
    assert_eq!(
        round.result_type(&[money.clone(), Type::Int], at(2)),
        Type::Decimal { precision: 12, scale: 2 }
    );
    assert_eq!(
        round.result_type(std::slice::from_ref(&money), |_| None),
        Type::Decimal { precision: 12, scale: 0 }
    );
    assert_eq!(round.result_type(&[money.clone(), Type::Int], at(9)), money);
    assert_eq!(round.result_type(&[Type::Int, Type::Int], at(-1)), Type::Int);
    assert_eq!(round.result_type(&[Type::Float, Type::Int], at(1)), Type::Float);
}

#[test]
fn arguments_of_one_kind_widen_together() {
    let coalesce = find("coalesce").unwrap().0;
    let money = Type::Decimal { precision: 12, scale: 2 };
    assert_eq!(coalesce.result_type(&[Type::Int, money.clone(), Type::Missing], |_| None), money);
    assert_eq!(coalesce.result_type(&[Type::Text, Type::Int], |_| None), Type::Error);
    let modulo = find("mod").unwrap().0;
    assert_eq!(modulo.result_type(&[Type::Int, Type::Float], |_| None), Type::Float);
    let element = find("element").unwrap().0;
    assert_eq!(
        element.result_type(&[Type::List(Box::new(Type::Date)), Type::Int], |_| None),
        Type::Date
    );
}

#[test]
fn constants_that_cannot_work_are_refused_before_a_run() {
    let check =
        |name: &str, index: usize, value: Value| check_constant(find(name).unwrap(), index, &value);
    let text = |t: &str| Value::Text(t.to_owned());
    assert_eq!(check("date", 1, text("DD/MM/YYYY")), Ok(()));
    assert!(check("date", 1, text("dd/MM/yyyy")).unwrap_err().contains("`DD`"));
    assert!(check("date", 1, text("MM/YYYY")).unwrap_err().contains("does not state"));
    assert_eq!(check("format_date", 1, text("MM/YYYY")), Ok(()));
    assert!(check("format_date", 1, text("YYYY Z")).is_err());
    assert_eq!(check("in_timezone", 1, text("Europe/Paris")), Ok(()));
    assert!(check("in_timezone", 1, text("Mars/Olympus")).is_err());
    assert_eq!(check("round", 1, Value::Int(-2)), Ok(()));
    assert!(check("decimal", 1, Value::Int(-2)).is_err());
    assert!(check("decimal", 1, Value::Int(31)).is_err());
    assert!(is_pattern(find("extract").unwrap(), 1) && !is_pattern(find("replace").unwrap(), 1));
}

#[test]
fn the_number_of_arguments_is_known() {
    let of = |name: &str| {
        let f = find(name).unwrap().0;
        (f.min_args(), f.max_args())
    };
    assert_eq!(of("lower"), (1, Some(1)));
    assert_eq!(of("round"), (1, Some(2)));
    assert_eq!(of("coalesce"), (2, None));
    assert_eq!(of("bucket"), (0, Some(1)));
    assert_eq!(find("coalesce").unwrap().0.param(7).map(|p| p.name), Some("y"));
}
