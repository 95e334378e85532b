//! Everything that is done with a definition's text before it runs.
#![no_main]

use countersign_asl::{Machine, graph, parse, placeholders, token_places};
use countersign_engine::Program;
use countersign_fuzz::{mutate, soon};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use serde_json::Value;

fuzz_target!(|text: &str| {
    soon("a definition", || {
        let (machine, diagnostics) = parse(text);
        for diagnostic in &diagnostics {
            assert!(diagnostic.line > 0 && diagnostic.column > 0 && !diagnostic.message.is_empty(), "{diagnostic:?}");
        }
        let _ = countersign_asl::invalid_definition_message(&diagnostics);
        let value = serde_json::from_str::<Value>(text);
        if let Some(machine) = &machine {
            draw(machine);
            let _ = countersign_asl::express_diagnostics(machine);
            // Where a deployment has yet to put a value in, there may be nothing to compile.
            if let (Ok(value), true) = (&value, placeholders(text).is_empty()) {
                if let Err(error) = Program::compile(value) {
                    panic!("the parser takes what does not compile: {error}");
                }
            }
        } else if let Ok(value) = value {
            let _ = Program::compile(&value);
            // A page draws what is not valid too.
            Machine::from_value(value).iter().for_each(draw);
        }
    });
});

fn draw(machine: &Machine) {
    let graph = graph::layout(machine);
    assert!(graph.width.is_finite() && graph.height.is_finite());
    for edge in &graph.edges {
        assert!(edge.from < graph.nodes.len() && edge.to < graph.nodes.len());
    }
    let _ = token_places(machine);
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let words = mutate::words(include_str!("../dictionaries/definition.dict"));
    mutate::lines(data, size, max_size, seed, &words, fuzzer_mutate)
});
