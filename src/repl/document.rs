//! The entries that were accepted, statement by statement: what `camp run` would read as a file.
//!
//! A statement that gives something a name takes the place of the one that gave it before. What
//! speaks of the name stays behind it, and is asked again.

use std::collections::HashSet;
use std::path::PathBuf;

use crate::check::Unit;
use crate::model::label::fold_label;
use crate::source::{SourceId, Span};
use crate::syntax::ast::{Ast, Call, ClauseKind, Statement, StatementKind};
use crate::syntax::entry::{Written, words};

/// The name of the entries as a file: the label of a campaign that has none.
const NAME: &str = "session";

/// A statement that was accepted.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// Its tree.
    pub statement: Statement,
    /// As typed, without what documents it.
    pub text: String,
    /// The comments above it and, of the last one of a file, below it.
    above: String,
    below: String,
    /// It saves, exports or delivers.
    pub effect: bool,
    /// A run has done that, and nothing it depends on has changed since.
    pub done: bool,
    /// What it defines, each told apart by its kind: `name vip`, `define spent on customers`.
    keys: Vec<String>,
    /// The words that others speak of it by.
    provides: Vec<String>,
    /// The words it has.
    speaks: HashSet<String>,
}

impl Item {
    fn new(written: Written) -> Item {
        let Written { statement, text, above, below } = written;
        let (keys, provides) = defined(&statement.kind);
        let speaks = words(&text).into_iter().collect();
        let effect = matches!(&statement.kind, StatementKind::Call(call) if is_effect(call));
        Item { statement, text, above, below, effect, done: false, keys, provides, speaks }
    }

    /// The names of its transitions.
    pub fn outputs(&self) -> Vec<String> {
        match &self.statement.kind {
            StatementKind::Call(call) => call.outputs.iter().map(|o| o.node.clone()).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether a run has something to say of it.
    pub fn is_step(&self) -> bool {
        matches!(self.statement.kind, StatementKind::Call(_) | StatementKind::Expect(_))
    }

    /// Whether it is a `test`.
    pub fn is_test(&self) -> bool {
        matches!(self.statement.kind, StatementKind::Test(_))
    }

    fn speaks_of(&self, words: &HashSet<String>) -> bool {
        !self.speaks.is_disjoint(words)
    }
}

/// The accepted statements.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// In the order of the file they would be.
    pub items: Vec<Item>,
    /// The folder that relative paths start from.
    pub base: PathBuf,
}

/// A document with an entry, if it is accepted.
pub(crate) struct Change {
    /// What it would be then.
    pub document: Document,
    /// The statements of the entry that are kept.
    pub new: Vec<Span>,
    /// The statements whose answer may be another one now.
    pub affected: Vec<Span>,
}

impl Document {
    /// Without anything.
    pub fn new() -> Document {
        Document { items: Vec::new(), base: PathBuf::from(".") }
    }

    /// With the statements of one more entry.
    pub fn with(&self, statements: Vec<Written>) -> Change {
        let mut document = self.clone();
        let mut new = Vec::new();
        let mut touched: HashSet<String> = HashSet::new();
        let mut everything = false;
        for written in statements {
            let mut item = Item::new(written);
            new.push(item.statement.span);
            // What a header or another file says holds for every statement.
            everything |= matches!(
                item.statement.kind,
                StatementKind::Campaign(_) | StatementKind::Import(_)
            );
            touched.extend(item.provides.iter().cloned());
            let keys = item.keys.clone();
            let replaced = |old: &Item| old.keys.iter().any(|key| keys.contains(key));
            let place = document.items.iter().position(replaced);
            for old in document.items.iter().filter(|old| replaced(old)) {
                touched.extend(old.provides.iter().cloned());
                // What somebody wrote about the old one is not lost with it.
                for (mine, theirs) in [(&mut item.above, &old.above), (&mut item.below, &old.below)]
                {
                    if mine.is_empty() {
                        mine.clone_from(theirs);
                    }
                }
                new.retain(|span| *span != old.statement.span);
            }
            document.items.retain(|old| !replaced(old));
            match place {
                Some(place) => {
                    document.items.insert(place, item);
                    document.settle(place);
                }
                None => document.items.push(item),
            }
        }
        let affected = document.affected(&new, touched, everything);
        for item in document.items.iter_mut().filter(|i| affected.contains(&i.statement.span)) {
            item.done = false;
        }
        Change { document, new, affected }
    }

