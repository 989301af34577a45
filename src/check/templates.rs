//! `{{name}}` in labels, paths, messages and `sql`.

use crate::diagnostic::codes::names as codes;
use crate::diagnostic::{Diagnostic, suggest};
use crate::model::value::Value;
use crate::syntax::ast;

use super::binder::Binder;
use super::files::Entity;

/// A piece of a text with placeholders.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    Text(&'t str),
    /// The name between `{{` and `}}`, trimmed.
    Name(&'t str),
}

/// The pieces of a text; `{{` without `}}` is plain text.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let Some(end) = rest[start..].find("}}") else { break };
        if start > 0 {
            pieces.push(Piece::Text(&rest[..start]));
        }
        pieces.push(Piece::Name(rest[start + 2..start + end].trim()));
        rest = &rest[start + end + 2..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

impl Binder<'_> {
    /// A text of the script with its placeholders filled in; `kept` is the column of `for each`,
    /// whose placeholder stays. `None` when one stands for nothing, which is reported.
    pub fn filled(&mut self, text: &ast::Text, kept: Option<&str>) -> Option<String> {
        let mut out = String::new();
        let mut fine = true;
        for piece in pieces(&text.node) {
            match piece {
                Piece::Text(t) => out.push_str(t),
                Piece::Name(name) => match self.placeholder(name, text, kept) {
                    Some(value) => out.push_str(&value),
                    None => fine = false,
                },
            }
        }
        fine.then_some(out)
    }

    fn placeholder(&mut self, name: &str, text: &ast::Text, kept: Option<&str>) -> Option<String> {
        let bare = name.trim_matches('`');
        if kept == Some(bare) {
            return Some(format!("{{{{{bare}}}}}"));
        }
        let local = || self.options.as_of.to_zoned(self.timezone());
        match bare {
            "today" => {
                let day = local().date().to_string();
                self.uses_zone(text.span);
                return Some(day);
            }
            "now" => {
                let now = local().strftime("%Y-%m-%dT%H-%M-%S").to_string();
                self.uses_zone(text.span);
                return Some(now);
            }
            _ => {}
        }
        let file = self.root.file;
        match self.entity(file, bare).map(|e| e.entity) {
            Some(Entity::Param(id)) => match &self.program[id].value {
                Some(value) => return Some(value_text(value)),
                // Reported where the parameter is declared.
                None => return Some(String::new()),
            },
            Some(Entity::Error) => return None,
            _ if self.may_exist(file, bare) => return None,
            _ => {}
        }
        let mut known = vec!["today".to_string(), "now".to_string()];
        if let Some(space) = self.root.spaces.get(&file) {
            known.extend(space.names_where(|e| matches!(e, Entity::Param(_))));
        }
        known.extend(kept.map(str::to_string));
        let help = suggest::unknown_name(bare, "placeholders", known.iter().map(String::as_str));
        self.report(
            Diagnostic::error(
                codes::UNKNOWN_PLACEHOLDER,
                format!("`{{{{{bare}}}}}` stands for nothing"),
            )
            .label(text.span, "not a parameter")
            .maybe_help(help),
        );
        None
    }
}

/// A value as it reads inside a text.
fn value_text(value: &Value) -> String {
    match value {
        Value::Missing => String::new(),
        Value::Text(text) => text.clone(),
        Value::List(items) => items.iter().map(value_text).collect::<Vec<_>>().join(", "),
        other => super::print::value(other),
    }
}

#[cfg(test)]
mod tests {
    use super::{Piece, pieces};

    #[test]
    fn placeholders_are_split_from_text_and_open_braces_stay() {
        assert_eq!(
            pieces("VIP {{ country }} {{today"),
            vec![Piece::Text("VIP "), Piece::Name("country"), Piece::Text(" {{today")]
        );
    }
}
