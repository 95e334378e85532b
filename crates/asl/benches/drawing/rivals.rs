//! The layouts that ours is compared with. They get the same boxes, labels and gaps, scope by scope, as ours does.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use countersign_asl::graph::layered::{BOX_GAP, LANE_GAP, Layout, Link, RANK_GAP, Route};
use serde_json::{Value, json};

type Sizes<'a> = &'a [(f32, f32)];

/// dagre in a process of Node.js, which answers line by line.
pub struct Dagre {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Dagre {
    /// Nothing where its packages are not installed.
    pub fn start() -> Option<Dagre> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/drawing/dagre.mjs");
        let packages = std::path::Path::new(script).with_file_name("node_modules");
        packages.is_dir().then_some(())?;
        let mut process = Command::new("node").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
        let (input, output) = (process.stdin.take()?, BufReader::new(process.stdout.take()?));
        Some(Dagre { process, input, output })
    }

    pub fn lay_out(&mut self, sizes: Sizes<'_>, links: &[Link]) -> Layout {
        let ends = |link: &Link| {
            let (width, height) = link.label.unwrap_or_default();
            json!([link.from, link.to, width, height])
        };
        let question = json!({
            "nodes": sizes,
            "links": links.iter().map(ends).collect::<Vec<_>>(),
            "gaps": {"box": BOX_GAP, "lane": LANE_GAP, "rank": RANK_GAP},
        });
        writeln!(self.input, "{question}").expect("dagre reads its question");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("dagre answers");
        let answer: Value = serde_json::from_str(&line).expect("dagre answers with JSON");
        let routes = answer["routes"].as_array().expect("routes").iter().map(|route| Route {
            points: route["points"].as_array().expect("points").iter().map(pair).collect(),
            label_at: (!route["label"].is_null()).then(|| pair(&route["label"])),
        });
        let corners = answer["corners"].as_array().expect("corners").iter().map(pair);
        measured(sizes, links, corners.collect(), routes.collect())
    }
}

