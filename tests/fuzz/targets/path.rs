//! JSONPath and reference paths: a path on the first line, a value on those that follow.
#![no_main]

use countersign_asl::expr::path::{self, Path};
use countersign_fuzz::{World, line_and_json, soon};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|data: &[u8]| {
    let Some((text, value)) = line_and_json(data) else { return };
    soon("a path", || {
        let parsed = Path::parse(text);
        assert_eq!(parsed.is_ok(), path::check(text).is_ok());
        let Ok(parsed) = parsed else { return };
        assert_eq!(parsed.is_reference(), path::check_reference(text).is_ok());
        assert!(parsed.is_definite() || !parsed.is_reference());
        let mut target = value.clone();
        let world = World::new(value);
        let found = parsed.evaluate(&world);
        assert!(found.is_err() || parsed.is_definite() || found.is_ok_and(|found| found.is_array()));
        if parsed.is_reference() && parsed.put(&mut target, json!("put")).is_ok() {
            let there = parsed.select(&target).map(|there| there.into_owned());
            assert_eq!(there, Ok(json!("put")), "what was put is not there");
        }
    });
});
