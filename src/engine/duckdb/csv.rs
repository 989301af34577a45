//! CSV.

/// The typing answers of this session.
#[derive(Debug, Default)]
pub struct TypingCache;
