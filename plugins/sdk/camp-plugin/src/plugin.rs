//! The table of functions that a plugin exports, and the activities behind it.

use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use camp_plugin_abi as abi;
use serde_json::{Value as Json, json};

use crate::about::{About, Param};
use crate::cx::{Call, Cx, Host};
use crate::error::{Error, Result};
use crate::guard::{guard, install_hook, quietly};
use crate::plan::Plan;
use crate::value::Given;

/// The parameters of an activity. [`params!`](crate::params!) implements it.
pub trait Params: Sized + Send + Sync + 'static {
    /// What the manifest says about them.
    fn declare() -> Vec<Param>;

    /// Reads what a call gives.
    ///
    /// # Errors
    /// Host and plugin disagree about the contract.
    fn read(given: &Given) -> Result<Self>;
}

/// Declares the parameters of an activity as a struct. A field's documentation is what users read about
/// the parameter, its type says what the script may write, and square brackets hold the options of
/// [`Param`]:
///
/// ```
/// use camp_plugin::prelude::*;
/// params! {
///     /// Splits.
///     pub struct Split {
///         /// How many stay.
///         keep: u64 [default(1), max(10)],
///         /// Which come first.
///         order: Vec<SortKey>,
///     }
/// }
/// ```
#[macro_export]
macro_rules! params {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $(
        $(#[doc = $doc:literal])* $field:ident : $type:ty $([$($option:ident $(($($arg:expr),*))?),+])?
    ),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug)]
        $vis struct $name { $($(#[doc = $doc])* pub $field: $type),* }

        impl $crate::Params for $name {
            fn declare() -> ::std::vec::Vec<$crate::Param> {
                ::std::vec![$(
                    $crate::Param::new::<$type>(::std::stringify!($field), &[$($doc),*])
                        $($(.$option($($($arg),*)?))+)?
                ),*]
            }

            fn read(given: &$crate::Given) -> $crate::Result<Self> {
                $crate::Result::Ok(Self { $($field: given.take(::std::stringify!($field))?),* })
            }
        }
    };
}

/// An activity that gives SQL.
pub trait Planner: Params {
    /// Its description.
    fn about() -> About;

    /// The SQL for one call: a pure function of the parameters and what `cx` says about the inputs. It is
    /// called during `camp check`, so everything it refuses is refused before anything runs.
    ///
    /// # Errors
    /// What the script asks for cannot be done.
    fn plan(&self, cx: &Cx) -> Result<Plan>;
}

/// One bound activity.
pub(crate) trait Instance: Send {
    /// The plan document.
    fn plan(&self) -> Result<&str> {
        Err(Error::internal("this activity is no planner"))
    }

    /// Takes the inputs, gives the rows.
    #[cfg(feature = "arrow")]
    fn execute(
        &mut self,
        _: Cx,
        _: Vec<crate::stream::Incoming>,
    ) -> Result<crate::stream::Outgoing> {
        Err(Error::internal("this activity is no executor"))
    }
}

struct Planned(String);

impl Instance for Planned {
    fn plan(&self) -> Result<&str> {
        Ok(&self.0)
    }
}

/// What `bind` may look at and fill beside the params document: Arrow schemas.
pub(crate) struct Schemas {
    #[cfg_attr(not(feature = "arrow"), allow(dead_code))]
    pub(crate) inputs: (*const abi::ArrowSchema, usize),
    #[cfg_attr(not(feature = "arrow"), allow(dead_code))]
    pub(crate) outputs: (*mut abi::ArrowSchema, usize),
}

/// `camp_plugin.execute`
pub(crate) type Execute = unsafe extern "C" fn(
    *mut c_void,
    *mut abi::camp_call,
    *mut abi::ArrowArrayStream,
    usize,
    *mut abi::ArrowArrayStream,
) -> abi::camp_status;

type Bind = fn(&Cx, &Given, &Schemas) -> Result<Box<dyn Instance>>;

/// An activity of a plugin; [`export!`](crate::export!) makes them.
pub struct Entry {
    name: String,
    json: Json,
    bind: Bind,
    /// Only executors name it, so that the linker leaves the code for rows out of planners.
    execute: Option<Execute>,
}

impl Entry {
    /// An activity that gives SQL.
    pub fn planner<P: Planner>() -> Self {
        Self::new("planner", P::about(), P::declare(), None, |cx, given, _| {
            // The plan is made here, so that whatever it refuses is refused by `camp check`.
            let plan = P::read(given)?.plan(cx)?.finish(cx)?;
            Ok(Box::new(Planned(plan)))
        })
    }

    pub(crate) fn new(
        kind: &str,
        about: About,
        params: Vec<Param>,
        execute: Option<Execute>,
        bind: Bind,
    ) -> Self {
        Self { json: about.json(kind, params), name: about.name, bind, execute }
    }
}

/// Facts about the package, which [`export!`](crate::export!) takes from Cargo.
#[doc(hidden)]
pub struct Info {
    pub package: &'static str,
    pub version: &'static str,
    pub description: &'static str,
    pub license: &'static str,
    pub homepage: &'static str,
    pub repository: &'static str,
}

/// Everything a library offers.
pub struct Plugin {
    entries: Vec<Entry>,
    manifest: String,
    host: OnceLock<Host>,
    table: OnceLock<Table>,
}

struct Table(abi::camp_plugin);

// SAFETY: a table of functions and of pointers to data that lives for ever and is not changed.
unsafe impl Send for Table {}
// SAFETY: as above.
unsafe impl Sync for Table {}

impl Plugin {
    /// Puts the activities of a package together.
    #[doc(hidden)]
    pub fn new(info: &Info, entries: Vec<Entry>) -> Self {
        let name = info.package.strip_prefix("camp-").unwrap_or(info.package).replace('-', "_");
        let manifest = json!({
            "camp_manifest": 1,
            "plugin": {
                "name": name, "version": info.version, "description": info.description,
                "license": info.license, "homepage": info.homepage, "bugs": info.repository,
                "sdk": concat!("camp-plugin ", env!("CARGO_PKG_VERSION"), " (rust)"),
            },
            "abi": {"major": abi::CAMP_ABI_MAJOR, "minor": abi::CAMP_ABI_MINOR},
            "requires": [], "uses": [],
            "activities": entries.iter().map(|entry| entry.json.clone()).collect::<Vec<_>>(),
        });
        let manifest = manifest.to_string();
        Self { entries, manifest, host: OnceLock::new(), table: OnceLock::new() }
    }

    /// The manifest, as JSON.
    pub fn manifest(&self) -> &str {
        &self.manifest
    }

    /// What the exported function does: meets the host and hands out the table.
    ///
    /// # Safety
    /// `host` is NULL or points to a table of the host; `call` is a live call.
    #[doc(hidden)]
    pub unsafe fn enter(
        &'static self,
        host: *const abi::camp_host,
        call: *mut abi::camp_call,
    ) -> *const abi::camp_plugin {
        // SAFETY: the caller vouches for the table.
        let Some(host) = (unsafe { abi::read_table(host) }).map(Host) else {
            return std::ptr::null();
        };
        let entered = guard(&host, Call(call), || {
            install_hook();
            if host.0.diag.is_none() || host.0.params_json.is_none() {
                return Err(Error::new(
                    crate::Kind::Unsupported,
                    "this plugin needs `diag` and `params_json`, which this host does not offer",
                ));
            }
            Ok(())
        });
        if entered.is_err() {
            return std::ptr::null();
        }
        // One process has one host: a second call gets the same table.
        self.host.get_or_init(|| host);
        let table = self.table.get_or_init(|| {
            Table(abi::camp_plugin {
                struct_size: size_of::<abi::camp_plugin>() as u32,
                abi_minor: abi::CAMP_ABI_MINOR,
                manifest: abi::camp_str::new(&self.manifest),
                self_: std::ptr::from_ref(self).cast_mut().cast(),
                bind: Some(bind),
                plan: Some(plan),
                execute: self.entries.iter().find_map(|entry| entry.execute),
                cancel: Some(cancel),
                instance_free: Some(instance_free),
                get_interface: None,
            })
        });
        &raw const table.0
    }

    fn host(&self) -> &Host {
        self.host.get().expect("`enter` ran before any other function could be known")
    }
}

/// An instance as the host holds it.
pub(crate) struct Bound {
    pub(crate) host: &'static Host,
    /// One thread at a time uses it; another may set `stop` meanwhile.
    instance: Mutex<Box<dyn Instance>>,
    pub(crate) stop: Arc<AtomicBool>,
    pub(crate) poisoned: Arc<AtomicBool>,
}

impl Bound {
    /// Runs a call on it; after a panic, and only then, every later one is refused.
    pub(crate) fn call(
        &self,
        call: *mut abi::camp_call,
        body: impl FnOnce(&mut dyn Instance) -> Result<()>,
    ) -> abi::camp_status {
        let result = guard(self.host, Call(call), || {
            if self.poisoned.load(Ordering::Relaxed) {
                return Err(Error::internal("used again after a panic").code("poisoned"));
            }
            // A lock that a panic left behind says what the flag says.
            let mut instance = self.instance.lock().unwrap_or_else(PoisonError::into_inner);
            body(&mut **instance)
        });
        match result {
            Ok(()) => abi::CAMP_OK,
            Err(failure) => {
                self.poisoned.fetch_or(failure.status == abi::CAMP_E_PANIC, Ordering::Relaxed);
                failure.status
            }
        }
    }
}

unsafe extern "C" fn bind(
    plugin: *mut c_void,
    call: *mut abi::camp_call,
    activity: abi::camp_str,
    inputs: *const abi::ArrowSchema,
    n_inputs: usize,
    outputs: *mut abi::ArrowSchema,
    n_outputs: usize,
    instance: *mut *mut c_void,
) -> abi::camp_status {
    // SAFETY: the host hands back the pointer of the table, which lives for ever.
    let plugin: &'static Plugin = unsafe { &*plugin.cast::<Plugin>() };
    let host = plugin.host();
    let bound = guard(host, Call(call), || {
        // SAFETY: lent for the duration of this call.
        let name = String::from_utf8_lossy(unsafe { activity.bytes() });
        let entry = plugin
            .entries
            .iter()
            .find(|entry| entry.name == name)
            .ok_or_else(|| Error::internal(format!("this plugin has no activity `{name}`")))?;
        let (cx, given) = Cx::open(host, Call(call))?;
        let schemas = Schemas { inputs: (inputs, n_inputs), outputs: (outputs, n_outputs) };
        let instance = (entry.bind)(&cx, &given, &schemas)?;
        let (stop, poisoned) = Default::default();
        Ok(Box::new(Bound { host, instance: Mutex::new(instance), stop, poisoned }))
    });
    match bound {
        Ok(bound) => {
            // SAFETY: the host lends a place for one pointer.
            unsafe { *instance = Box::into_raw(bound).cast() };
            abi::CAMP_OK
        }
        Err(failure) => failure.status,
    }
}

/// An instance that the host hands back.
///
/// # Safety
/// It came from [`bind`] and is not freed.
pub(crate) unsafe fn bound<'a>(instance: *mut c_void) -> &'a Bound {
    // SAFETY: the caller vouches for it.
    unsafe { &*instance.cast::<Bound>() }
}

unsafe extern "C" fn plan(
    instance: *mut c_void,
    call: *mut abi::camp_call,
    out: *mut abi::camp_buf,
) -> abi::camp_status {
    // SAFETY: by the header, the instance is live.
    let bound = unsafe { bound(instance) };
    bound.call(call, |instance| {
        let text = instance.plan()?.to_owned();
        // SAFETY: the host lends an empty buffer.
        unsafe { *out = owned(text) };
        Ok(())
    })
}

/// Bytes that the host releases.
fn owned(text: String) -> abi::camp_buf {
    let text = Box::new(text);
    abi::camp_buf {
        data: text.as_ptr(),
        len: text.len(),
        release: Some(release_text),
        private_data: Box::into_raw(text).cast(),
    }
}

unsafe extern "C" fn release_text(buffer: *mut abi::camp_buf) {
    quietly(|| {
        // SAFETY: filled by `owned`, released once.
        unsafe {
            drop(Box::from_raw((*buffer).private_data.cast::<String>()));
            *buffer = abi::camp_buf::EMPTY;
        }
    });
}

unsafe extern "C" fn cancel(instance: *mut c_void) {
    // SAFETY: live by the header; any thread may do this.
    unsafe { bound(instance) }.stop.store(true, Ordering::Relaxed);
}

unsafe extern "C" fn instance_free(instance: *mut c_void) {
    if !instance.is_null() {
        // SAFETY: came from `bind`, freed once.
        quietly(|| drop(unsafe { Box::from_raw(instance.cast::<Bound>()) }));
    }
}

/// Makes a plugin of activities: `export![planner(Split), delivery(Webhook)]`. The plugin's name is the
/// package's, without `camp-` in front.
#[macro_export]
macro_rules! export {
    ($($kind:ident($activity:ty)),+ $(,)?) => {
        #[cfg(panic = "abort")]
        ::std::compile_error!(
            "a Camp plugin needs `panic = \"unwind\"`: a panic must stop at its boundary"
        );

        /// What this library offers.
        pub fn plugin() -> &'static $crate::Plugin {
            static PLUGIN: ::std::sync::OnceLock<$crate::Plugin> = ::std::sync::OnceLock::new();
            PLUGIN.get_or_init(|| {
                let info = $crate::Info {
                    package: ::std::env!("CARGO_PKG_NAME"),
                    version: ::std::env!("CARGO_PKG_VERSION"),
                    description: ::std::env!("CARGO_PKG_DESCRIPTION"),
                    license: ::std::env!("CARGO_PKG_LICENSE"),
                    homepage: ::std::env!("CARGO_PKG_HOMEPAGE"),
                    repository: ::std::env!("CARGO_PKG_REPOSITORY"),
                };
                $crate::Plugin::new(&info, ::std::vec![$($crate::Entry::$kind::<$activity>()),+])
            })
        }

        /// The symbol that Camp looks for.
        ///
        /// # Safety
        /// As `camp_plugin.h` says: `host` is a table of the host, `call` a live call.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn camp_plugin_v1(
            host: *const $crate::abi::camp_host,
            call: *mut $crate::abi::camp_call,
        ) -> *const $crate::abi::camp_plugin {
            // SAFETY: passed on as it came.
            unsafe { plugin().enter(host, call) }
        }
    };
}
