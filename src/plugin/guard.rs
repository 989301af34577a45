//! Runs a plugin's code on a thread of its own, so that what would take the process down is an
//! error of that plugin instead.
//!
//! A native library can crash, call `exit`, or never come back, and none of that can be undone
//! inside a process. But it need not be undone: nothing is written before everything is computed,
//! so it is enough that one thread lives on to say what happened and to end the program. A thread
//! that crashes or calls `exit` is stopped where it is, for ever; whoever waits for its answer gets
//! [`Fell`], and the program ends without running what a library may have left behind
//! ([`abandoned`]).
//!
//! The other way, a child process for each call, starts the program and its engine again each time,
//! where this starts a thread, and could not hold the streams of executors.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::fmt;
use std::mem::MaybeUninit;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// How long a plugin may take to load, to bind, to plan: none of them does any work.
pub const LIMIT: Duration = Duration::from_secs(10);

/// The exit code of the program when it cannot even report: that of the area of plugins.
const EXIT_CODE: c_int = 5;
/// How often a waiting thread looks whether the other one fell.
const TICK: Duration = Duration::from_millis(20);
/// As [`libc::signal`] numbers are above 0: it called `exit`.
const ENDED: i32 = -1;
/// The stack of a plugin: as much as the main thread of a program has.
const STACK: usize = 8 << 20;

/// Why a plugin does not answer any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fell {
    /// By this signal.
    Crashed(i32),
    /// It called `exit`.
    Ended,
    /// It gave no sign of life for so long.
    Silent(Duration),
    /// There is no thread to be had.
    NoThread,
}

impl fmt::Display for Fell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fell::Crashed(signal) => {
                let known = SIGNALS.iter().find(|(number, _)| number == signal);
                match known {
                    Some((_, name)) => write!(f, "it crashed ({name})"),
                    None => write!(f, "it crashed (signal {signal})"),
                }
            }
            Fell::Ended => f.write_str("it tried to end the program"),
            Fell::Silent(limit) => write!(f, "it gave no sign of life for {limit:?}"),
            Fell::NoThread => f.write_str("the system has no thread for it"),
        }
    }
}

/// What the thread of a plugin leaves for the others to see. Never freed: a thread that fell looks
/// at it until the process ends.
struct Work {
    /// 0 while all is well.
    fell: AtomicI32,
    /// Somebody reads `fell` and reports.
    noticed: AtomicBool,
    /// Whose code it is.
    who: String,
    /// What is said when nobody does.
    last_words: String,
}

thread_local! {
    /// What this thread does for a plugin. Readable in a signal handler: no destructor, no lazy
    /// initialization.
    static CURRENT: Cell<*const Work> = const { Cell::new(std::ptr::null()) };
}

/// What some thread does for a plugin: for a crash of a thread that the plugin started.
static AT_WORK: AtomicPtr<Work> = AtomicPtr::new(std::ptr::null_mut());
static ABANDONED: AtomicBool = AtomicBool::new(false);

/// Whether a thread was left where it fell. The program must end by [`end`] then: handlers and
/// destructors of the library would meet it half-way through.
pub fn abandoned() -> bool {
    ABANDONED.load(Ordering::SeqCst)
}

/// Ends the program at once, when a thread was abandoned.
pub fn end_if_abandoned(code: u8) {
    if abandoned() {
        // SAFETY: has no conditions, and does not return.
        unsafe { libc::_exit(code.into()) }
    }
}

