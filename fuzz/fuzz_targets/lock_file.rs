#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| camp_fuzz::lock_file(bytes));
