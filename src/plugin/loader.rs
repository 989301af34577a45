//! Loads libraries. Whoever gets here trusts the file: [`super::finder`] decides that.
//!
//! A library is opened once per process and never closed: what it handed out (Arrow arrays, the
//! manifest) may outlive every use we know of, and `dlclose` after that is a crash.

use std::ffi::c_void;
use std::io::Read;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use camp_plugin_abi as abi;
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};

use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::plugin as codes;
use crate::source::Span;

use super::guard::{self, Fell};
use super::host::{self, Call, Said};
use super::manifest::{Activity, Manifest};

/// Keeps the library even when its last handle is closed.
#[cfg(target_os = "macos")]
const RTLD_NODELETE: i32 = 0x80;
#[cfg(not(target_os = "macos"))]
const RTLD_NODELETE: i32 = 0x1000;

/// Major versions of the interface up to this one are looked for, to name them in a refusal.
const MAJORS: u32 = 9;

/// Why a library was not loaded.
#[derive(Debug)]
pub enum LoadError {
    /// The system's words.
    System(String),
    /// It exports nothing that this host knows.
    NotAPlugin,
    /// It refused; its words.
    Refused(Vec<Said>),
    /// Both versions.
    Interface(String),
    /// What is wrong with the manifest.
    Manifest(String),
    /// It did not come back.
    Fell(Fell),
    /// The system it is for.
    Platform(String),
}

impl LoadError {
    /// As a diagnostic at the place that asked for the plugin.
    pub fn into_diagnostic(self, name: &str, path: &Path, span: Option<Span>) -> Diagnostic {
        let diagnostic = match self {
            LoadError::System(cause) => {
                Diagnostic::error(codes::NOT_LOADED, format!("Plugin `{name}` cannot be loaded"))
                    .help(format!("check the library `{}`", path.display()))
                    .cause(cause)
            }
            LoadError::NotAPlugin => Diagnostic::error(
                codes::INTERFACE,
                format!("`{}` is not a plugin for this version of Camp", path.display()),
            )
            .help(format!(
                "build it with the plugin SDK: it has to export `{}`",
                abi::CAMP_ENTRY_SYMBOL.to_string_lossy()
            )),
            LoadError::Refused(said) => {
                let words: Vec<&str> = said.iter().map(|s| s.message.as_str()).collect();
                let cause =
                    if words.is_empty() { "it gave no reason".into() } else { words.join("; ") };
                Diagnostic::error(codes::INTERFACE, format!("Plugin `{name}` refuses to work here"))
                    .help("update Camp or the plugin")
                    .cause(cause)
            }
            LoadError::Interface(title) => {
                Diagnostic::error(codes::INTERFACE, title).help("update the older of the two")
            }
            LoadError::Fell(fell) => {
                Diagnostic::error(codes::NOT_LOADED, format!("Plugin `{name}` cannot be loaded"))
                    .help("report it to the plugin's author")
                    .cause(fell)
            }
            LoadError::Platform(system) => Diagnostic::error(
                codes::NOT_LOADED,
                format!("Plugin `{name}` is for {system}, not for this system"),
            )
            .help(format!(
                "install the one for {} on {}",
                std::env::consts::OS,
                std::env::consts::ARCH
            ))
            .cause(path.display()),
            LoadError::Manifest(cause) => Diagnostic::error(
                codes::MANIFEST,
                format!("The description of plugin `{name}` is not valid"),
            )
            .help("report it to the plugin's author")
            .cause(cause),
        };
        match span {
            Some(span) => diagnostic.label(span, "used here"),
            None => diagnostic,
        }
    }
}

/// A loaded plugin.
pub struct Plugin {
    table: abi::camp_plugin,
    /// What it says about itself.
    pub manifest: Manifest,
    /// The hash of its manifest's bytes.
    pub manifest_hash: String,
    /// The manifest's bytes.
    pub manifest_text: String,
    /// Where it was loaded from.
    pub path: PathBuf,
    /// It did not come back from a call, which was reported: it is called no more.
    fell: AtomicBool,
    /// It was reported that it writes to the standard output.
    printed: AtomicBool,
}

// SAFETY: the header promises that `bind`, `plan` and `execute` may run at the same time on different
// instances; everything else in the table is plain data that lives until the process ends.
unsafe impl Send for Plugin {}
// SAFETY: as above.
unsafe impl Sync for Plugin {}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugin").field("name", &self.manifest.plugin.name).finish_non_exhaustive()
    }
}

/// The plugins of this process, by file.
static LOADED: Mutex<Vec<Arc<Plugin>>> = Mutex::new(Vec::new());

/// Loads a library, or gives the one that is loaded already.
///
/// # Errors
/// Why not.
pub fn load(path: &Path) -> Result<Arc<Plugin>, LoadError> {
    let path = path.canonicalize().map_err(|e| LoadError::System(e.to_string()))?;
    // Held over the entry: the contract says that it is called under a lock.
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(plugin) = loaded.iter().find(|p| p.path == path) {
        return Ok(plugin.clone());
    }
    let of_thread = path.clone();
    let who = format!("`{}`", path.display());
    let opened = guard::call(&who, "its start", move || open(&of_thread));
    let plugin = Arc::new(opened.map_err(LoadError::Fell)??);
    loaded.push(plugin.clone());
    Ok(plugin)
}

