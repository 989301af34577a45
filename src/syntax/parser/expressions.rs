//! Pairs → expressions. Precedence of `and`/`or` and of arithmetic is resolved here, in loops, so
//! that a level of brackets costs few frames.

use super::{Builder, Node, Rule, condensed};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::syntax as codes;
use crate::source::{Span, Spanned};
use crate::syntax::ast::*;
use crate::syntax::scan;
use crate::syntax::{MAX_DEPTH, names};

impl Builder<'_> {
    /// Goes `levels` deeper, or reports that this is too deep and gives [`ExprKind::Invalid`].
    fn deeper(&mut self, levels: usize, span: Span, build: impl FnOnce(&mut Self) -> Expr) -> Expr {
        if self.level + levels > MAX_DEPTH {
            if !self.too_deep {
                self.too_deep = true;
                self.diagnostics.push(scan::too_deep_at(span));
            }
            return Expr::new(ExprKind::Invalid, span);
        }
        self.level += levels;
        let built = build(self);
        self.level -= levels;
        built
    }

    fn invalid(&self, node: &Node<'_>) -> Expr {
        Expr::new(ExprKind::Invalid, self.span(node))
    }

    pub(super) fn expr(&mut self, node: Node<'_>) -> Expr {
        let inner = match node.as_rule() {
            Rule::expr => node.into_inner().next(),
            _ => Some(node),
        };
        match inner {
            Some(inner) if inner.as_rule() == Rule::choice => self.choice(inner),
            Some(inner) => self.logic(inner),
            None => Expr::new(ExprKind::Invalid, self.whole),
        }
    }

    fn choice(&mut self, node: Node<'_>) -> Expr {
        let span = self.span(&node);
        let parts: Vec<Node<'_>> = node.into_inner().collect();
        let branches = parts
            .iter()
            .filter(|p| matches!(p.as_rule(), Rule::branch | Rule::else_branch))
            .count();
        self.deeper(branches, span, |this| {
            let mut cases = Vec::with_capacity(branches);
            let mut result = None;
            for part in parts {
                match part.as_rule() {
                    Rule::branch => cases.push(this.branch(part)),
                    Rule::else_branch => {
                        cases.extend(
                            part.into_inner()
                                .find(|p| p.as_rule() == Rule::branch)
                                .map(|b| this.branch(b)),
                        );
                    }
                    Rule::expr => result = Some(this.expr(part)),
                    _ => {}
                }
            }
            let mut result = result.unwrap_or_else(|| Expr::new(ExprKind::Invalid, span));
            for (start, condition, value) in cases.into_iter().rev() {
                let span = start.to(result.span);
                result = Expr::new(ExprKind::If(condition, value, result), span);
            }
            result
        })
    }

    fn branch(&mut self, node: Node<'_>) -> (Span, Expr, Expr) {
        let start = self.span(&node);
        let mut parts = node.into_inner().filter(|p| p.as_rule() == Rule::expr);
        let mut next = || match parts.next() {
            Some(part) => self.expr(part),
            None => Expr::new(ExprKind::Invalid, start),
        };
        let condition = next();
        let value = next();
        (start, condition, value)
    }

    fn logic(&mut self, node: Node<'_>) -> Expr {
        let span = self.span(&node);
        let mut parts: Vec<Node<'_>> = node.into_inner().collect();
        if parts.len() == 1 {
            return self.operand(parts.remove(0));
        }
        let both = [Rule::kw_and, Rule::kw_or]
            .iter()
            .filter(|rule| parts.iter().any(|p| p.as_rule() == **rule))
            .count();
        self.deeper(both, span, |this| {
            let mut operands = Vec::with_capacity(parts.len() / 2 + 1);
            let mut joints = Vec::with_capacity(parts.len() / 2);
            for part in parts {
                match part.as_rule() {
                    Rule::kw_and => joints.push((true, this.span(&part))),
                    Rule::kw_or => joints.push((false, this.span(&part))),
                    _ => operands.push(this.operand(part)),
                }
            }
            this.check_quantifiers(&operands, &joints);
            this.gather_alternatives(&mut operands, &mut joints);
            // `and` binds tighter.
            let mut alternatives: Vec<Vec<Expr>> = vec![Vec::new()];
            for (index, operand) in operands.into_iter().enumerate() {
                if index > 0 && joints.get(index - 1).is_some_and(|(and, _)| !and) {
                    alternatives.push(Vec::new());
                }
                if let Some(last) = alternatives.last_mut() {
                    last.push(operand);
                }
            }
            let joined = alternatives.into_iter().map(|all| joined(all, ExprKind::And)).collect();
            joined_or(joined)
        })
    }

    /// A quantifier's condition without a bracket ends where? Both readings are shown.
    fn check_quantifiers(&mut self, operands: &[Expr], joints: &[(bool, Span)]) {
        for (index, (and, joint)) in joints.iter().enumerate() {
            let Some((quantified, condition)) = operands.get(index).and_then(open_condition) else {
                continue;
            };
            let Some(next) = operands.get(index + 1) else { continue };
            let word = if *and { "and" } else { "or" };
            let inner = self.source(condition.span);
            let head = self.source(Span::new(quantified.span.start, condition.span.start));
            let (head, inner) = (condensed(head, 40), condensed(inner, 40));
            let follows = condensed(self.source(next.span), 40);
            self.diagnostics.push(
                Diagnostic::error(
                    codes::AMBIGUOUS_CONDITION,
                    format!("`{word}` behind a condition without a bracket can be read two ways"),
                )
                .label(*joint, "inside the condition, or after it?")
                .label(condition.span, "the condition")
                .help(format!(
                    "write `{head}({inner} {word} {follows})`, or `{head}({inner}) {word} {follows}`"
                )),
            );
        }
    }

    /// `x = "a" or "b"` → `x in ("a", "b")`, with an error; the tree gets what was meant.
    fn gather_alternatives(&mut self, operands: &mut Vec<Expr>, joints: &mut Vec<(bool, Span)>) {
        let mut index = 0;
        while index + 1 < operands.len() {
            let Some((left, first, negative)) = equality(&operands[index]) else {
                index += 1;
                continue;
            };
            let mut run = index + 1;
            while run < operands.len()
                && is_plain(&operands[run])
                && (negative || !joints[run - 1].0)
            {
                run += 1;
            }
            if run == index + 1 {
                index += 1;
                continue;
            }
            let bare = operands[index + 1].span;
            let values: Vec<Expr> = std::iter::once(first.clone())
                .chain(operands[index + 1..run].iter().cloned())
                .collect();
            let list: Vec<String> =
                values.iter().map(|v| condensed(self.source(v.span), 24)).collect();
            let value = left.clone();
            let word = if negative { "not in" } else { "in" };
            let help = format!(
                "use `{} {word} ({})`",
                condensed(self.source(value.span), 40),
                list.join(", ")
            );
            let title = format!("{} is not a condition", tick(&condensed(self.source(bare), 30)));
            self.diagnostics.push(
                Diagnostic::error(codes::BARE_ALTERNATIVE, title)
                    .label(bare, "a value, where a condition belongs")
                    .help(help),
            );
            let span = operands[index].span.to(operands[run - 1].span);
            let list_span = values[0].span.to(operands[run - 1].span);
            let items = values
                .into_iter()
                .map(|expr| Item { expr, alias: None, descending: None })
                .collect();
            let list = Expr::new(ExprKind::List(items), list_span);
            let mut expr = Expr::new(ExprKind::In { value, list, ignoring_case: false }, span);
            if let ExprKind::Not(_, at) = *operands[index].kind {
                expr = Expr::new(ExprKind::Not(expr, at), span);
            }
            operands[index] = expr;
            operands.drain(index + 1..run);
            joints.drain(index..run - 1);
            index += 1;
        }
    }

    fn operand(&mut self, node: Node<'_>) -> Expr {
        let whole = self.span(&node);
        let mut nots = Vec::new();
        let mut inner = None;
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::kw_not => nots.push(self.span(&part)),
                _ => inner = Some(part),
            }
        }
        let Some(inner) = inner else { return Expr::new(ExprKind::Invalid, whole) };
        self.deeper(nots.len(), whole, |this| {
            let mut expr = match inner.as_rule() {
                Rule::quantified => this.quantified(inner),
                Rule::member => this.member(inner),
                Rule::moved => this.moved(inner),
                _ => this.comparison(inner),
            };
            for not in nots.into_iter().rev() {
                let span = not.to(expr.span);
                expr = Expr::new(ExprKind::Not(expr, not), span);
            }
            expr
        })
    }

    fn quantified(&mut self, node: Node<'_>) -> Expr {
        let span = self.span(&node);
        self.deeper(1, span, |this| {
            let (mut quantifier, mut link, mut condition) = (None, None, None);
            for part in node.into_inner() {
                match part.as_rule() {
                    Rule::quantifier => quantifier = this.quantifier(part),
                    Rule::path => link = Some(this.path(part)),
                    Rule::operand => condition = Some(this.operand(part)),
                    _ => {}
                }
            }
            match (quantifier, link) {
                (Some(quantifier), Some(link)) => {
                    Expr::new(ExprKind::Quantified { quantifier, link, condition }, span)
                }
                _ => Expr::new(ExprKind::Invalid, span),
            }
        })
    }

    fn quantifier(&mut self, node: Node<'_>) -> Option<Spanned<Quantifier>> {
        let span = self.span(&node);
        let (mut word, mut count) = (None, None);
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::count => count = Some(self.count(part)),
                Rule::kw_at | Rule::kw_than => {}
                rule => word = Some(rule),
            }
        }
        let quantifier = match (word?, count) {
            (Rule::kw_any, _) => Quantifier::Any,
            (Rule::kw_no, _) => Quantifier::No,
            (Rule::kw_every, _) => Quantifier::Every,
            (Rule::kw_least, Some(n)) => Quantifier::AtLeast(n),
            (Rule::kw_most, Some(n)) => Quantifier::AtMost(n),
            (Rule::kw_exactly, Some(n)) => Quantifier::Exactly(n),
            (Rule::kw_more, Some(n)) => Quantifier::MoreThan(n),
            (Rule::kw_fewer, Some(n)) => Quantifier::FewerThan(n),
            _ => return None,
        };
        Some(Spanned::new(quantifier, span))
    }

    /// `count` and `limit_value`: a number, a percentage, a bracket or a name.
    pub(super) fn count(&mut self, node: Node<'_>) -> Expr {
        let span = self.span(&node);
        match node.into_inner().next() {
            Some(inner) if inner.as_rule() == Rule::count => self.count(inner),
            Some(inner) => self.atom(inner),
            None => Expr::new(ExprKind::Invalid, span),
        }
    }

    fn population(&mut self, node: Node<'_>) -> Option<Population> {
        let inner = node.into_inner().next()?;
        Some(match inner.as_rule() {
            Rule::audience => Population::Audience(self.text_of(inner)?),
            _ => Population::Transition(self.name(inner)),
        })
    }

    /// `audience "Label"` → its label.
    pub(super) fn text_of(&mut self, node: Node<'_>) -> Option<Text> {
        node.into_inner().find(|p| p.as_rule() == Rule::text).map(|t| self.text(t))
    }

    fn member(&mut self, node: Node<'_>) -> Expr {
        let span = self.span(&node);
        let target = node.into_inner().find(|p| p.as_rule() == Rule::population);
        match target.and_then(|t| self.population(t)) {
            Some(target) => Expr::new(ExprKind::Member { row: None, target }, span),
            None => Expr::new(ExprKind::Invalid, span),
        }
    }

    fn moved(&mut self, node: Node<'_>) -> Expr {
        let span = self.span(&node);
        let (mut entered, mut target, mut window) = (false, None, None);
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::kw_entered => entered = true,
                Rule::population => target = self.population(part),
                Rule::window => window = self.window(part),
                _ => {}
            }
        }
        match (target, window) {
            (Some(target), Some(window)) => {
                Expr::new(ExprKind::Moved { entered, target, window }, span)
            }
            _ => Expr::new(ExprKind::Invalid, span),
        }
    }

    fn comparison(&mut self, node: Node<'_>) -> Expr {
        let span = self.span(&node);
        let mut parts = node.into_inner();
        let Some(first) = parts.next() else { return Expr::new(ExprKind::Invalid, span) };
        let Some(tail) = parts.next() else { return self.sum(first) };
        let chained: Vec<Node<'_>> = parts.collect();
        self.deeper(1, span, |this| {
            let left = this.sum(first);
            let tail = this.tail(left, tail);
            if let Some(more) = chained.into_iter().next() {
                this.report_chain(&tail, more);
            }
            tail
        })
    }

    fn report_chain(&mut self, first: &Expr, more: Node<'_>) {
        let mut parts = more.into_inner();
        let (Some(op), Some(right)) = (parts.next(), parts.next()) else { return };
        let (at, bound) = (self.span(&op), self.span(&right));
        let second = compare_op(op.as_rule());
        let bound = condensed(self.source(bound), 30);
        let help = match (&*first.kind, second) {
            (ExprKind::Compare { left, op, right, .. }, Some(second)) => {
                let low = condensed(self.source(left.span), 30);
                let middle = condensed(self.source(right.span), 30);
                match (op.node, second) {
                    (CompareOp::Lt | CompareOp::Le, CompareOp::Lt | CompareOp::Le) => {
                        Some(format!(
                            "use `{middle} between {low} and {bound}`, which includes both ends"
                        ))
                    }
                    (CompareOp::Gt | CompareOp::Ge, CompareOp::Gt | CompareOp::Ge) => {
                        Some(format!(
                            "use `{middle} between {bound} and {low}`, which includes both ends"
                        ))
                    }
                    _ => None,
                }
            }
            _ => None,
        };
        self.diagnostics.push(
            Diagnostic::error(codes::CHAINED_COMPARISON, "Comparisons do not chain")
                .label(at, "a second comparison")
                .help(help.unwrap_or_else(|| "join two comparisons by `and`".to_owned())),
        );
    }

    /// The tail of a comparison, onto its left operand.
    fn tail(&mut self, left: Expr, node: Node<'_>) -> Expr {
        let span = left.span.to(self.span(&node));
        let mut not = None;
        let mut test = None;
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::kw_not => not = Some(self.span(&part)),
                _ => test = Some(part),
            }
        }
        let Some(test) = test else { return Expr::new(ExprKind::Invalid, span) };
        let parts: Vec<Node<'_>> = test.clone().into_inner().collect();
        let kind = match test.as_rule() {
            Rule::compared | Rule::ordered => self.compared(left, parts, &mut not),
            Rule::between => {
                let mut bounds = parts.into_iter().filter(|p| p.as_rule() == Rule::sum);
                match (bounds.next(), bounds.next()) {
                    (Some(low), Some(high)) => {
                        let low = self.sum(low);
                        Some(ExprKind::Between(left, low, self.sum(high)))
                    }
                    _ => None,
                }
            }
            Rule::in_values => self.in_values(left, parts),
            Rule::is_tested => self.is_tested(left, parts, &mut not, span),
            Rule::text_tested => self.text_tested(left, parts),
            Rule::within => self.within(left, parts),
            _ => None,
        };
        let expr = Expr::new(kind.unwrap_or(ExprKind::Invalid), span);
        match not {
            Some(not) => Expr::new(ExprKind::Not(expr, not), span),
            None => expr,
        }
    }

    fn compared(
        &mut self,
        left: Expr,
        parts: Vec<Node<'_>>,
        not: &mut Option<Span>,
    ) -> Option<ExprKind> {
        let (mut op, mut right, mut ignoring_case) = (None, None, false);
        for part in parts {
            match part.as_rule() {
                Rule::sum => right = Some(self.sum(part)),
                Rule::ignoring_case => ignoring_case = true,
                Rule::op_ne => {
                    *not = Some(self.span(&part));
                    op = Some(Spanned::new(CompareOp::Eq, self.span(&part)));
                }
                rule => op = compare_op(rule).map(|o| Spanned::new(o, self.span(&part))),
            }
        }
        Some(ExprKind::Compare { left, op: op?, right: right?, ignoring_case })
    }

    fn in_values(&mut self, left: Expr, parts: Vec<Node<'_>>) -> Option<ExprKind> {
        let ignoring_case = parts.iter().any(|p| p.as_rule() == Rule::ignoring_case);
        for part in parts {
            match part.as_rule() {
                Rule::window => return Some(ExprKind::InWindow(left, self.window(part)?)),
                Rule::audience => {
                    let target = Population::Audience(self.text_of(part)?);
                    let ExprKind::Path(row) = *left.kind else {
                        self.diagnostics.push(
                            Diagnostic::error(
                                codes::UNEXPECTED,
                                "Only a row can be in an audience",
                            )
                            .label(left.span, "a value, not a row")
                            .help("write `in audience …` alone for this row, or a link before it"),
                        );
                        return None;
                    };
                    return Some(ExprKind::Member { row: Some(row), target });
                }
                Rule::sum => {
                    let list = self.sum(part);
                    return Some(ExprKind::In { value: left, list, ignoring_case });
                }
                _ => {}
            }
        }
        None
    }

    fn is_tested(
        &mut self,
        left: Expr,
        parts: Vec<Node<'_>>,
        not: &mut Option<Span>,
        span: Span,
    ) -> Option<ExprKind> {
        let mut kind = None;
        let mut value = Some(left);
        for part in parts {
            match part.as_rule() {
                Rule::kw_not => *not = Some(self.span(&part)),
                Rule::kw_missing => kind = value.take().map(ExprKind::IsMissing),
                Rule::kw_empty => kind = value.take().map(ExprKind::IsEmpty),
                Rule::kw_present => {
                    let at = self.span(&part);
                    kind = value
                        .take()
                        .map(|v| ExprKind::Not(Expr::new(ExprKind::IsEmpty(v), span), at));
                }
                _ => {}
            }
        }
        kind
    }

    fn text_tested(&mut self, left: Expr, parts: Vec<Node<'_>>) -> Option<ExprKind> {
        let (mut op, mut pattern, mut ignoring_case) = (None, None, false);
        let mut place: Option<Span> = None;
        for part in parts {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::sum => {
                    pattern = Some(self.sum(part));
                    continue;
                }
                Rule::ignoring_case => {
                    ignoring_case = true;
                    continue;
                }
                Rule::kw_contains => op = Some(TextOp::Contains),
                Rule::kw_any => op = Some(TextOp::ContainsAny),
                Rule::kw_every => op = Some(TextOp::ContainsEvery),
                Rule::kw_starts => op = Some(TextOp::StartsWith),
                Rule::kw_ends => op = Some(TextOp::EndsWith),
                Rule::kw_like => op = Some(TextOp::Like),
                Rule::kw_matches => op = Some(TextOp::Matches),
                _ => {}
            }
            place = Some(place.map_or(span, |p| p.to(span)));
        }
        let op = Spanned::new(op?, place?);
        Some(ExprKind::TextTest { value: left, op, pattern: pattern?, ignoring_case })
    }

    fn within(&mut self, left: Expr, parts: Vec<Node<'_>>) -> Option<ExprKind> {
        let (mut distance, mut side, mut anchor) = (None, None, None);
        for part in parts {
            match part.as_rule() {
                Rule::timespan => distance = Some(self.timespan(part)),
                Rule::kw_after => side = Some(WithinSide::After),
                Rule::kw_before => side = Some(WithinSide::Before),
                Rule::kw_of => side = Some(WithinSide::Of),
                Rule::sum => anchor = Some(self.sum(part)),
                _ => {}
            }
        }
        Some(ExprKind::Within { value: left, distance: distance?, side: side?, anchor: anchor? })
    }

    fn window(&mut self, node: Node<'_>) -> Option<Spanned<Window>> {
        let span = self.span(&node);
        let mut word = None;
        let mut window = None;
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::counted_window => {
                    word = part.into_inner().next().map(|w| w.as_rule());
                }
                Rule::timespan => {
                    let distance = self.timespan(part);
                    window = match word? {
                        Rule::kw_last => Some(Window::Last(distance)),
                        _ => Some(Window::Next(distance)),
                    };
                }
                Rule::period => {
                    let unit = names::unit(part.as_str())?;
                    window = Some(match word? {
                        Rule::kw_this => Window::This(unit),
                        Rule::kw_previous => Window::Previous(unit),
                        _ => Window::Following(unit),
                    });
                }
                rule => word = Some(rule),
            }
        }
        if let Some(Window::Last(distance)) = &window
            && let ExprKind::Path(path) = &*distance.kind
            && let [name] = path.parts.as_slice()
            && names::unit(&name.node).is_some()
            && !self.source(name.span).starts_with('`')
        {
            let unit = name.node.trim_end_matches('s');
            self.diagnostics.push(
                Diagnostic::error(codes::UNEXPECTED, format!("`last {}` has no number", name.node))
                    .label(span, "how many?")
                    .help(format!("write `previous {unit}`, or `last 1 {unit}`")),
            );
        }
        window.map(|w| Spanned::new(w, span))
    }

    pub(super) fn timespan(&mut self, node: Node<'_>) -> Expr {
        self.with_units(node)
    }

    /// An amount, then units: `1 month 1 day`, `(n) days`; without units the amount itself.
    fn with_units(&mut self, node: Node<'_>) -> Expr {
        let span = self.span(&node);
        let mut amount: Option<Expr> = None;
        let mut pairs = Vec::new();
        let mut end = span;
        let mut ago = false;
        for part in node.into_inner() {
            let at = self.span(&part);
            match part.as_rule() {
                Rule::unit => {
                    if let (Some(amount), Some(unit)) = (amount.take(), names::unit(part.as_str()))
                    {
                        pairs.push((amount, unit));
                    }
                    end = at;
                }
                Rule::kw_ago => ago = true,
                _ => {
                    amount = Some(self.atom(part));
                    end = at;
                }
            }
        }
        let expr = match amount {
            Some(amount) => amount,
            None if pairs.is_empty() => Expr::new(ExprKind::Invalid, span),
            None => {
                let span = Span::new(span.start, end.end);
                Expr::new(ExprKind::Literal(Literal::Duration(pairs)), span)
            }
        };
        if ago { Expr::new(ExprKind::Ago(expr), span) } else { expr }
    }

    pub(super) fn sum(&mut self, node: Node<'_>) -> Expr {
        let span = self.span(&node);
        let mut parts: Vec<Node<'_>> = node.into_inner().collect();
        if parts.len() == 1 {
            return self.signed(parts.remove(0));
        }
        // A chain leans to the left: its first operand is as deep as it is long.
        self.deeper(parts.len() / 2, span, |this| {
            let mut terms: Vec<(Option<Spanned<ArithOp>>, Expr)> = Vec::new();
            let mut op: Option<Spanned<ArithOp>> = None;
            for part in parts {
                let at = this.span(&part);
                match part.as_rule() {
                    Rule::plus => op = Some(Spanned::new(ArithOp::Add, at)),
                    Rule::minus => op = Some(Spanned::new(ArithOp::Sub, at)),
                    Rule::times => op = Some(Spanned::new(ArithOp::Mul, at)),
                    Rule::divide => op = Some(Spanned::new(ArithOp::Div, at)),
                    _ => {
                        let right = this.signed(part);
                        let tight = op
                            .as_ref()
                            .is_some_and(|o| matches!(o.node, ArithOp::Mul | ArithOp::Div));
                        match (tight.then(|| terms.pop()).flatten(), op.take()) {
                            (Some((before, left)), Some(op)) => {
                                terms.push((before, arith(left, op, right)));
                            }
                            (_, op) => terms.push((op, right)),
                        }
                    }
                }
            }
            let mut terms = terms.into_iter();
            let mut left =
                terms.next().map_or_else(|| Expr::new(ExprKind::Invalid, span), |(_, e)| e);
            for (op, right) in terms {
                if let Some(op) = op {
                    left = arith(left, op, right);
                }
            }
            left
        })
    }

    fn signed(&mut self, node: Node<'_>) -> Expr {
        let span = self.span(&node);
        let mut signs = Vec::new();
        let mut inner = None;
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::minus => signs.push(self.span(&part)),
                _ => inner = Some(part),
            }
        }
        let Some(inner) = inner else { return Expr::new(ExprKind::Invalid, span) };
        self.deeper(signs.len(), span, |this| {
            let mut expr = this.with_units(inner);
            for sign in signs.into_iter().rev() {
                let span = sign.to(expr.span);
                expr = Expr::new(ExprKind::Neg(expr), span);
            }
            expr
        })
    }

    fn atom(&mut self, node: Node<'_>) -> Expr {
        let span = self.span(&node);
        let literal = |literal| Expr::new(ExprKind::Literal(literal), span);
        match node.as_rule() {
            Rule::number => literal(Literal::Number(node.as_str().replace('_', ""))),
            Rule::percent => {
                literal(Literal::Percent(node.as_str().trim_end_matches('%').replace('_', "")))
            }
            Rule::date => literal(Literal::Date(node.as_str().to_owned())),
            Rule::text => literal(Literal::Text(self.text(node).node)),
            Rule::constant => match node.into_inner().next().map(|word| word.as_rule()) {
                Some(Rule::kw_true) => literal(Literal::Bool(true)),
                Some(Rule::kw_false) => literal(Literal::Bool(false)),
                Some(Rule::kw_today) => literal(Literal::Today),
                Some(Rule::kw_now) => literal(Literal::Now),
                _ => literal(Literal::Missing),
            },
            Rule::raw_sql => {
                let (mut ty, mut text) = (None, None);
                for part in node.into_inner() {
                    match part.as_rule() {
                        Rule::sql_type => {
                            ty = Some(Spanned::new(part.as_str().to_owned(), self.span(&part)))
                        }
                        Rule::text => text = Some(self.text(part)),
                        _ => {}
                    }
                }
                match (ty, text) {
                    (Some(ty), Some(text)) => Expr::new(ExprKind::Sql(ty, text), span),
                    _ => Expr::new(ExprKind::Invalid, span),
                }
            }
            Rule::bracket => self.bracket(node),
            Rule::name => {
                let name = self.name(node);
                Expr::new(ExprKind::Path(Path { parts: vec![name], span }), span)
            }
            Rule::reference => self.reference(node),
            _ => self.invalid(&node),
        }
    }

    pub(super) fn bracket(&mut self, node: Node<'_>) -> Expr {
        let span = self.span(&node);
        self.deeper(1, span, |this| {
            let mut items = Vec::new();
            let mut comma = false;
            for part in node.into_inner() {
                match part.as_rule() {
                    Rule::item => items.push(this.item(part)),
                    Rule::comma => comma = true,
                    _ => {}
                }
            }
            let kind = match items.pop() {
                Some(Item { expr, alias: None, descending: None })
                    if items.is_empty() && !comma =>
                {
                    ExprKind::Group(expr)
                }
                last => {
                    items.extend(last);
                    ExprKind::List(items)
                }
            };
            Expr::new(kind, span)
        })
    }

    pub(super) fn item(&mut self, node: Node<'_>) -> Item {
        let mut item = Item { expr: self.invalid(&node), alias: None, descending: None };
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::expr => item.expr = self.expr(part),
                Rule::name => item.alias = Some(self.name(part)),
                Rule::kw_asc => item.descending = Some(false),
                Rule::kw_desc => item.descending = Some(true),
                _ => {}
            }
        }
        item
    }

    /// A sort key; a list in brackets gives several.
    pub(super) fn sort(&mut self, node: Node<'_>, into: &mut Vec<Sort>) {
        let item = self.item(node);
        match (*item.expr.kind, item.descending) {
            (ExprKind::List(items), None) if items.iter().all(|i| i.alias.is_none()) => {
                into.extend(
                    items
                        .into_iter()
                        .map(|i| Sort { expr: i.expr, descending: i.descending == Some(true) }),
                );
            }
            (kind, descending) => into.push(Sort {
                expr: Expr::new(kind, item.expr.span),
                descending: descending == Some(true),
            }),
        }
    }

    fn reference(&mut self, node: Node<'_>) -> Expr {
        let span = self.span(&node);
        let mut parts = node.into_inner();
        let Some(path) = parts.next() else { return Expr::new(ExprKind::Invalid, span) };
        let path = self.path(path);
        let Some(arguments) = parts.next() else { return Expr::new(ExprKind::Path(path), span) };
        let args_span = self.span(&arguments);
        self.deeper(1, span, |this| {
            let args = arguments
                .into_inner()
                .filter(|p| p.as_rule() == Rule::argument)
                .map(|p| this.argument(p))
                .collect();
            Expr::new(ExprKind::Call(CallExpr { function: path, args, args_span }), span)
        })
    }

    fn argument(&mut self, node: Node<'_>) -> Arg {
        let span = self.span(&node);
        let mut arg = Arg {
            name: None,
            distinct: false,
            expr: Expr::new(ExprKind::Invalid, span),
            of: None,
            condition: None,
            by: Vec::new(),
            span,
        };
        let mut in_condition = false;
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::name => arg.name = Some(self.name(part)),
                Rule::kw_distinct => arg.distinct = true,
                Rule::path => arg.of = Some(self.path(part)),
                Rule::kw_where => in_condition = true,
                Rule::expr if in_condition => arg.condition = Some(self.expr(part)),
                Rule::expr => arg.expr = self.expr(part),
                Rule::sort => self.sort(part, &mut arg.by),
                _ => {}
            }
        }
        arg
    }
}

