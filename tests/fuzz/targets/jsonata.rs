//! JSONata: an expression on the first line, a value on those that follow. What may run away is parsed alone.
#![no_main]

use countersign_asl::expr::jsonata;
use countersign_fuzz::{World, line_and_json, soon};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((text, value)) = line_and_json(data) else { return };
    soon("an expression", || {
        let _ = jsonata::template(text);
        if jsonata::check(text).is_err() {
            return;
        }
        let world = World::new(value.clone());
        let states = [("input", &value), ("result", &value)];
        if let Ok(value) = jsonata::evaluate(text, &states, &mut world.variables(), &world) {
            assert!(value.to_string().len() < 64 << 20, "the result is enormous");
        }
    });
});