/// Opens a library, which stays open, and finds the function that it exports.
///
/// # Errors
/// Why not.
pub(super) fn entry(path: &Path) -> Result<abi::camp_plugin_entry, LoadError> {
    // SAFETY: the library's initializers run with our rights; whoever named the file trusts it.
    let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) }
        .map_err(|e| match foreign(path) {
            Some(system) => LoadError::Platform(system),
            None => LoadError::System(e.to_string()),
        })?;
    let library = ManuallyDrop::new(library);
    let name = abi::CAMP_ENTRY_SYMBOL.to_bytes_with_nul();
    // SAFETY: the symbol carries the major version, so its type is known.
    let entry = unsafe { library.get::<abi::camp_plugin_entry>(name) };
    entry
        .map(|entry| *entry)
        .map_err(|_| other_major(&library).map_or(LoadError::NotAPlugin, LoadError::Interface))
}

fn open(path: &Path) -> Result<Plugin, LoadError> {
    let entry = entry(path)?;
    let call = Call::empty();
    // SAFETY: host table and call live; the plugin's table says its own size.
    let table = unsafe { abi::read_table(entry(host::table(), call.raw())) };
    let Some(table) = table else { return Err(LoadError::Refused(call.take_said())) };
    // SAFETY: the manifest lives as long as the library, which is never closed.
    let bytes = unsafe { table.manifest.bytes() };
    let manifest = Manifest::parse(bytes).map_err(LoadError::Manifest)?;
    let who = format!("Plugin `{}` {}", manifest.plugin.name, manifest.plugin.version);
    if manifest.abi.major != 0 && manifest.abi.major != abi::CAMP_ABI_MAJOR {
        return Err(LoadError::Interface(format!(
            "{who} needs interface {}.{}, and this version of Camp offers {}.{}",
            manifest.abi.major,
            manifest.abi.minor,
            abi::CAMP_ABI_MAJOR,
            abi::CAMP_ABI_MINOR
        )));
    }
    use super::manifest::Kind;
    let needs = |kinds: &[Kind]| manifest.activities.iter().any(|a| kinds.contains(&a.kind));
    let missing = [
        ("bind", table.bind.is_none()),
        ("instance_free", table.instance_free.is_none()),
        ("plan", table.plan.is_none() && needs(&[Kind::Planner])),
        ("execute", table.execute.is_none() && needs(&[Kind::Executor, Kind::Delivery])),
    ];
    if let Some((function, _)) = missing.iter().find(|(_, missing)| *missing) {
        return Err(LoadError::Interface(format!("{who} does not provide `{function}`")));
    }
    Ok(Plugin {
        table,
        manifest,
        manifest_hash: super::lock::hash(bytes),
        manifest_text: String::from_utf8_lossy(bytes).into_owned(),
        path: path.to_owned(),
        fell: AtomicBool::new(false),
        printed: AtomicBool::new(false),
    })
}

/// What a library without our entry says when it has that of another major version.
fn other_major(library: &Library) -> Option<String> {
    let has = |major: &u32| {
        let name = format!("camp_plugin_v{major}\0");
        // SAFETY: only looked for, never called.
        unsafe { library.get::<abi::camp_plugin_entry>(name.as_bytes()) }.is_ok()
    };
    let major = (0..=MAJORS).filter(|m| *m != abi::CAMP_ABI_MAJOR).find(has)?;
    Some(format!(
        "The plugin needs interface {major}, and this version of Camp offers {}.{}",
        abi::CAMP_ABI_MAJOR,
        abi::CAMP_ABI_MINOR
    ))
}

/// The system that a library is for, when it is not this one.
fn foreign(path: &Path) -> Option<String> {
    let mut head = [0u8; 20];
    std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head)).ok()?;
    let system = match head {
        [0x7f, b'E', b'L', b'F', class, ..] => {
            let machine = u16::from_le_bytes([head[18], head[19]]);
            let processor = match (class, machine) {
                (2, 62) => "x86_64",
                (2, 183) => "aarch64",
                (2, 243) => "riscv64",
                (1, _) => "a 32-bit processor",
                _ => "another processor",
            };
            ("linux", processor)
        }
        [0xcf, 0xfa, 0xed, 0xfe, 0x0c, ..] => ("macos", "aarch64"),
        [0xcf, 0xfa, 0xed, 0xfe, ..] => ("macos", "x86_64"),
        [0xca, 0xfe, 0xba, 0xbe, ..] => ("macos", "several processors"),
        [b'M', b'Z', ..] => ("windows", "another processor"),
        _ => return None,
    };
    (system != (std::env::consts::OS, std::env::consts::ARCH))
        .then(|| format!("{} on {}", system.0, system.1))
}

