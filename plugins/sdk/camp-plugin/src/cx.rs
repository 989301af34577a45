//! One call: what the host says about it, and what can be said to the host.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use camp_plugin_abi as abi;
use serde_json::Value as Json;

use crate::error::{At, Error, Kind, Result};
use crate::sql::{Name, Sql, ToSql, hash};
use crate::value::{Column, Given, SortKey};

/// The host's table, as far as it reaches.
pub(crate) struct Host(pub(crate) abi::camp_host);

// SAFETY: the header promises that every function of the table may be called from any thread; the rest
// of it is plain data that lives until the process ends.
unsafe impl Send for Host {}
// SAFETY: as above.
unsafe impl Sync for Host {}

/// The call, for the duration that the header promises: `execute` keeps it until its stream is released.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Call(pub(crate) *mut abi::camp_call);

// SAFETY: the host allows its functions on a live call from any thread.
unsafe impl Send for Call {}
// SAFETY: as above.
unsafe impl Sync for Call {}

impl Host {
    pub(crate) fn diag(&self, call: Call, severity: u32, error: &Error) {
        let Some(diag) = self.0.diag else { return };
        let error = &*error.0;
        let range = error.at.range.clone().unwrap_or(0..0);
        let record = abi::camp_diag {
            struct_size: size_of::<abi::camp_diag>() as u32,
            severity,
            flags: if error.retryable { abi::CAMP_DIAG_RETRYABLE } else { 0 },
            sub_offset: range.start,
            sub_len: range.end.saturating_sub(range.start),
            reserved: 0,
            code: abi::camp_str::new(&error.code),
            path: abi::camp_str::new(&error.at.path),
            message: abi::camp_str::new(&error.message),
            help: abi::camp_str::new(&error.help),
            url: abi::camp_str::EMPTY,
        };
        // SAFETY: the call is live, the record and its texts outlive the call of this function.
        unsafe { diag(call.0, &raw const record) }
    }
}

/// Facts about the run.
#[derive(Debug, Clone)]
pub struct Run {
    /// Validate and count, but cause no outside effect.
    pub dry_run: bool,
    /// 1, 2, …
    pub attempt: u32,
    /// The run's instant, microseconds since 1970 UTC.
    pub now_us: i64,
    /// Names the run.
    pub run_id: String,
    /// The campaign's label.
    pub campaign: String,
    /// The same for every attempt of this activity in this run.
    pub idempotency_key: String,
}

/// A relation that the SQL of the activity sees under [`name`](Self::name), as an identifier.
#[derive(Debug, Clone)]
pub struct Relation {
    /// Its name in SQL.
    pub name: String,
    /// The transition behind it, as the script names it; empty for relations of parameters.
    pub transition: String,
    /// The dimension of its rows; for a link relation, of the targets.
    pub dimension: String,
    /// What identifies a row; empty without a key.
    pub key: Vec<Column>,
    /// What it carries beside the key.
    pub columns: Vec<Column>,
    /// In a link relation: the key of the source row.
    pub source: Vec<Column>,
    /// In a link relation: the key of the target row.
    pub target: Vec<Column>,
}

impl Relation {
    fn parse(json: &Json) -> Option<Self> {
        let text = |key: &str| json.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
        let columns = |key: &str| match json.get(key) {
            None => Some(Vec::new()),
            some => Column::list(some),
        };
        Some(Self {
            name: json.get("name")?.as_str()?.to_owned(),
            transition: text("transition"),
            dimension: text("dimension"),
            key: columns("key")?,
            columns: columns("columns")?,
            source: columns("source")?,
            target: columns("target")?,
        })
    }

    /// The key and the columns it carries, without hidden ones.
    pub fn visible(&self) -> Vec<Column> {
        self.key.iter().chain(&self.columns).cloned().collect()
    }

    /// The order by the whole key: what ends every `ORDER BY` that picks rows.
    pub fn key_order(&self) -> Vec<SortKey> {
        self.key.iter().map(Column::ascending).collect()
    }

    /// The stable hash of its rows.
    pub fn hash(&self, seed: &str) -> Sql {
        hash(seed, &self.key)
    }
}

impl ToSql for Relation {
    fn write(&self, out: &mut String) {
        Name(&self.name).write(out);
    }
}

/// What the host says about one call.
pub struct Cx {
    host: &'static Host,
    call: Call,
    stop: Option<Arc<AtomicBool>>,
    relations: Vec<Relation>,
    outputs: Vec<(String, String)>,
    folder: PathBuf,
}

impl Cx {
    /// Reads the params document of a call.
    pub(crate) fn open(host: &'static Host, call: Call) -> Result<(Self, Given)> {
        let get = host
            .0
            .params_json
            .ok_or_else(|| Error::new(Kind::Unsupported, "the host offers no `params_json`"))?;
        // SAFETY: the call is live; the text lives as long as it does, and is read here at once.
        let text = unsafe { get(call.0).bytes() };
        let mut json: Json = serde_json::from_slice(text)?;
        if json["camp_params"] != 1 {
            return Err(Error::new(
                Kind::Unsupported,
                format!("the host speaks params {}, this plugin 1", json["camp_params"]),
            ));
        }
        let malformed = || Error::internal("the host's params document is malformed");
        let relations = json["inputs"].as_array().ok_or_else(malformed)?;
        let relations = relations.iter().map(Relation::parse).collect::<Option<_>>();
        let outputs = json["outputs"].as_array().ok_or_else(malformed)?;
        let outputs = outputs.iter().map(|output| {
            let text = |key: &str| output.get(key)?.as_str().map(str::to_owned);
            Some((text("name")?, text("output")?))
        });
        let outputs = outputs.collect::<Option<_>>().ok_or_else(malformed)?;
        let folder = json["run"]["folder"].as_str().unwrap_or_default().into();
        let relations = relations.ok_or_else(malformed)?;
        let cx = Self { host, call, stop: None, relations, outputs, folder };
        match json["params"].take() {
            Json::Object(params) => Ok((cx, Given(params))),
            _ => Err(malformed()),
        }
    }

