#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| camp_fuzz::manifest(bytes));
