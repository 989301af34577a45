//! What the fuzz targets try, over their seeds and some thousand mutations of them: a stable short
//! version. `fuzz/README.md` says how to run them for long.

#[path = "../fuzz/src/lib.rs"]
#[allow(clippy::unwrap_used)]
mod tried;

use std::path::Path;

/// A small generator of mutations: the same each time.
struct Mutations(u64);

impl Mutations {
    fn next(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % limit.max(1)
    }

    /// A seed with something taken out, put in, doubled, or exchanged for a part of another one.
    fn of(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = seeds[self.next(seeds.len())].clone();
        for _ in 0..=self.next(4) {
            let from = self.next(bytes.len() + 1);
            let to = (from + self.next(24)).min(bytes.len());
            match self.next(5) {
                0 => drop(bytes.drain(from..to)),
                1 => {
                    let part = bytes[from..to].to_vec();
                    let at = self.next(bytes.len() + 1);
                    bytes.splice(at..at, part);
                }
                2 => {
                    let other = &seeds[self.next(seeds.len())];
                    let start = self.next(other.len() + 1);
                    let end = (start + self.next(60)).min(other.len());
                    bytes.splice(from..to, other[start..end].iter().copied());
                }
                3 => {
                    const SIGNS: &[u8] = b"\"'`(){}[],.:;=<>!&|%*/+-_#\n\r\t 0919aZ\0\x7f";
                    let sign = SIGNS[self.next(SIGNS.len())];
                    bytes.insert(from, sign);
                }
                _ => {
                    let words =
                        ["é", "\u{feff}", "日本", "\u{202e}", "9999999999999999999", "{{x}}"];
                    let word = words[self.next(words.len())];
                    bytes.splice(from..from, word.bytes());
                }
            }
        }
        bytes
    }
}

fn tries(seeds: &[&str], count: usize, tried: fn(&[u8])) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut inputs = Vec::new();
    for folder in seeds {
        let mut files: Vec<_> =
            std::fs::read_dir(root.join(folder)).unwrap().flatten().map(|e| e.path()).collect();
        files.sort();
        inputs.extend(files.iter().filter_map(|f| std::fs::read(f).ok()));
    }
    assert!(inputs.len() >= 3, "there are no seeds in {seeds:?}");
    inputs.iter().for_each(|input| tried(input));
    let mut mutations = Mutations(0x5eed);
    for _ in 0..count {
        tried(&mutations.of(&inputs));
    }
}

#[test]
fn no_text_breaks_the_parser() {
    tries(&["fuzz/seeds/parser", "tests/cases/parse"], 800, tried::parser);
}

#[test]
fn no_script_breaks_the_formatter_or_is_changed_by_it() {
    tries(&["fuzz/seeds/formatter", "examples"], 150, tried::formatter);
}

#[test]
fn no_script_breaks_the_checker() {
    tries(&["fuzz/seeds/checker", "tests/cases/check"], 400, tried::checker);
}

#[test]
fn no_manifest_breaks_its_reader() {
    tries(&["fuzz/seeds/manifest"], 2000, tried::manifest);
}

#[test]
fn no_lock_file_breaks_its_reader() {
    tries(&["fuzz/seeds/lock_file"], 2000, tried::lock_file);
}