impl Drop for Dagre {
    fn drop(&mut self) {
        // The bench is over: whether it still ran does not matter.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn pair(value: &Value) -> (f32, f32) {
    let number = |index: usize| value[index].as_f64().expect("a number") as f32;
    (number(0), number(1))
}

/// Whether Graphviz is installed.
pub fn has_dot() -> bool {
    Command::new("dot").arg("-V").stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Points a pixel and inches a pixel: Graphviz counts in points, sizes of boxes in inches.
const INCH: f32 = 72.0;

/// Graphviz `dot`, one process a scope.
pub fn dot(sizes: Sizes<'_>, links: &[Link]) -> Layout {
    let mut process =
        Command::new("dot").arg("-Tjson0").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("dot starts");
    let mut input = process.stdin.take().expect("its input is a pipe");
    let question = dot_source(sizes, links);
    let writer = std::thread::spawn(move || input.write_all(question.as_bytes()));
    let output = process.wait_with_output().expect("dot ends");
    writer.join().expect("the writer ends").expect("dot reads its question");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("dot answers with JSON");
    dot_layout(sizes, links, &answer)
}

fn dot_source(sizes: Sizes<'_>, links: &[Link]) -> String {
    let mut source = String::from("digraph {\n");
    let write =
        |source: &mut String, line: std::fmt::Arguments<'_>| writeln!(source, "{line}").expect("text is written");
    let (box_gap, rank_gap) = (BOX_GAP / INCH, RANK_GAP / INCH);
    write(
        &mut source,
        format_args!("graph [nodesep={box_gap}, ranksep={rank_gap}]\nnode [shape=box, fixedsize=true, label=\"\"]"),
    );
    for (index, (width, height)) in sizes.iter().enumerate() {
        write(&mut source, format_args!("n{index} [width={}, height={}]", width / INCH, height / INCH));
    }
    for (index, link) in links.iter().enumerate() {
        let label = link.label.map_or_else(String::new, |(width, height)| {
            format!(", label=<<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLPADDING=\"0\" CELLSPACING=\"0\" FIXEDSIZE=\"TRUE\" WIDTH=\"{}\" HEIGHT=\"{}\"><TR><TD></TD></TR></TABLE>>", width.ceil(), height.ceil())
        });
        write(&mut source, format_args!("n{} -> n{} [id=\"{index}\"{label}]", link.from, link.to));
    }
    source.push_str("}\n");
    source
}

fn dot_layout(sizes: Sizes<'_>, links: &[Link], answer: &Value) -> Layout {
    let numbers = |text: &str| -> Vec<f32> { text.split(',').filter_map(|number| number.parse().ok()).collect() };
    let bounds = numbers(answer["bb"].as_str().expect("bounds"));
    let place = |text: &str| {
        let found = numbers(text);
        (found[0], bounds[3] - found[1])
    };
    let mut corners = vec![(0.0, 0.0); sizes.len()];
    for node in answer["objects"].as_array().into_iter().flatten() {
        let index: usize = node["name"].as_str().expect("a name")[1..].parse().expect("an index");
        let (x, y) = place(node["pos"].as_str().expect("a place"));
        corners[index] = (x - sizes[index].0 / 2.0, y - sizes[index].1 / 2.0);
    }
    let mut routes = vec![Route::default(); links.len()];
    for edge in answer["edges"].as_array().into_iter().flatten() {
        let index: usize = edge["id"].as_str().expect("an id").parse().expect("an index");
        let spline = edge["pos"].as_str().expect("a line");
        let tip = spline.split(' ').find_map(|part| part.strip_prefix("e,")).map(place);
        let knots: Vec<(f32, f32)> = spline.split(' ').filter(|part| !part.contains("e,")).map(place).collect();
        routes[index] = Route {
            points: flattened(&knots).into_iter().chain(tip).collect(),
            label_at: edge["lp"].as_str().filter(|_| links[index].label.is_some()).map(place),
        };
    }
    measured(sizes, links, corners, routes)
}

/// A spline of cubic pieces as straight legs.
fn flattened(knots: &[(f32, f32)]) -> Vec<(f32, f32)> {
    let mut points = vec![knots[0]];
    for piece in (0..knots.len().saturating_sub(3)).step_by(3) {
        let [a, b, c, d] = [knots[piece], knots[piece + 1], knots[piece + 2], knots[piece + 3]];
        for step in 1..=12 {
            let t = step as f32 / 12.0;
            let u = 1.0 - t;
            let at = |a: f32, b: f32, c: f32, d: f32| {
                u * u * u * a + 3.0 * u * u * t * b + 3.0 * u * t * t * c + t * t * t * d
            };
            points.push((at(a.0, b.0, c.0, d.0), at(a.1, b.1, c.1, d.1)));
        }
    }
    points
}

/// The layout moved to the origin, with the size that boxes, lines and labels need.
fn measured(sizes: Sizes<'_>, links: &[Link], corners: Vec<(f32, f32)>, routes: Vec<Route>) -> Layout {
    let mut layout = Layout { corners, routes, width: 0.0, height: 0.0 };
    let boxes = layout.corners.iter().zip(sizes).flat_map(|(&(x, y), size)| [(x, y), (x + size.0, y + size.1)]);
    let labels = layout.routes.iter().zip(links).filter_map(|(route, link)| Some((route.label_at?, link.label?)));
    let labels = labels.flat_map(|((x, y), (w, h))| [(x - w / 2.0, y - h / 2.0), (x + w / 2.0, y + h / 2.0)]);
    let lines = layout.routes.iter().flat_map(|route| route.points.iter().copied());
    let (mut low, mut high) = ((f32::INFINITY, f32::INFINITY), (f32::NEG_INFINITY, f32::NEG_INFINITY));
    for (x, y) in boxes.chain(labels).chain(lines) {
        (low, high) = ((low.0.min(x), low.1.min(y)), (high.0.max(x), high.1.max(y)));
    }
    let back = |point: &mut (f32, f32)| *point = (point.0 - low.0, point.1 - low.1);
    layout.corners.iter_mut().for_each(back);
    layout.routes.iter_mut().flat_map(|route| route.points.iter_mut().chain(&mut route.label_at)).for_each(back);
    (layout.width, layout.height) = (high.0 - low.0, high.1 - low.1);
    layout
}
