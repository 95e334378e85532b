//! Everything that is done with a definition's text before it runs.
#![no_main]

use countersign_asl::{Diagnostic, Machine, MachineType, graph, parse, parse_created};
use countersign_engine::Program;
use countersign_fuzz::{mutate, soon};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use serde_json::Value;

fuzz_target!(|text: &str| {
    soon("a definition", || {
        look_at(&parse(text).1);
        look_at(&parse_created(text, MachineType::Express).1);
        let (machine, diagnostics) = parse_created(text, MachineType::Standard);
        look_at(&diagnostics);
        let Ok(value) = serde_json::from_str::<Value>(text) else { return };
        let compiled = Program::compile(&value);
        if let (Some(_), Err(error)) = (machine, compiled) {
            panic!("a machine is made of what does not compile: {error}");
        }
        // A page draws what is not valid too.
        Machine::from_value(value).iter().for_each(draw);
    });
});

fn look_at(diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        let span = diagnostic.span;
        assert!(span.line > 0 && span.column > 0 && !diagnostic.message.is_empty(), "{diagnostic:?}");
        assert!((span.line, span.column) <= (span.end_line, span.end_column), "{diagnostic:?}");
    }
    let _ = countersign_asl::invalid_definition_message(diagnostics);
}

fn draw(machine: &Machine) {
    let graph = graph::layout(machine);
    assert!(graph.width.is_finite() && graph.height.is_finite());
    for edge in &graph.edges {
        assert!(edge.from < graph.nodes.len() && edge.to < graph.nodes.len());
    }
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let words = mutate::words(include_str!("../dictionaries/definition.dict"));
    mutate::lines(data, size, max_size, seed, &words, fuzzer_mutate)
});
