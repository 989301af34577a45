//! What the parser promises, file by file.

use super::ast::*;
use super::*;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/samples");

fn samples() -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = std::fs::read_dir(SAMPLES)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "camp"))
        .map(|p| {
            (
                p.file_name().unwrap().to_string_lossy().into_owned(),
                std::fs::read_to_string(p).unwrap(),
            )
        })
        .collect();
    files.sort();
    assert!(files.len() >= 42, "the samples are gone");
    files
}

fn read(text: &str) -> (SourceMap, Ast, Vec<crate::diagnostic::Diagnostic>) {
    let mut sources = SourceMap::default();
    let id = sources.add("test.camp", text).unwrap();
    let (ast, diagnostics) = parse(&sources, id);
    (sources, ast, diagnostics.into_iter().collect())
}

#[test]
fn every_sample_is_read_without_an_error() {
    for (name, text) in samples() {
        let (sources, ast, diagnostics) = read(&text);
        let shown: Vec<String> = diagnostics
            .iter()
            .map(|d| {
                format!(
                    "{:?}: {} `{}` {:?}",
                    d.span().and_then(|s| sources.place(s)),
                    d.title,
                    sources.slice(d.span().unwrap_or_default()),
                    d.help
                )
            })
            .collect();
        assert!(shown.is_empty(), "{name}:\n{}", shown.join("\n"));
        assert!(ast.is_complete());
    }
}