    /// The same call, also stopped by `stop`.
    #[cfg(feature = "arrow")]
    pub(crate) fn stopped_by(mut self, stop: Arc<AtomicBool>) -> Self {
        self.stop = Some(stop);
        self
    }

    /// An input of the call, or the relation of a `link` or `dimension` parameter.
    ///
    /// # Errors
    /// There is no such relation: a bug of the plugin or the host.
    pub fn input(&self, name: &str) -> Result<&Relation> {
        self.relations
            .iter()
            .find(|relation| relation.name == name)
            .ok_or_else(|| Error::internal(format!("the host gave no relation `{name}`")))
    }

    /// The names left of the `=`, in order, each with the declared output it is.
    pub fn outputs(&self) -> &[(String, String)] {
        &self.outputs
    }

    /// Whether the script takes this declared output.
    pub fn takes(&self, output: &str) -> bool {
        self.outputs.iter().any(|(_, declared)| declared == output)
    }

    /// Where the script is, which relative paths in it start from; empty when it has no place, and
    /// then they start from where Camp does.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The place of a parameter in the script.
    pub fn param(&self, name: &str) -> At {
        At::param(name)
    }

    /// Reports something that is likely a mistake, without failing.
    pub fn warn(&self, warning: &Error) {
        self.host.diag(self.call, abi::CAMP_WARNING, warning);
    }

    /// Reports something worth knowing.
    pub fn advise(&self, advice: &Error) {
        self.host.diag(self.call, abi::CAMP_ADVICE, advice);
    }

    /// Writes to Camp's log, at information level. Never write to stdout: it is Camp's data channel.
    pub fn log(&self, message: &str) {
        if let Some(log) = self.host.0.log {
            // SAFETY: the call is live and the text outlives the call of this function.
            unsafe { log(self.call.0, abi::CAMP_LOG_INFO, abi::camp_str::new(message)) }
        }
    }

    /// Tells how far it is; a total of 0 is not known.
    pub fn progress(&self, done: u64, total: u64) {
        if let Some(progress) = self.host.0.progress {
            // SAFETY: the call is live.
            unsafe { progress(self.call.0, done, total) }
        }
    }

    /// Whether Camp asked to stop.
    pub fn cancelled(&self) -> bool {
        let flagged = self.stop.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed));
        // SAFETY: the call is live.
        flagged || self.host.0.cancelled.is_some_and(|ask| unsafe { ask(self.call.0) } != 0)
    }

    /// Facts about the run.
    ///
    /// # Errors
    /// The host does not offer them.
    pub fn run(&self) -> Result<Run> {
        let missing = || Error::new(Kind::Unsupported, "the host offers no facts about the run");
        let get = self.host.0.run.ok_or_else(missing)?;
        // SAFETY: the call is live, and the table says its own size.
        let run = unsafe { abi::read_table(get(self.call.0)) }.ok_or_else(missing)?;
        // SAFETY: its texts live as long as the call, and are copied here.
        let text =
            |text: abi::camp_str| unsafe { String::from_utf8_lossy(text.bytes()).into_owned() };
        Ok(Run {
            dry_run: run.dry_run != 0,
            attempt: run.attempt,
            now_us: run.now_us,
            run_id: text(run.run_id),
            campaign: text(run.campaign),
            idempotency_key: text(run.idempotency_key),
        })
    }

    /// The value of a parameter of type [`Secret`](crate::Secret). Keep it out of every message.
    ///
    /// # Errors
    /// It is not set, or refused.
    pub fn secret(&self, param: &str) -> Result<String> {
        let missing = |message: &str| At::param(param).fail(Kind::Auth, message);
        let get = self
            .host
            .0
            .secret
            .ok_or_else(|| Error::new(Kind::Unsupported, "the host offers no secrets"))?;
        let mut buffer = abi::camp_buf::EMPTY;
        // SAFETY: the call is live, the text outlives this, the buffer is ours.
        let status = unsafe { get(self.call.0, abi::camp_str::new(param), &raw mut buffer) };
        if status != abi::CAMP_OK {
            return Err(missing("the secret is not set, or Camp may not hand it over"));
        }
        let text = abi::camp_str { ptr: buffer.data.cast(), len: buffer.len };
        // SAFETY: the host filled the buffer, and it lives until it is released below.
        let value = unsafe { text.bytes() }.to_vec();
        if let Some(release) = buffer.release {
            // SAFETY: released once, by the function that came with it.
            unsafe { release(&raw mut buffer) }
        }
        String::from_utf8(value).map_err(|_| missing("the secret is not UTF-8"))
    }
}
