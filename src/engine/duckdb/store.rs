//! What the environment knows of object stores, for the engine: the variables that the tools of Amazon
//! read, so that a machine that has them needs nothing more.

use super::error::EngineError;
use super::literal;
use super::session::Session;

impl Session {
    /// Tells the engine, once, how to reach `s3://…`. Without variables it asks as nobody, or with a
    /// secret that DuckDB itself has stored.
    pub(super) fn know_store(&self) -> Result<(), EngineError> {
        if self.store_known.replace(true) {
            return Ok(());
        }
        let set = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
        match secret(&set) {
            Some(sql) => Ok(self.connection.execute_batch(&sql)?),
            None => Ok(()),
        }
    }
}

/// The statement that makes a secret of variables; nothing where none is set.
fn secret(set: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let first = |names: &[&str]| names.iter().find_map(|name| set(name));
    let mut parts = Vec::new();
    let mut add = |key: &str, value: Option<String>| {
        parts.extend(value.map(|v| format!("{key} {}", literal(&v))));
    };
    add("KEY_ID", set("AWS_ACCESS_KEY_ID"));
    add("SECRET", set("AWS_SECRET_ACCESS_KEY"));
    add("SESSION_TOKEN", set("AWS_SESSION_TOKEN"));
    add("REGION", first(&["AWS_REGION", "AWS_DEFAULT_REGION"]));
    let endpoint = first(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]);
    if let Some(address) = &endpoint {
        let (scheme, host) = address.split_once("://").unwrap_or(("https", address));
        add("ENDPOINT", Some(host.trim_end_matches('/').to_owned()));
        add("USE_SSL", Some((!scheme.eq_ignore_ascii_case("http")).to_string()));
        // Stores of one's own seldom have a name for each bucket.
        add("URL_STYLE", Some("path".into()));
    }
    match parts.is_empty() {
        true => None,
        false => Some(format!("CREATE OR REPLACE SECRET (TYPE s3, {})", parts.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::secret;

    #[test]
    fn variables_become_a_secret_and_none_become_none() {
        assert_eq!(secret(&|_| None), None);
        let known = |name: &str| {
            Some(match name {
                "AWS_ACCESS_KEY_ID" => "id".to_owned(),
                "AWS_SECRET_ACCESS_KEY" => "it's".into(),
                "AWS_DEFAULT_REGION" => "eu-west-3".into(),
                "AWS_ENDPOINT_URL" => "http://127.0.0.1:9000/".into(),
                _ => return None,
            })
        };
        assert_eq!(
            secret(&known).unwrap(),
            "CREATE OR REPLACE SECRET (TYPE s3, KEY_ID 'id', SECRET 'it''s', REGION 'eu-west-3', \
             ENDPOINT '127.0.0.1:9000', USE_SSL 'false', URL_STYLE 'path')"
        );
    }
}
