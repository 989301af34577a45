//! What an activity's `bind` sees of the checker.

/// The checker, as seen by an activity that binds a call.
pub struct Binder<'a> {
    _marker: std::marker::PhantomData<&'a ()>,
}
