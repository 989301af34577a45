//! The one way out of this library: what runs inside [`guard`] can neither unwind into the host nor
//! fail in silence.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use camp_plugin_abi as abi;

use crate::cx::{Call, Host};
use crate::error::{Error, Kind, Result};

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Makes panics inside a guard leave their message and place with us instead of on stderr. This library
/// has a copy of the standard library for itself, so the host's own hook is not touched.
pub(crate) fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !INSIDE.get() {
                return before(info);
            }
            let payload = info.payload();
            let message = payload
                .downcast_ref::<&str>()
                .copied()
                .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
                .unwrap_or("panic without a message");
            let place = info.location().map(|l| format!(" ({}:{})", l.file(), l.line()));
            let text = format!("{message}{}", place.unwrap_or_default());
            PANIC.with(|last| {
                if let Ok(mut last) = last.try_borrow_mut() {
                    *last = Some(text);
                }
            });
        }));
    });
}

/// How a guarded call failed.
pub(crate) struct Failure {
    pub(crate) status: abi::camp_status,
    pub(crate) error: Error,
}

/// Runs `body`; a panic becomes an error.
pub(crate) fn catch<T>(body: impl FnOnce() -> Result<T>) -> Result<T, Failure> {
    let outer = INSIDE.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(body));
    INSIDE.set(outer);
    match result {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Failure { status: error.kind().status(), error }),
        Err(payload) => {
            // Dropping it could panic again.
            std::mem::forget(payload);
            let message = PANIC.with(RefCell::take).unwrap_or_else(|| "panic".to_owned());
            Err(Failure {
                status: abi::CAMP_E_PANIC,
                error: Error::new(Kind::Internal, message).code("panic"),
            })
        }
    }
}

/// Runs `body` and reports what goes wrong to the host.
pub(crate) fn guard<T>(
    host: &Host,
    call: Call,
    body: impl FnOnce() -> Result<T>,
) -> Result<T, Failure> {
    catch(body).inspect_err(|failure| host.diag(call, abi::CAMP_ERROR, &failure.error))
}

/// Runs a destructor; there is nobody to report to, so a panic is swallowed.
pub(crate) fn quietly(body: impl FnOnce()) {
    let _ = catch(|| {
        body();
        Ok(())
    });
}
