//! Hashes of texts, and the stable hash of a row.

use super::super::types::Type;
use super::{Accepts, FunctionInfo, Group, Implicit, ParamInfo, Result, entry, param};

const X: ParamInfo = param("x", Accepts::Text);
const SEED: ParamInfo = param("seed", Accepts::Text).optional().constant();
const ROW: &[Implicit] = &[Implicit::RowKey, Implicit::CampaignLabel];

/// A hash as text.
const fn hash(
    name: &'static str,
    aliases: &'static [&'static str],
    params: &'static [ParamInfo],
    doc: &'static str,
    example: (&'static str, &'static str),
) -> FunctionInfo {
    entry(Group::Hash, name, aliases, params, Result::Type(Type::Text), doc, example)
}

pub(super) const ENTRIES: &[FunctionInfo] = &[
    hash(
        "md5",
        &["md5_digest"],
        &[X],
        "The MD5 hash of the text's UTF-8 bytes, 32 small hex digits. Not for secrets.",
        ("md5(\"42\")", "\"a1d0c6e83f027327d8461063f4ac58a6\""),
    ),
    hash(
        "sha1",
        &["sha", "sha1_digest"],
        &[X],
        "The SHA-1 hash of the text's UTF-8 bytes, 40 small hex digits. Not for secrets.",
        ("sha1(\"abc\")", "\"a9993e364706816aba3e25717850c26c9cd0d89d\""),
    ),
    hash(
        "sha256",
        &["sha2", "sha256_digest", "sha256_hex"],
        &[X],
        "The SHA-256 hash of the text's UTF-8 bytes, 64 small hex digits. Advertising platforms \
         want addresses as `sha256(lower(trim(email)))`.",
        ("sha256(\"abc\")", "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\""),
    ),
    hash(
        "stable_hash",
        &["row_hash"],
        &[SEED],
        "The stable hash of the row, 32 small hex digits: the MD5 of the seed and the parts of the \
         row's key as text, each written behind its number of characters and a colon (`4:seed2:42` \
         for the key 42); dates as `2026-11-24`. The same on every machine and in every version. \
         Without a seed it is the campaign's label.",
        ("stable_hash(\"seed\")", "\"18016f544cad98482e4d2caff5b59a6d\""),
    )
    .implicit(ROW),
    entry(
        Group::Hash,
        "bucket",
        &["stable_bucket", "random_bucket", "hash_bucket"],
        &[SEED],
        Result::Type(Type::Float),
        "A number in [0, 1) that belongs to the row for good: the first 13 hex digits of \
         `stable_hash(seed)`, divided by 16^13. `bucket(\"holdout\") < 5%` holds for the same \
         twentieth of the rows in every run; another seed picks others independently. Without a \
         seed it is the campaign's label.",
        ("bucket(\"seed\")", "0.09377189453214485"),
    )
    .implicit(ROW),
];
