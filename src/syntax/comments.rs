//! The comments of a file, beside the tree: the formatter puts them back.

use super::layout;
use super::scan::{Kind, Lexer};
use crate::diagnostic::Diagnostics;
use crate::source::{SourceId, SourceMap, Span};

/// One comment, to the end of its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// From `#` to the last character that is no blank.
    pub span: Span,
    /// As written, `#` included.
    pub text: String,
    /// Nothing else stands on its line.
    pub own_line: bool,
    /// A `##` line whose text is the documentation of a statement.
    pub doc: bool,
}

/// All comments of a file, in its order.
pub fn comments(sources: &SourceMap, id: SourceId) -> Vec<Comment> {
    let file = sources.file(id);
    let text = &*file.text;
    // Texts end at their line's end at the latest, so the whole file can be read at once.
    let documented: Vec<usize> = layout::statements(text, file.start, &mut Diagnostics::default())
        .into_iter()
        .filter_map(|p| p.doc.map(|_| p.range.start))
        .collect();
    let mut comments: Vec<Comment> = Lexer::new(text)
        .filter(|token| token.kind == Kind::Comment)
        .map(|token| {
            let line = text[..token.start].rfind('\n').map_or(0, |at| at + 1);
            let before = &text[line..token.start];
            Comment {
                span: Span::new(file.start + token.start as u32, file.start + token.end as u32),
                text: text[token.start..token.end].to_owned(),
                own_line: before.trim_matches(['\u{feff}', ' ', '\t', '\r']).is_empty(),
                doc: false,
            }
        })
        .collect();
    // Lines of documentation stand directly above their statement, one below the other.
    for start in documented {
        let mut below = file.start + start as u32;
        let last = comments.partition_point(|c| c.span.end <= below);
        for comment in comments[..last].iter_mut().rev() {
            let between =
                &text[(comment.span.end - file.start) as usize..(below - file.start) as usize];
            let line =
                text[..(comment.span.start - file.start) as usize].trim_end_matches('\u{feff}');
            let at_margin = line.is_empty() || line.ends_with('\n');
            let is_doc =
                at_margin && comment.text.starts_with("##") && !comment.text.starts_with("###");
            if !is_doc || between.matches('\n').count() != 1 || !between.trim().is_empty() {
                break;
            }
            comment.doc = true;
            below = comment.span.start;
        }
    }
    comments
}
