//! How legible drawings are, beside those of dagre and Graphviz `dot`, and how long a large one takes.
//! `RECORDINGS=DIR cargo bench -p countersign-asl --bench drawing`
//!
//! dagre needs `npm ci` in this folder, dot needs Graphviz; what is missing is left out, and so are both with the argument
//! `alone`. dot takes minutes for each of the largest drawings, which it makes only with the argument `patient`. Any other
//! argument shows each drawing of the classes whose names contain it.
#![expect(clippy::expect_used, reason = "a bench that cannot measure ends")]

mod corpus;
mod generated;
mod rivals;

use std::time::Instant;

use countersign_asl::Machine;
use countersign_asl::graph::score::{Score, score};
use countersign_asl::graph::{layout, layout_with};

fn main() {
    let (switches, parts): (Vec<String>, Vec<String>) = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .partition(|argument| ["alone", "patient"].contains(&argument.as_str()));
    let has = |switch: &str| switches.iter().any(|argument| argument == switch);
    let detailed = parts.first();
    let mut dagre = if has("alone") { None } else { rivals::Dagre::start() };
    let is_installed = !has("alone") && rivals::has_dot();
    println!(
        "| definitions | layout | crossings | pairs of lines that cross | lines through boxes | labels overlapped | labels off their lines | labels cut | megapixels |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for class in corpus::classes() {
        let has_dot = is_installed && (has("patient") || !class.large);
        let shown = detailed.is_some_and(|part| class.name.contains(part.as_str()));
        let (mut ours, mut from_dagre, mut from_dot) = (Score::default(), Score::default(), Score::default());
        for (name, machine) in &class.machines {
            let mine = score(&layout(machine));
            ours += mine;
            let mut others = Vec::new();
            if let Some(dagre) = &mut dagre {
                others.push(score(&layout_with(machine, &mut |sizes, links| dagre.lay_out(sizes, links))));
                from_dagre += others[0];
            }
            if has_dot {
                let found = score(&layout_with(machine, &mut rivals::dot));
                from_dot += found;
                others.push(found);
            }
            if shown {
                println!("{name}");
                [mine].iter().chain(&others).for_each(|score| print_row("", "", score));
            }
        }
        let heading = format!("{} ({})", class.name, class.machines.len());
        print_row(&heading, "ours", &ours);
        if dagre.is_some() {
            print_row("", "dagre", &from_dagre);
        }
        if has_dot {
            print_row("", "dot", &from_dot);
        }
    }
    println!();
    for (name, machine) in corpus::large() {
        let (fastest, median) = times(&machine);
        println!("1,000 states, {name}: laid out in {fastest:.1} ms, the fastest of 31 (median {median:.1} ms)");
    }
}

fn print_row(definitions: &str, layout: &str, score: &Score) {
    println!(
        "| {definitions} | {layout} | {} | {} | {} | {} | {} | {} | {:.2} |",
        score.crossings,
        score.crossing_pairs,
        score.through_boxes,
        score.label_overlaps,
        score.loose_labels,
        score.cut_labels,
        score.area / 1e6
    );
}

/// The fastest and the median time of a layout, in milliseconds. Other work on the machine delays the median.
#[expect(clippy::disallowed_methods, reason = "it measures how long a drawing takes")]
fn times(machine: &Machine) -> (f64, f64) {
    let mut times: Vec<f64> = (0..31)
        .map(|_| {
            let started = Instant::now();
            std::hint::black_box(layout(std::hint::black_box(machine)));
            started.elapsed().as_secs_f64() * 1_000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (times[0], times[times.len() / 2])
}
