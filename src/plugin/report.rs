//! What plugins say, as diagnostics at places of the script.

use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::{plugin as codes, warnings};
use crate::source::Span;

use super::bound::Places;
use super::guard::Fell;
use super::host::Said;
use super::loader::{Plugin, Status};
use super::params::sentence;

/// How many lines of a plugin's log become warnings of one call.
const LOGGED: usize = 5;

/// The place of something that was said: a part of a text where the script has it literally.
fn place(said: &Said, places: &Places) -> Span {
    let span = places.find(&said.path);
    let (first, length) = said.part;
    // Only inside the quotes; a text with doubled quotes or filled placeholders has other bytes, and
    // a plugin may say any number.
    let start = span.start.checked_add(1).and_then(|s| s.checked_add(first));
    let end = start.and_then(|s| s.checked_add(length));
    match (start, end) {
        (Some(start), Some(end)) if length > 0 && end < span.end => Span::new(start, end),
        _ => span,
    }
}

/// What a call that went well said: warnings and advice.
pub fn warnings(said: &[Said], places: &Places) -> Vec<Diagnostic> {
    said.iter()
        .filter(|s| s.severity != camp_plugin_abi::CAMP_ERROR)
        .map(|s| {
            Diagnostic::warning(warnings::PLUGIN, sentence(&s.message))
                .label(place(s, places), "here")
                .plugin_code(&s.code)
                .maybe_help((!s.help.is_empty()).then(|| s.help.clone()))
        })
        .collect()
}

/// What a call that failed said.
pub fn errors(status: Status, said: &[Said], places: &Places, plugin: &Plugin) -> Vec<Diagnostic> {
    use camp_plugin_abi as abi;
    let mut found = warnings(said, places);
    let errors: Vec<&Said> = said.iter().filter(|s| s.severity == abi::CAMP_ERROR).collect();
    if errors.is_empty() || status.is_fault() {
        let words: Vec<&str> = errors.iter().map(|s| s.message.as_str()).collect();
        let why = match (words.is_empty(), status.0) {
            (false, _) => words.join("; "),
            (true, abi::CAMP_E_CANCELLED) => "it was stopped".into(),
            (true, code) => format!("it failed with status {code} and did not say why"),
        };
        found.push(fault(plugin, &why, places.activity));
        return found;
    }
    let code = match status.0 {
        abi::CAMP_E_USAGE => codes::REFUSED,
        abi::CAMP_E_DATA => codes::DATA,
        abi::CAMP_E_UNSUPPORTED => codes::INTERFACE,
        _ => codes::ACTIVITY_FAILED,
    };
    for said in errors {
        found.push(
            Diagnostic::error(code, sentence(&said.message))
                .label(place(said, places), "here")
                .plugin_code(&said.code)
                .maybe_help((!said.help.is_empty()).then(|| said.help.clone())),
        );
    }
    found
}

/// A bug of a plugin.
pub fn fault(plugin: &Plugin, why: &str, span: Span) -> Diagnostic {
    let about = &plugin.manifest.plugin;
    let help = match about.bugs.as_str() {
        "" => "report it to the plugin's author".to_owned(),
        bugs => format!("report it: {bugs}"),
    };
    Diagnostic::error(codes::FAULT, format!("{} has a fault", plugin.who()))
        .label(span, "in this activity")
        .help(help)
        .cause(why)
}

/// A plugin that did not come back from a call.
pub fn fell(plugin: &Plugin, fell: Fell, span: Span) -> Diagnostic {
    if fell != Fell::NoThread {
        plugin.set_fallen();
    }
    fault(plugin, &fell.to_string(), span)
}

/// What a plugin logged that its user should know.
pub fn logged(logged: Vec<(u32, String)>, places: &Places) -> Vec<Diagnostic> {
    logged
        .into_iter()
        .filter(|(level, _)| {
            (camp_plugin_abi::CAMP_LOG_ERROR..=camp_plugin_abi::CAMP_LOG_WARN).contains(level)
        })
        .take(LOGGED)
        .map(|(_, message)| {
            Diagnostic::warning(warnings::PLUGIN, sentence(&message))
                .label(places.activity, "logged by this activity")
        })
        .collect()
}

/// A warning when a plugin has printed, the first time.
pub fn printed(plugin: &Plugin, span: Span) -> Option<Diagnostic> {
    let text = super::stdout::take()?;
    plugin.first_print().then(|| {
        let line = text.lines().next().unwrap_or_default();
        Diagnostic::warning(
            warnings::PLUGIN,
            format!("{} writes to the standard output", plugin.who()),
        )
        .label(span, "in this activity")
        .help("report it to the plugin's author: results go there, so what it wrote is left out")
        .cause(line)
    })
}