fn arith(left: Expr, op: Spanned<ArithOp>, right: Expr) -> Expr {
    let span = left.span.to(right.span);
    Expr::new(ExprKind::Arith(left, op, right), span)
}

/// One operand stays itself, more become a conjunction or disjunction.
fn joined(mut operands: Vec<Expr>, kind: fn(Vec<Expr>) -> ExprKind) -> Expr {
    match operands.len() {
        1 => operands.remove(0),
        _ => {
            let first = operands.first().map_or(Span::default(), |e| e.span);
            let span = operands.last().map_or(first, |e| first.to(e.span));
            Expr::new(kind(operands), span)
        }
    }
}

fn joined_or(operands: Vec<Expr>) -> Expr {
    joined(operands, ExprKind::Or)
}

fn compare_op(rule: Rule) -> Option<CompareOp> {
    Some(match rule {
        Rule::op_eq => CompareOp::Eq,
        Rule::op_lt => CompareOp::Lt,
        Rule::op_le => CompareOp::Le,
        Rule::op_gt => CompareOp::Gt,
        Rule::op_ge => CompareOp::Ge,
        Rule::kw_before => CompareOp::Before,
        Rule::kw_after => CompareOp::After,
        _ => return None,
    })
}

/// The outermost quantifier of an operand whose condition has no bracket of its own.
fn open_condition(operand: &Expr) -> Option<(&Expr, &Expr)> {
    match &*operand.kind {
        // `x not in …` is no prefix: it ends in a value, not in a condition.
        ExprKind::Not(inner, at) if at.start == operand.span.start => open_condition(inner),
        ExprKind::Quantified { condition: Some(condition), .. }
            if !matches!(*condition.kind, ExprKind::Group(_)) =>
        {
            Some((operand, condition))
        }
        _ => None,
    }
}

/// `x = v` → x, v, false; `x != v` → x, v, true.
fn equality(expr: &Expr) -> Option<(&Expr, &Expr, bool)> {
    match &*expr.kind {
        ExprKind::Compare { left, op, right, .. }
            if op.node == CompareOp::Eq && !is_plain(left) =>
        {
            Some((left, right, false))
        }
        ExprKind::Not(inner, _) => equality(inner).filter(|e| !e.2).map(|(l, r, _)| (l, r, true)),
        _ => None,
    }
}

/// A value that can never be a condition.
fn is_plain(expr: &Expr) -> bool {
    matches!(
        &*expr.kind,
        ExprKind::Literal(
            Literal::Text(_) | Literal::Number(_) | Literal::Percent(_) | Literal::Date(_)
        )
    )
}

/// Backticks around, unless the thing has some itself.
fn tick(text: &str) -> String {
    if text.contains('`') { text.to_owned() } else { format!("`{text}`") }
}