    /// Moves a statement that stands at the place of an older one behind what it speaks of, and
    /// what speaks of it behind itself.
    fn settle(&mut self, at: usize) {
        let makes = |item: &Item| -> HashSet<String> { item.outputs().into_iter().collect() };
        let speaks_of = |a: &Item, b: &Item| a.speaks_of(&makes(b));
        let later = (at + 1..self.items.len()).rev();
        let Some(last) = later.into_iter().find(|&n| speaks_of(&self.items[at], &self.items[n]))
        else {
            return;
        };
        let mut moved = vec![at];
        for n in at + 1..self.items.len() {
            let follows = moved.iter().any(|&m| speaks_of(&self.items[n], &self.items[m]));
            if follows {
                moved.push(n);
            }
        }
        // A circle: the check says so where it is.
        if moved.contains(&last) {
            return;
        }
        let mut kept = Vec::new();
        let mut behind = Vec::new();
        for (n, item) in std::mem::take(&mut self.items).into_iter().enumerate() {
            if moved.contains(&n) { behind.push(item) } else { kept.push(item) }
        }
        let last = last + 1 - moved.iter().filter(|m| **m < last).count();
        kept.splice(last..last, behind);
        self.items = kept;
    }

    /// The statements but for the new ones that speak of these words, directly or through others.
    fn affected(&self, new: &[Span], mut touched: HashSet<String>, everything: bool) -> Vec<Span> {
        let mut affected: Vec<Span> = Vec::new();
        loop {
            let found = self.items.iter().filter(|item| {
                let span = item.statement.span;
                !new.contains(&span)
                    && !affected.contains(&span)
                    && (everything || item.speaks_of(&touched))
            });
            let found: Vec<&Item> = found.collect();
            if found.is_empty() {
                break;
            }
            for item in found {
                affected.push(item.statement.span);
                touched.extend(item.provides.iter().cloned());
            }
        }
        let order = |span: &Span| self.items.iter().position(|i| i.statement.span == *span);
        affected.sort_by_key(order);
        affected
    }

    /// Without those of these statements that have no name to be replaced by.
    pub fn forget_unnamed(&mut self, statements: &[Span]) {
        self.items.retain(|i| !(i.keys.is_empty() && statements.contains(&i.statement.span)));
    }

    /// The statement at a place.
    pub fn item(&self, span: Span) -> Option<&Item> {
        self.items.iter().find(|i| i.statement.span == span)
    }

    /// The entries as a file. What a run has done already is stored, and read from there.
    pub fn unit(&self) -> Unit {
        let left_out = |item: &&Item| item.done && item.outputs().is_empty();
        let kept = self.items.iter().filter(|i| !left_out(i));
        Unit {
            source: SourceId(0),
            name: NAME.into(),
            ast: Ast { statements: kept.map(|i| i.statement.clone()).collect() },
            base: self.base.clone(),
        }
    }

    /// The places of what a run has yet to do, with the guards.
    pub fn pending(&self) -> Vec<Span> {
        let pending = |i: &&Item| {
            (i.effect && !i.done) || matches!(i.statement.kind, StatementKind::Expect(_))
        };
        self.items.iter().filter(pending).map(|i| i.statement.span).collect()
    }

    /// Whether a run has something to do.
    pub fn has_pending(&self) -> bool {
        self.items.iter().any(|i| i.effect && !i.done)
    }

    /// Takes note that a run has done everything.
    pub fn all_done(&mut self) {
        for item in self.items.iter_mut().filter(|i| i.effect) {
            item.done = true;
        }
    }

    /// The entries as the text of a file.
    pub fn script(&self) -> String {
        let mut text = String::new();
        let mut before: Option<&Item> = None;
        for item in &self.items {
            let one_line = |i: &Item| {
                i.statement.doc.is_none() && !i.text.contains('\n') && i.above.is_empty()
            };
            let alike = before.is_some_and(|b| {
                one_line(b)
                    && one_line(item)
                    && std::mem::discriminant(&b.statement.kind)
                        == std::mem::discriminant(&item.statement.kind)
            });
            if before.is_some() && !alike {
                text.push('\n');
            }
            text.push_str(&item.above);
            for line in item.statement.doc.iter().flat_map(|doc| doc.lines()) {
                text.push_str(format!("## {line}").trim_end());
                text.push('\n');
            }
            text.push_str(&item.text);
            text.push('\n');
            if !item.below.is_empty() {
                text.push('\n');
                text.push_str(&item.below);
            }
            before = Some(item);
        }
        text
    }

