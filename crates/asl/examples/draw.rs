//! Draws a definition as SVG: `cargo run -p countersign-asl --example draw -- statemachine/order.asl.json > order.svg`.

use std::fmt::Write as _;

use countersign_asl::Machine;
use countersign_asl::graph::{EdgeKind, Graph, NodeKind, layout};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1).ok_or("usage: draw FILE.asl.json")?;
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{file}: {error}"))?;
    let (machine, diagnostics) = countersign_asl::parse(&text);
    for diagnostic in diagnostics {
        eprintln!("{file}:{}:{}: {}", diagnostic.span.line, diagnostic.span.column, diagnostic.message);
    }
    let lenient = || Machine::from_value(serde_json::from_str(&text).ok()?);
    let machine = machine.or_else(lenient).ok_or("this file holds no definition")?;
    print!("{}", svg(&layout(&machine))?);
    Ok(())
}

fn svg(graph: &Graph) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    let (width, height) = (graph.width, graph.height);
    writeln!(
        out,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-family="sans-serif" text-anchor="middle"><rect width="100%" height="100%" fill="#fff"/><defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>"##
    )?;
    for node in &graph.nodes {
        let fill = match node.kind {
            _ if node.container => "#f4f4f2",
            NodeKind::Choice => "#fdf3d8",
            NodeKind::Fail => "#fbe3e1",
            NodeKind::Succeed => "#dff2e2",
            _ => "#fff",
        };
        let (x, y, w, h) = (node.x, node.y, node.width, node.height);
        writeln!(out, r##"<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="6" fill="{fill}" stroke="#888"/>"##)?;
        let (middle, top) = (x + w / 2.0, if node.container { y + 18.0 } else { y + h.min(44.0) / 2.0 - 1.0 });
        let names = node.label_lines.iter().map(|line| (13, "#000", line));
        let details = node.detail_lines.iter().map(|line| (11, "#777", line));
        for (index, (size, fill, line)) in names.chain(details).enumerate() {
            let (y, line) = (top + 15.0 * index as f32, escaped(line));
            writeln!(out, r##"<text x="{middle}" y="{y}" font-size="{size}" fill="{fill}">{line}</text>"##)?;
        }
    }
    for edge in &graph.edges {
        let points: String = edge.points.iter().map(|(x, y)| format!("{x},{y} ")).collect();
        let (stroke, dash) = if edge.kind == EdgeKind::Catch { ("#a33", "4 3") } else { ("#333", "none") };
        writeln!(
            out,
            r##"<polyline points="{points}" fill="none" stroke="{stroke}" stroke-dasharray="{dash}" marker-end="url(#a)"/>"##
        )?;
    }
    for (edge, (x, y)) in graph.edges.iter().filter_map(|edge| Some((edge, edge.label_at?))) {
        for (index, line) in edge.label_lines.iter().enumerate() {
            let (y, line) = (y + 14.0 * index as f32 - 7.0 * edge.label_lines.len() as f32 + 11.0, escaped(line));
            writeln!(
                out,
                r##"<text x="{x}" y="{y}" font-size="11" stroke="#fff" stroke-width="4" paint-order="stroke">{line}</text>"##
            )?;
        }
    }
    out.push_str("</svg>\n");
    Ok(out)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
