//! How the cases ended, for people and for programs.

use super::Ended;
use crate::plugin::manifest::Manifest;

/// A case for people; what is wrong stands below it.
pub(super) fn line(ended: &Ended) -> String {
    match &ended.wrong {
        None => format!("ok    {}\n", ended.name),
        Some(why) => {
            let why: Vec<String> = why.lines().map(|l| format!("      {l}")).collect();
            format!("WRONG {}\n{}\n", ended.name, why.join("\n"))
        }
    }
}

/// All cases for programs.
pub(super) fn json(ended: &[Ended]) -> Vec<serde_json::Value> {
    ended
        .iter()
        .map(|e| {
            serde_json::json!({"case": e.name, "ok": e.wrong.is_none(), "why": e.wrong,
                               "ms": e.took.as_millis() as u64})
        })
        .collect()
}

/// All cases for build servers.
pub(super) fn junit(manifest: &Manifest, ended: &[Ended]) -> String {
    let plugin = escaped(&manifest.plugin.name);
    let wrong = ended.iter().filter(|e| e.wrong.is_some()).count();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuite name=\"{plugin}\" tests=\"{}\" failures=\"{wrong}\">\n",
        ended.len()
    );
    for e in ended {
        let name = escaped(&e.name);
        let time = e.took.as_secs_f64();
        text.push_str(&format!(
            "  <testcase classname=\"{plugin}\" name=\"{name}\" time=\"{time:.3}\""
        ));
        match &e.wrong {
            None => text.push_str("/>\n"),
            Some(why) => {
                let why = escaped(why);
                text.push_str(&format!("><failure>{why}</failure></testcase>\n"));
            }
        }
    }
    text.push_str("</testsuite>\n");
    text
}

/// Text as XML has it; control characters cannot stand there at all.
fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '"' => "&quot;".to_owned(),
            c if c.is_control() && !"\n\t".contains(c) => "\u{fffd}".to_owned(),
            c => c.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_holds_whatever_a_plugin_says() {
        assert_eq!(escaped("a<b> & \"c\"\u{1b}"), "a&lt;b&gt; &amp; &quot;c&quot;\u{fffd}");
    }
}