    /// The names of parameters, and whether other files may have more.
    pub fn params(&self) -> (HashSet<&str>, bool) {
        let name = |i: &'_ Item| match &i.statement.kind {
            StatementKind::Param(param) => i.provides.iter().position(|p| *p == param.name.node),
            _ => None,
        };
        let names = self.items.iter().filter_map(|i| name(i).map(|n| i.provides[n].as_str()));
        let imports =
            self.items.iter().any(|i| matches!(i.statement.kind, StatementKind::Import(_)));
        (names.collect(), imports)
    }

    /// The definitions: their names, what they are of, their parameters.
    pub fn definitions(&self) -> impl Iterator<Item = (&str, Option<&str>, bool)> {
        self.items.iter().filter_map(|i| match &i.statement.kind {
            StatementKind::Define(define) => Some((
                define.name.node.as_str(),
                define.on.as_ref().map(|on| on.node.as_str()),
                !define.params.is_empty(),
            )),
            _ => None,
        })
    }
}

/// Whether a call changes something outside: what gives no transition can be for nothing else.
fn is_effect(call: &Call) -> bool {
    call.outputs.is_empty() || call.activity.node == "save audience"
}

/// What a statement defines: to tell it from others, and in the words that others use.
fn defined(kind: &StatementKind) -> (Vec<String>, Vec<String>) {
    let named = |name: &str| (vec![format!("name {name}")], vec![name.to_owned()]);
    match kind {
        StatementKind::Campaign(_) => (vec!["campaign".into()], Vec::new()),
        StatementKind::Import(path) => (vec![format!("import {}", path.node)], Vec::new()),
        StatementKind::Database(d) => named(&d.name.node),
        StatementKind::Dimension(d) => named(&d.name.node),
        StatementKind::Param(p) => named(&p.name.node),
        StatementKind::Define(d) => match &d.on {
            None => named(&d.name.node),
            Some(on) => {
                (vec![format!("define {} on {}", d.name.node, on.node)], vec![d.name.node.clone()])
            }
        },
        StatementKind::Link(link) => {
            let ends = [&link.left, &link.right];
            let ends = ends.into_iter().filter_map(|e| Some((&e.dimension.node, e.name.as_ref()?)));
            ends.map(|(of, name)| (format!("link {of}.{}", name.node), name.node.clone())).unzip()
        }
        StatementKind::Test(test) => (vec![format!("test {}", test.label.node)], Vec::new()),
        StatementKind::Call(call) => {
            let names: Vec<String> = call.outputs.iter().map(|o| o.node.clone()).collect();
            let mut keys: Vec<String> = names.iter().map(|n| format!("name {n}")).collect();
            for clause in &call.clauses {
                match &clause.node {
                    ClauseKind::As(label) => {
                        keys.push(format!("save {}", fold_label(&label.node)));
                    }
                    ClauseKind::To(path) => keys.push(format!("export {}", path.node)),
                    ClauseKind::ToTable(path) => {
                        let parts: Vec<&str> = path.parts.iter().map(|p| p.node.as_str()).collect();
                        keys.push(format!("export {}", parts.join(".")));
                    }
                    _ => {}
                }
            }
            (keys, names)
        }
        StatementKind::Use(_) | StatementKind::Expect(_) | StatementKind::Invalid(_) => {
            (Vec::new(), Vec::new())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceMap;
    use crate::syntax::entry::{self, Entry};

    struct Typed {
        sources: SourceMap,
        document: Document,
    }

    impl Typed {
        fn new() -> Typed {
            Typed { sources: SourceMap::default(), document: Document::new() }
        }

        /// Types an entry; gives the first lines of what is asked again.
        fn enter(&mut self, text: &str) -> Vec<String> {
            let id = self.sources.add("entry", text).unwrap();
            let (Entry::Statements(statements), found) = entry::read(&self.sources, id) else {
                panic!("{text} is no statement")
            };
            assert!(!found.has_errors(), "{found:?}");
            let change = self.document.with(statements);
            self.document = change.document;
            let text = |span: &Span| self.document.item(*span).unwrap().text.clone();
            change.affected.iter().map(text).collect()
        }

        fn script(&self) -> Vec<String> {
            self.document.items.iter().map(|i| i.text.clone()).collect()
        }
    }

    const A: &str = "a = build audience from customers";
    const B: &str = "b = combine a exclude audience \"X\"";
    const C: &str = "c = build audience from customers where consent";

    #[test]
    fn a_name_that_is_given_again_takes_the_old_place_and_what_speaks_of_it_is_asked_again() {
        let mut typed = Typed::new();
        assert!(typed.enter(A).is_empty());
        assert!(typed.enter(B).is_empty());
        assert!(typed.enter(C).is_empty());
        let again = "a = build audience from customers where consent";
        assert_eq!(typed.enter(again), [B]);
        assert_eq!(typed.script(), [again, B, C]);
    }

    #[test]
    fn what_follows_from_what_follows_is_asked_again_too() {
        let mut typed = Typed::new();
        typed.enter("param least: int = 1");
        typed.enter("define big on customers = spent >= least");
        typed.enter("d = build audience from customers where big");
        typed.enter(A);
        let follows = typed.enter("param least: int = 2");
        assert_eq!(follows.len(), 2, "{follows:?}");
    }

    #[test]
    fn a_new_meaning_that_speaks_of_later_ones_moves_behind_them_with_its_followers() {
        let mut typed = Typed::new();
        typed.enter(A);
        typed.enter(B);
        typed.enter(C);
        let again = "a = combine c exclude audience \"Y\"";
        typed.enter(again);
        assert_eq!(typed.script(), [C, again, B]);
    }

    #[test]
    fn a_circle_stays_as_it_was_typed_for_the_check_to_see() {
        let mut typed = Typed::new();
        typed.enter(A);
        typed.enter(B);
        let again = "a = combine b exclude audience \"Y\"";
        typed.enter(again);
        assert_eq!(typed.script(), [again, B]);
    }

    #[test]
    fn a_save_of_the_same_label_in_any_case_is_the_same_save() {
        let mut typed = Typed::new();
        typed.enter(A);
        typed.enter("save audience a as \"VIP\"");
        typed.enter("save audience a as \"vip\" append");
        assert_eq!(typed.script(), [A, "save audience a as \"vip\" append"]);
    }

    #[test]
    fn what_is_done_is_done_until_something_before_it_changes() {
        let mut typed = Typed::new();
        typed.enter(A);
        typed.enter("save audience a as \"VIP\"");
        assert!(typed.document.has_pending());
        typed.document.all_done();
        typed.enter(C);
        assert!(!typed.document.has_pending());
        assert_eq!(typed.document.unit().ast.statements.len(), 2);
        typed.enter("a = build audience from customers where consent");
        assert!(typed.document.has_pending());
        assert_eq!(typed.document.unit().ast.statements.len(), 3);
    }

    #[test]
    fn comments_of_a_script_are_kept_where_they_stand() {
        let script = "# Spring, by Ann.\n# Ask her first.\n\ncampaign \"Spring\"\n\n# Who buys.\n## Buyers.\n\
            a = build audience from customers # all of them\n  # but the barred\n  where consent\n\n# Later:\n# b = a\n";
        let mut typed = Typed::new();
        typed.enter(script);
        assert_eq!(typed.document.script(), script);
        // What takes a statement's place takes its comments over, unless it has its own.
        typed.enter("a = build audience from customers");
        let first = "# Spring, by Ann.\n# Ask her first.\n\ncampaign \"Spring\"\n\n";
        assert_eq!(
            typed.document.script(),
            format!("{first}# Who buys.\na = build audience from customers\n\n# Later:\n# b = a\n")
        );
        typed.enter("# Nobody.\na = build audience from customers where consent");
        assert_eq!(
            typed.document.script(),
            format!(
                "{first}# Nobody.\na = build audience from customers where consent\n\n# Later:\n# b = a\n"
            )
        );
    }

    #[test]
    fn the_script_keeps_documentation_and_everything_that_was_done() {
        let mut typed = Typed::new();
        typed.enter("## Everybody.\na = build audience from customers\n  where consent");
        typed.enter("save audience a as \"VIP\"");
        typed.document.all_done();
        assert_eq!(
            typed.document.script(),
            "## Everybody.\na = build audience from customers\n  where consent\n\nsave audience a as \"VIP\"\n"
        );
    }
}
