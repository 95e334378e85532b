//! Intrinsic functions: a call on the first line, a value on those that follow.
#![no_main]

use countersign_asl::expr::intrinsics::{Call, check};
use countersign_fuzz::{World, line_and_json, soon};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((text, value)) = line_and_json(data) else { return };
    soon("a call", || {
        let call = Call::parse(text);
        // A call with too few arguments can be read, and is refused when it is made a part of a definition.
        assert!(call.is_ok() || check(text).is_err());
        let Ok(call) = call else { return };
        let _ = call.paths();
        if let Ok(value) = call.evaluate(&World::new(value)) {
            assert!(value.to_string().len() < 64 << 20, "the result is enormous");
        }
    });
});