/// A plugin's code at work on its own thread; it sends what it has to say.
pub struct Worker<M> {
    messages: Receiver<M>,
    work: &'static Work,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl<M> Worker<M> {
    /// Starts work; `who` and `what` are for the last words: ``plugin `x` 1.0``, `` `bind` ``.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn start(
        who: &str,
        what: &str,
        waiting: usize,
        run: impl FnOnce(&SyncSender<M>) + Send + 'static,
    ) -> Result<Worker<M>, Fell>
    where
        M: Send + 'static,
    {
        install();
        let work: &'static Work = Box::leak(Box::new(Work {
            fell: AtomicI32::new(0),
            noticed: AtomicBool::new(false),
            who: format!("the last plugin at work was: {who}\n"),
            last_words: format!("error[E0614]: {who} took the program down in {what}\n"),
        }));
        let (sender, messages) = sync_channel(waiting);
        let thread = std::thread::Builder::new()
            .name("plugin".into())
            .stack_size(STACK)
            .spawn(move || {
                CURRENT.set(work);
                AT_WORK.store(std::ptr::from_ref(work).cast_mut(), Ordering::SeqCst);
                run(&sender);
                CURRENT.set(std::ptr::null());
            })
            .map_err(|_| Fell::NoThread)?;
        Ok(Worker { messages, work, thread: Some(thread) })
    }

    /// The next message; `None` when there will be none. `tick` is called while nothing comes, with
    /// how long it has waited, and can say that it has waited enough.
    ///
    /// # Errors
    /// When the thread fell, or was given up.
    pub fn next(
        &mut self,
        mut tick: impl FnMut(Duration) -> Result<(), Fell>,
    ) -> Result<Option<M>, Fell> {
        let begun = Instant::now();
        loop {
            match self.messages.recv_timeout(TICK) {
                Ok(message) => return Ok(Some(message)),
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) => {}
            }
            self.look()?;
            if let Err(enough) = tick(begun.elapsed()) {
                self.abandon();
                return Err(enough);
            }
        }
    }

    fn look(&mut self) -> Result<(), Fell> {
        let fell = match self.work.fell.load(Ordering::SeqCst) {
            0 => return Ok(()),
            ENDED => Fell::Ended,
            signal => Fell::Crashed(signal),
        };
        self.work.noticed.store(true, Ordering::SeqCst);
        self.abandon();
        Err(fell)
    }

    fn abandon(&mut self) {
        ABANDONED.store(true, Ordering::SeqCst);
        self.thread = None;
    }

    /// Lets go and waits until the thread has ended: what it still has to say is dropped.
    ///
    /// # Errors
    /// When it falls, or takes longer than the limit.
    pub fn end(mut self, limit: Duration) -> Result<(), Fell> {
        self.wait(limit)
    }

    /// Leaves the thread to itself.
    pub fn detach(mut self) {
        self.thread = None;
    }

    fn wait(&mut self, limit: Duration) -> Result<(), Fell> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        // Whoever waits to send is told that nobody listens.
        self.messages = sync_channel(0).1;
        let begun = Instant::now();
        while !thread.is_finished() {
            self.look()?;
            if begun.elapsed() > limit {
                self.abandon();
                return Err(Fell::Silent(limit));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}

impl<M> Drop for Worker<M> {
    fn drop(&mut self) {
        // Where something else went wrong, the thread still must not meet the end of the program.
        let _ = self.wait(LIMIT);
    }
}

/// Runs one call of a plugin and waits for its answer.
///
/// # Errors
/// When there will be none.
pub fn call<T: Send + 'static>(
    who: &str,
    what: &str,
    run: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Fell> {
    let mut worker = Worker::start(who, what, 1, move |answer| {
        // Nobody listens any more when it took too long.
        let _ = answer.send(run());
    })?;
    let answer = worker.next(|waited| match waited > LIMIT {
        true => Err(Fell::Silent(LIMIT)),
        false => Ok(()),
    })?;
    // The thread has nothing left to do.
    worker.detach();
    // Without an answer the thread has ended by a panic of this program's own code in it.
    answer.ok_or(Fell::Ended)
}

// ------------------------------------------------------------------ what happens to a thread

/// The signals that end a process through its own fault.
const SIGNALS: [(c_int, &str); 7] = [
    (libc::SIGSEGV, "SIGSEGV"),
    (libc::SIGBUS, "SIGBUS"),
    (libc::SIGILL, "SIGILL"),
    (libc::SIGFPE, "SIGFPE"),
    (libc::SIGABRT, "SIGABRT"),
    (libc::SIGTRAP, "SIGTRAP"),
    (libc::SIGSYS, "SIGSYS"),
];

/// What was done about the signals before; written once, before the handlers are there.
struct Before([MaybeUninit<libc::sigaction>; SIGNALS.len()]);
static mut BEFORE: Before = Before([MaybeUninit::zeroed(); SIGNALS.len()]);

fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for (n, (signal, _)) in SIGNALS.iter().enumerate() {
            // SAFETY: an all-zero action is a valid one, and the handler below touches only what a
            // handler may. The old action is written before the new one can run.
            unsafe {
                let mut action: libc::sigaction = std::mem::zeroed();
                action.sa_sigaction = on_crash as *const () as usize;
                action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
                let before = (&raw mut BEFORE.0[n]).cast::<libc::sigaction>();
                libc::sigaction(*signal, std::ptr::null(), before);
                libc::sigaction(*signal, &raw const action, std::ptr::null_mut());
            }
        }
        // SAFETY: the function lives as long as the program.
        unsafe { libc::atexit(on_exit) };
    });
}