/// A call that a plugin did not end well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status(pub abi::camp_status);

impl Status {
    /// Whether the plugin itself is at fault.
    pub fn is_fault(self) -> bool {
        !(abi::CAMP_OK..=abi::CAMP_E_AUTH).contains(&self.0)
    }
}

impl Plugin {
    /// Binds a call of an activity.
    ///
    /// # Errors
    /// The status; the reasons are with the call.
    pub fn bind(
        self: &Arc<Self>,
        call: &Call,
        activity: &Activity,
        inputs: &[abi::ArrowSchema],
        outputs: &mut [abi::ArrowSchema],
    ) -> Result<Instance, Status> {
        let Some(bind) = self.table.bind else { return Err(Status(abi::CAMP_E_INTERNAL)) };
        super::kit::record::note(self, call, activity, inputs);
        let mut instance = std::ptr::null_mut();
        // SAFETY: everything lent lives until the function returns.
        let status = unsafe {
            bind(
                self.table.self_,
                call.raw(),
                abi::camp_str::new(&activity.name),
                inputs.as_ptr(),
                inputs.len(),
                outputs.as_mut_ptr(),
                outputs.len(),
                &raw mut instance,
            )
        };
        match status {
            abi::CAMP_OK => Ok(Instance { plugin: self.clone(), raw: instance }),
            status => Err(Status(status)),
        }
    }

    /// Its functions.
    pub(super) fn table(&self) -> &abi::camp_plugin {
        &self.table
    }

    /// Notes that it did not come back.
    pub fn set_fallen(&self) {
        self.fell.store(true, Ordering::Relaxed);
    }

    /// Whether it did not come back from a call in this process.
    pub fn has_fallen(&self) -> bool {
        self.fell.load(Ordering::Relaxed)
    }

    /// Whether it is the first time that somebody wants to report that it printed.
    pub fn first_print(&self) -> bool {
        !self.printed.swap(true, Ordering::Relaxed)
    }

    /// ``Plugin `split` 1.0.0``
    pub fn who(&self) -> String {
        format!("Plugin `{}` {}", self.manifest.plugin.name, self.manifest.plugin.version)
    }
}

/// A bound activity.
pub struct Instance {
    plugin: Arc<Plugin>,
    raw: *mut c_void,
}

// SAFETY: the header allows an instance to move between threads.
unsafe impl Send for Instance {}

impl Instance {
    /// The plan of a planner.
    ///
    /// # Errors
    /// The status; the reasons are with the call.
    pub fn plan(&self, call: &Call) -> Result<Vec<u8>, Status> {
        let Some(plan) = self.plugin.table.plan else { return Err(Status(abi::CAMP_E_INTERNAL)) };
        let mut buffer = abi::camp_buf::EMPTY;
        // SAFETY: the instance is bound, the call lives, the buffer is empty.
        let status = unsafe { plan(self.raw, call.raw(), &raw mut buffer) };
        match status {
            abi::CAMP_OK => Ok(host::take_buffer(buffer)),
            status => Err(Status(status)),
        }
    }

    /// Starts an executor: it takes the inputs, and gives its rows.
    ///
    /// # Errors
    /// The status; the reasons are with the call.
    pub fn execute(
        &mut self,
        call: &Call,
        inputs: &mut [abi::ArrowArrayStream],
    ) -> Result<abi::ArrowArrayStream, Status> {
        let Some(execute) = self.plugin.table.execute else {
            return Err(Status(abi::CAMP_E_INTERNAL));
        };
        // SAFETY: an all-zero stream is a released one.
        let mut output: abi::ArrowArrayStream = unsafe { std::mem::zeroed() };
        // SAFETY: the instance is bound, the call lives, the inputs move to the plugin.
        let status = unsafe {
            execute(self.raw, call.raw(), inputs.as_mut_ptr(), inputs.len(), &raw mut output)
        };
        match status {
            abi::CAMP_OK => Ok(output),
            status => Err(Status(status)),
        }
    }

    /// What can ask it to stop from another thread. It must be taken back before the instance is
    /// dropped.
    pub fn canceller(&self) -> Option<Canceller> {
        self.plugin.table.cancel.map(|cancel| Canceller { cancel, raw: self.raw })
    }
}

/// Asks an instance to stop; see [`Instance::canceller`].
#[derive(Clone, Copy)]
pub struct Canceller {
    cancel: unsafe extern "C" fn(*mut c_void),
    raw: *mut c_void,
}

// SAFETY: the header allows `cancel` on any thread at any time.
unsafe impl Send for Canceller {}

impl Canceller {
    /// Asks.
    ///
    /// # Safety
    /// While the instance lives.
    pub unsafe fn cancel(self) {
        // SAFETY: the caller vouches for it.
        unsafe { (self.cancel)(self.raw) }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let Some(free) = self.plugin.table.instance_free {
            // SAFETY: bound once, freed once.
            unsafe { free(self.raw) }
        }
    }
}
