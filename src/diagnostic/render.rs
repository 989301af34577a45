//! Diagnostics as people and machines read them: fancy, concise, JSON.
