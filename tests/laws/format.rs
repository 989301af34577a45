//! A script in the style means what it meant, and formatting it again changes nothing.

use camp::fmt;
use camp::source::SourceMap;
use camp::syntax::{self, ast::Ast};

use crate::oracle::data::Data;
use crate::oracle::random::Random;
use crate::oracle::script::Writer;

fn tree(text: &str) -> Ast {
    let mut sources = SourceMap::default();
    let id = sources.add("law.camp", text).unwrap();
    syntax::parse(&sources, id).0
}

fn formatted(text: &str) -> String {
    let mut sources = SourceMap::default();
    let id = sources.add("law.camp", text).unwrap();
    let done = fmt::format(&sources, id);
    assert!(done.left.is_empty(), "a statement stays as it was:\n{text}");
    done.text
}

#[test]
fn formatting_keeps_the_meaning_of_random_campaigns_and_is_done_once() {
    for seed in 0..80 {
        let mut random = Random::new(90_000 + seed);
        let data = Data::random(&mut random);
        let text = Writer::new(&mut random, &data, Vec::new()).script().text();
        let once = formatted(&text);
        assert_eq!(tree(&text), tree(&once), "seed {seed}:\n{text}\n{once}");
        assert_eq!(once, formatted(&once), "seed {seed}");
        // However the lines were broken: all at once, or none.
        let narrow = text.replace(", ", ",\n  ").replace(" and ", "\n    and ");
        if tree(&narrow) == tree(&text) {
            let once = formatted(&narrow);
            assert_eq!(tree(&text), tree(&once), "seed {seed}:\n{narrow}\n{once}");
            assert_eq!(once, formatted(&once), "seed {seed}");
        }
    }
}