extern "C" fn on_crash(signal: c_int, _: *mut libc::siginfo_t, _: *mut c_void) {
    let work = CURRENT.get();
    if !work.is_null() {
        // SAFETY: never freed.
        stay(unsafe { &*work }, signal);
    }
    // A thread that is no plugin's: one that a plugin started, or an innocent one. What happened
    // before happens now, when the instruction runs again.
    // SAFETY: never freed; NULL when no plugin was ever called.
    if let Some(work) = unsafe { AT_WORK.load(Ordering::SeqCst).as_ref() } {
        write(work.who.as_bytes());
    }
    if let Some(n) = SIGNALS.iter().position(|(number, _)| *number == signal) {
        // SAFETY: written by `install` before this handler was there.
        unsafe {
            let before = (&raw const BEFORE.0[n]).cast::<libc::sigaction>();
            libc::sigaction(signal, before, std::ptr::null_mut());
        }
    }
}

extern "C" fn on_exit() {
    let work = CURRENT.get();
    if !work.is_null() {
        // SAFETY: never freed.
        stay(unsafe { &*work }, ENDED);
    }
}

/// Stops this thread for ever. When nobody notices, because it holds a lock that everybody needs,
/// it ends the process itself. Only what a signal handler may do.
fn stay(work: &Work, why: i32) -> ! {
    work.fell.store(why, Ordering::SeqCst);
    let pause = libc::timespec { tv_sec: 0, tv_nsec: 100_000_000 };
    let mut waited = 0u32;
    loop {
        // SAFETY: a valid time, and nobody wants to know what is left of it.
        unsafe { libc::nanosleep(&raw const pause, std::ptr::null_mut()) };
        waited = waited.saturating_add(1);
        // In tenths of a second; who has noticed may have to wait for a database before it ends.
        let patience = match work.noticed.load(Ordering::SeqCst) {
            // A program of tests goes on for as long as it likes.
            true if cfg!(test) => u32::MAX,
            true => 600,
            false => 50,
        };
        if waited > patience {
            write(work.last_words.as_bytes());
            // SAFETY: has no conditions, and does not return.
            unsafe { libc::_exit(EXIT_CODE) }
        }
    }
}

fn write(text: &[u8]) {
    // SAFETY: the bytes live; nothing can be done when they cannot be written.
    let _ = unsafe { libc::write(2, text.as_ptr().cast(), text.len()) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_comes_back() {
        assert_eq!(call("plugin `x`", "`bind`", || 7), Ok(7));
    }

    #[test]
    fn a_thread_that_falls_is_told_of_and_the_others_go_on() {
        // SAFETY: what a plugin does that is wrong.
        let crash = || unsafe { std::ptr::null_mut::<u8>().wrapping_add(8).write_volatile(1) };
        assert_eq!(call("x", "y", crash), Err(Fell::Crashed(libc::SIGSEGV)));
        assert_eq!(
            call("x", "y", || -> () { std::process::abort() }),
            Err(Fell::Crashed(libc::SIGABRT))
        );
        assert_eq!(call("x", "y", || 7), Ok(7));
        assert!(abandoned());
    }

    #[test]
    fn who_waits_can_have_enough_and_who_lets_go_ends_the_other() {
        let mut worker = Worker::start("x", "y", 0, |out| while out.send(1).is_ok() {}).unwrap();
        assert_eq!(worker.next(|_| Ok(())), Ok(Some(1)));
        assert_eq!(worker.end(LIMIT), Ok(()));
        let mut silent = Worker::<u8>::start("x", "y", 0, |_| {
            loop {
                std::thread::park();
            }
        })
        .unwrap();
        let enough = Fell::Silent(Duration::from_millis(50));
        assert_eq!(
            silent.next(|waited| if waited.as_millis() > 50 { Err(enough) } else { Ok(()) }),
            Err(enough)
        );
    }
}
