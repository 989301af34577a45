//! Conditions: a scalar that is TRUE exactly when the condition holds, or exactly when it does not.

use crate::model::expr::*;
use crate::model::types::Type;
use crate::model::value::Value;
use crate::plan::query::*;

use super::Lowering;
use super::linked::existence;
use super::sql::{
    and, equal, json_as, or, or_missing, present, refuses_zero, test, truth, without_zero,
};

impl Lowering<'_> {
    /// Adds a condition to the block on top. What stands alone becomes a SEMI or ANTI JOIN.
    pub(super) fn filter(&mut self, expr: &Expr) {
        match &*expr.kind {
            ExprKind::And(parts) => parts.iter().for_each(|p| self.filter(p)),
            ExprKind::Not(inner) if matches!(&*inner.kind, ExprKind::Or(_)) => {
                if let ExprKind::Or(parts) = &*inner.kind {
                    for part in parts.clone() {
                        self.filter(&part.not());
                    }
                }
            }
            ExprKind::Not(inner) if matches!(&*inner.kind, ExprKind::Matches { .. }) => {
                if let ExprKind::Matches { population, pairs } = &*inner.kind {
                    self.semi_match(JoinKind::Anti, population, pairs);
                }
            }
            ExprKind::Matches { population, pairs } => {
                self.semi_match(JoinKind::Semi, population, pairs);
            }
            _ => match existence(expr) {
                Some((kind, links, condition))
                    if !self.is_correlated(links, condition.into_iter()) =>
                {
                    self.semi_join(expr, kind, links, condition);
                }
                _ => self.plain_filter(expr),
            },
        }
    }

    pub(super) fn plain_filter(&mut self, expr: &Expr) {
        match self.condition(expr, true) {
            Scalar::Literal(Value::Bool(true), _) => {}
            condition => self.top().filter.push(condition),
        }
    }

    /// TRUE exactly when the condition holds (`positive`) or does not hold.
    pub fn condition(&mut self, expr: &Expr, positive: bool) -> Scalar {
        match &*expr.kind {
            ExprKind::Literal(Value::Bool(b)) => truth(*b == positive),
            ExprKind::Literal(Value::Missing) => truth(!positive),
            ExprKind::And(parts) | ExprKind::Or(parts) => {
                let all = matches!(&*expr.kind, ExprKind::And(_)) == positive;
                let parts = parts.iter().map(|p| self.condition(p, positive)).collect();
                if all { and(parts) } else { or(parts) }
            }
            ExprKind::Not(inner) => self.condition(inner, !positive),
            ExprKind::Compare { op, left, right, ignoring_case } => {
                let (mut l, r) = self.operands(left, right, *ignoring_case);
                if positive && refuses_zero(*op, crate::plan::fold::literal(right)) {
                    l = without_zero(l);
                }
                let nullable =
                    [(l.clone(), self.may_miss(left)), (r.clone(), self.may_miss(right))];
                if positive {
                    Scalar::Compare(*op, Box::new(l), Box::new(r))
                } else {
                    let (l, r) = (Box::new(l), Box::new(r));
                    let inverse = match op {
                        Comparison::Eq => Scalar::NotEqual(l, r),
                        Comparison::Lt => Scalar::Compare(Comparison::Ge, l, r),
                        Comparison::Le => Scalar::Compare(Comparison::Gt, l, r),
                        Comparison::Gt => Scalar::Compare(Comparison::Le, l, r),
                        Comparison::Ge => Scalar::Compare(Comparison::Lt, l, r),
                    };
                    or_missing(inverse, nullable)
                }
            }
            ExprKind::In { value, list, ignoring_case } => {
                self.in_list(value, list, *ignoring_case, positive)
            }
            ExprKind::InList { value, list, ignoring_case } => {
                let (mut v, mut l) = (self.value(value), self.value(list));
                if *ignoring_case {
                    v = fold_case(v);
                    l = Scalar::Primitive(Primitive::ListFoldCase, vec![l]);
                }
                let nullable =
                    [(v.clone(), self.may_miss(value)), (l.clone(), self.may_miss(list))];
                test(Scalar::Primitive(Primitive::ListContains, vec![l, v]), nullable, positive)
            }
            ExprKind::Test { op, value, pattern, ignoring_case } => {
                self.text_test(*op, value, pattern, *ignoring_case, positive)
            }
            ExprKind::IsMissing(e) => {
                let v = Box::new(self.value(e));
                if positive { Scalar::IsNull(v) } else { Scalar::IsNotNull(v) }
            }
            ExprKind::IsEmpty(e) => self.is_empty(e, positive),
            ExprKind::Member { row, population } => self.member(row, population, positive),
            ExprKind::Matches { population, pairs } => {
                let left: Vec<Scalar> = pairs.iter().map(|p| self.value(&p.left)).collect();
                let select = self.matching_rows(population, pairs);
                let alias = self.alias("m");
                let on = left
                    .into_iter()
                    .enumerate()
                    .map(|(i, l)| equal(l, Scalar::Column(alias.clone(), format!("r{i}"))));
                let on = and(on.collect());
                let owner = self.frame(0).map_or(self.blocks.len() - 1, |f| f.block);
                self.blocks[owner].joins.push(Join {
                    kind: JoinKind::Left,
                    source: Source::Query(Box::new(select)),
                    alias: alias.clone(),
                    on,
                });
                present(Scalar::Column(alias, "r0".into()), positive)
            }
            ExprKind::MovedBetween { entered, audience, row, when } => {
                self.moved(*entered, *audience, row, when, positive)
            }
            ExprKind::AnniversaryBetween(date, first, last) => {
                let d = self.value(date);
                let day = |d| Scalar::Literal(Value::Date(d), Type::Date);
                let years = (first.year()..=last.year()).map(|year| {
                    let year = Scalar::Literal(Value::Int(year.into()), Type::Int);
                    let at = Scalar::Primitive(Primitive::AnniversaryIn, vec![d.clone(), year]);
                    and(vec![
                        Scalar::Compare(
                            Comparison::Ge,
                            Box::new(at.clone()),
                            Box::new(day(*first)),
                        ),
                        Scalar::Compare(Comparison::Le, Box::new(at), Box::new(day(*last))),
                    ])
                });
                let holds = or(years.collect());
                test(holds, [(d.clone(), self.may_miss(date))], positive)
            }
            ExprKind::Quantified { quantifier, links, condition } => {
                self.quantified(quantifier, links, condition.as_ref(), positive)
            }
            ExprKind::EveryOf { quantifier, population, condition } => {
                self.quantified_population(quantifier, population, condition, positive)
            }
            ExprKind::If(c, a, b) => {
                let yes = and(vec![self.condition(c, true), self.condition(a, positive)]);
                let no = and(vec![self.condition(c, false), self.condition(b, positive)]);
                or(vec![yes, no])
            }
            _ => {
                let v = self.value(expr);
                let nullable = [(v.clone(), self.may_miss(expr))];
                test(v, nullable, positive)
            }
        }
    }

    /// Both operands of a comparison, brought to one engine type.
    pub(super) fn operands(
        &mut self,
        left: &Expr,
        right: &Expr,
        ignoring_case: bool,
    ) -> (Scalar, Scalar) {
        let (mut l, mut r) = (self.value(left), self.value(right));
        // JSON has no types of its own: it is read as the type it is held against.
        if left.ty == Type::Json && right.ty != Type::Json {
            l = json_as(l, &right.ty);
        }
        if right.ty == Type::Json && left.ty != Type::Json {
            r = json_as(r, &left.ty);
        }
        if ignoring_case { (fold_case(l), fold_case(r)) } else { (l, r) }
    }

    pub(super) fn in_list(
        &mut self,
        value: &Expr,
        list: &[Expr],
        ignoring_case: bool,
        positive: bool,
    ) -> Scalar {
        // A missing element equals nothing.
        let list: Vec<&Expr> = list
            .iter()
            .filter(|e| crate::plan::fold::literal(e) != Some(&Value::Missing))
            .collect();
        if list.is_empty() {
            return truth(!positive);
        }
        let plain = |e: &&Expr| e.ty != Type::Json && matches!(&*e.kind, ExprKind::Literal(_));
        if value.ty == Type::Json || !list.iter().all(plain) {
            let parts = list
                .iter()
                .map(|item| {
                    let kind = ExprKind::Compare {
                        op: Comparison::Eq,
                        left: value.clone(),
                        right: (*item).clone(),
                        ignoring_case,
                    };
                    self.condition(&Expr::condition(kind, item.span), positive)
                })
                .collect();
            return if positive { or(parts) } else { and(parts) };
        }
        let mut v = self.value(value);
        let mut items: Vec<Scalar> = list.iter().map(|e| self.value(e)).collect();
        if ignoring_case {
            v = fold_case(v);
            items = items.into_iter().map(fold_case).collect();
        }
        let nullable = [(v.clone(), self.may_miss(value))];
        test(Scalar::In(Box::new(v), items), nullable, positive)
    }

    pub(super) fn text_test(
        &mut self,
        op: TextOp,
        value: &Expr,
        pattern: &Expr,
        ignoring_case: bool,
        positive: bool,
    ) -> Scalar {
        let (mut v, mut p) = (self.value(value), self.value(pattern));
        let is_list = matches!(value.ty, Type::List(_));
        let pattern_is_list = matches!(pattern.ty, Type::List(_));
        if ignoring_case {
            let fold = |s, list| {
                if list {
                    Scalar::Primitive(Primitive::ListFoldCase, vec![s])
                } else {
                    fold_case(s)
                }
            };
            v = fold(v, is_list);
            p = if op == TextOp::Matches { p } else { fold(p, pattern_is_list) };
        }
        let nullable = [(v.clone(), self.may_miss(value)), (p.clone(), self.may_miss(pattern))];
        let primitive = match (op, is_list) {
            (TextOp::Contains, false) => Primitive::Contains,
            (TextOp::Contains, true) => Primitive::ListContains,
            (TextOp::ContainsAny, true) => Primitive::ListHasAny,
            (TextOp::ContainsEvery, true) => Primitive::ListHasAll,
            (TextOp::ContainsAny | TextOp::ContainsEvery, false) => {
                return self.contains_texts(op, value, pattern, ignoring_case, positive);
            }
            (TextOp::StartsWith, _) => Primitive::StartsWith,
            (TextOp::EndsWith, _) => Primitive::EndsWith,
            (TextOp::Like, _) => Primitive::Like,
            (TextOp::Matches, _) if ignoring_case => {
                // Folding a pattern would change its classes; the engine's own flag folds instead.
                let flag = Scalar::Literal(Value::Text("(?i)".into()), Type::Text);
                let v = self.value(value);
                let p = Scalar::Primitive(Primitive::Join, vec![flag, p]);
                return test(Scalar::Primitive(Primitive::Matches, vec![v, p]), nullable, positive);
            }
            (TextOp::Matches, _) => Primitive::Matches,
        };
        test(Scalar::Primitive(primitive, vec![v, p]), nullable, positive)
    }

    /// `text contains any of ("a", "b")`: one search per element.
    pub(super) fn contains_texts(
        &mut self,
        op: TextOp,
        value: &Expr,
        pattern: &Expr,
        ignoring_case: bool,
        positive: bool,
    ) -> Scalar {
        let Some(Value::List(items)) = crate::plan::fold::literal(pattern) else {
            return truth(!positive);
        };
        let parts: Vec<Scalar> = items
            .clone()
            .into_iter()
            .map(|item| {
                let item = Expr::literal(item, pattern.span);
                self.text_test(TextOp::Contains, value, &item, ignoring_case, positive)
            })
            .collect();
        if (op == TextOp::ContainsAny) == positive { or(parts) } else { and(parts) }
    }

    pub(super) fn is_empty(&mut self, e: &Expr, positive: bool) -> Scalar {
        let v = self.value(e);
        let empty = match &e.ty {
            Type::Text | Type::Json => {
                let nothing = Scalar::Literal(Value::Text(String::new()), Type::Text);
                Some(equal(v.clone(), nothing))
            }
            Type::List(_) => {
                let length = Scalar::Primitive(Primitive::ListLength, vec![v.clone()]);
                Some(equal(length, Scalar::Literal(Value::Int(0), Type::Int)))
            }
            _ => None,
        };
        match (empty, positive) {
            (None, true) => Scalar::IsNull(Box::new(v)),
            (None, false) => Scalar::IsNotNull(Box::new(v)),
            (Some(empty), true) => or(vec![Scalar::IsNull(Box::new(v)), empty]),
            // NULL for a missing value, which is not TRUE: empty.
            (Some(empty), false) => Scalar::Not(Box::new(empty)),
        }
    }
}

pub(super) fn fold_case(s: Scalar) -> Scalar {
    Scalar::Primitive(Primitive::FoldCase, vec![s])
}
