#![allow(clippy::unwrap_used)]
use super::*;
use serde_json::Value;

fn drawn(definition: &str) -> Graph {
    layout(&Machine::read(definition).unwrap())
}

fn overlap(a: (f32, f32, f32, f32), b: (f32, f32, f32, f32)) -> bool {
    a.0 + a.2 > b.0 + 0.5 && b.0 + b.2 > a.0 + 0.5 && a.1 + a.3 > b.1 + 0.5 && b.1 + b.3 > a.1 + 0.5
}

fn area(node: &Node) -> (f32, f32, f32, f32) {
    (node.x, node.y, node.width, node.height)
}

/// Checks that nothing overlaps, that lines and labels avoid the nodes, and that everything is within the drawing.
#[track_caller]
fn sound(graph: &Graph, name: &str) {
    for (index, node) in graph.nodes.iter().enumerate() {
        assert!(node.x >= 0.0 && node.y >= 0.0, "{name}: {} begins outside", node.id);
        assert!(node.x + node.width <= graph.width + 0.5, "{name}: {} ends outside", node.id);
        for other in graph.nodes[index + 1..].iter().filter(|other| other.parent == node.parent) {
            assert!(!overlap(area(node), area(other)), "{name}: {} lies on {}", node.id, other.id);
        }
        if let Some(parent) = node.parent {
            let parent = &graph.nodes[parent];
            assert!(node.x >= parent.x && node.y >= parent.y + 28.0, "{name}: {} leaves {}", node.id, parent.id);
            assert!(node.x + node.width <= parent.x + parent.width + 0.5, "{name}: {} leaves {}", node.id, parent.id);
            assert!(node.y + node.height <= parent.y + parent.height + 0.5, "{name}: {} leaves {}", node.id, parent.id);
        }
    }
    for edge in &graph.edges {
        let (from, to) = (&graph.nodes[edge.from], &graph.nodes[edge.to]);
        assert!(edge.points.len() >= 2, "{name}: no line from {} to {}", from.id, to.id);
        for node in graph.nodes.iter().filter(|node| node.parent == from.parent) {
            for pair in edge.points.windows(2) {
                let (a, b) = (pair[0], pair[1]);
                let line = (a.0.min(b.0), a.1.min(b.1), (a.0 - b.0).abs().max(0.6), (a.1 - b.1).abs().max(0.6));
                assert!(!overlap(line, area(node)), "{name}: {} to {} crosses {}", from.id, to.id, node.id);
            }
            if let (Some((x, y)), Some(label)) = (edge.label_at, &edge.label) {
                let line = |line: &String| text::width(line.trim_end(), text::DETAIL);
                let width = edge.label_lines.iter().map(line).fold(0.0, f32::max);
                let height = 14.0 * edge.label_lines.len() as f32;
                let box_ = (x - width / 2.0, y - height / 2.0, width, height);
                assert!(!overlap(box_, area(node)), "{name}: label {label} lies on {}", node.id);
            }
        }
    }
}

/// Checks that the lines of every text are the whole text, and that each fits.
#[track_caller]
fn readable(graph: &Graph, name: &str) {
    let states = graph.nodes.iter().filter(|node| !matches!(node.kind, NodeKind::Start | NodeKind::End));
    for node in states {
        assert_eq!(node.label_lines.concat(), node.label, "{name}");
        assert_eq!(node.detail_lines.concat(), node.detail, "{name}: the detail of {}", node.id);
        let room = node.width - 44.0;
        for line in &node.label_lines {
            assert!(text::width(line.trim_end(), text::NAME) <= room, "{name}: {line} leaves its box");
        }
        for line in &node.detail_lines {
            assert!(text::width(line.trim_end(), text::DETAIL) <= room, "{name}: {line} leaves its box");
        }
    }
    for edge in &graph.edges {
        assert_eq!(edge.label_lines.concat(), edge.label.clone().unwrap_or_default(), "{name}");
    }
}

#[test]
fn numbers_are_drawn_as_they_are_written() {
    let graph = drawn(
        r#"{"StartAt":"W","States":{
          "W":{"Type":"Wait","Seconds":98765432109876543210987,"Next":"H"},
          "H":{"Type":"Wait","Seconds":90.50,"Next":"E"},
          "E":{"Type":"Map","Items":[386.40,{"a":12345678901234567890123}],"Next":"C",
            "ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}},
          "C":{"Type":"Choice","Default":"F","Choices":[{"Variable":"$.a","NumericEquals":386.40,"Next":"S"}]},
          "S":{"Type":"Succeed"},
          "F":{"Type":"Fail","Error":1.50}}}"#,
    );
    let detail = |id: &str| graph.nodes.iter().find(|node| node.id == id).unwrap().detail.clone();
    assert_eq!(detail("W"), "waits 98765432109876543210987 s");
    assert_eq!(detail("H"), "waits 90.50 s");
    assert_eq!(detail("E"), r#"for each of [386.40,{"a":12345678901234567890123}]"#);
    assert_eq!(detail("F"), "1.50");
    assert!(graph.edges.iter().any(|edge| edge.label.as_deref() == Some("$.a = 386.40")));
}

#[test]
fn a_chain_is_straight() {
    let graph =
        drawn(r#"{"StartAt":"B","States":{"A":{"Type":"Succeed"},"B":{"Type":"Wait","Seconds":7200,"Next":"A"}}}"#);
    sound(&graph, "chain");
    let ids: Vec<(&str, &str)> = graph.nodes.iter().map(|node| (node.id.as_str(), node.detail.as_str())).collect();
    assert_eq!(ids, [("__start", ""), ("B", "waits 2 h"), ("A", ""), ("__end", "")]);
    assert!(graph.edges.iter().all(|edge| edge.points.len() == 2), "{:?}", graph.edges);
}

#[test]
fn a_loop_a_choice_and_a_catch() {
    let graph = drawn(
        r#"{"StartAt":"Wait","States":{
            "Wait":{"Type":"Wait","Seconds":5,"Next":"Ask"},
            "Ask":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Next":"Done?",
                   "Catch":[{"ErrorEquals":["States.ALL"],"Next":"Sorry"}]},
            "Done?":{"Type":"Choice","Choices":[{"Variable":"$.done","BooleanEquals":true,"Next":"Yes"}],"Default":"Wait"},
            "Yes":{"Type":"Succeed"},"Sorry":{"Type":"Fail","Error":"E"}}}"#,
    );
    sound(&graph, "loop");
    let label = |kind| graph.edges.iter().find(|edge| edge.kind == kind).unwrap().label.clone();
    assert_eq!(label(EdgeKind::Catch).as_deref(), Some("any error"));
    assert_eq!(label(EdgeKind::Choice).as_deref(), Some("$.done = true"));
    let back = graph.edges.iter().find(|edge| edge.kind == EdgeKind::Default).unwrap();
    assert!(back.points[0].1 > back.points[back.points.len() - 1].1, "runs upwards: {:?}", back.points);
}

#[test]
fn containers_hold_their_branches() {
    let graph = drawn(
        r#"{"StartAt":"Both","States":{"Both":{"Type":"Parallel","End":true,"Branches":[
            {"StartAt":"L","States":{"L":{"Type":"Pass","End":true}}},
            {"StartAt":"Each","States":{"Each":{"Type":"Map","End":true,"ItemProcessor":
                {"StartAt":"R","States":{"R":{"Type":"Pass","Next":"R2"},"R2":{"Type":"Pass","End":true}}}}}}]}}}"#,
    );
    sound(&graph, "containers");
    let parent = |id: &str| {
        let node = graph.nodes.iter().find(|node| node.id == id).unwrap();
        node.parent.map(|parent| graph.nodes[parent].id.as_str())
    };
    assert_eq!(
        (parent("L"), parent("R2"), parent("Each"), parent("Both")),
        (Some("Both"), Some("Each"), Some("Both"), None)
    );
}

#[test]
fn a_folded_state_hides_its_inside() {
    let machine = Machine::read(
        r#"{"StartAt":"Both","States":{"Both":{"Type":"Parallel","End":true,"Branches":[
            {"StartAt":"L","States":{"L":{"Type":"Pass","End":true}}},
            {"StartAt":"Each","States":{"Each":{"Type":"Map","End":true,"ItemProcessor":
                {"StartAt":"R","States":{"R":{"Type":"Pass","End":true}}}}}}]}}}"#,
    )
    .unwrap();
    let ids = |folded: &[&str]| {
        let graph = layout_folded(&machine, &folded.iter().map(|&name| name.to_owned()).collect());
        sound(&graph, "folded");
        let state = |node: &&Node| !matches!(node.kind, NodeKind::Start | NodeKind::End);
        graph.nodes.iter().filter(state).map(|node| (node.id.clone(), node.folded)).collect::<Vec<_>>()
    };
    let expect = |names: &[(&str, bool)]| names.iter().map(|&(name, fold)| (name.to_owned(), fold)).collect::<Vec<_>>();
    assert_eq!(ids(&["Each", "L", "Nobody"]), expect(&[("Both", false), ("L", false), ("Each", true)]));
    assert_eq!(ids(&["Both", "Each"]), expect(&[("Both", true)]));
}

/// Conditions that begin and end alike, and long names, are shown as a whole.
#[test]
fn no_text_is_cut() {
    let graph = drawn(
        r#"{"StartAt":"Which of the two transcription jobs has come to its end by now?","States":{
            "Which of the two transcription jobs has come to its end by now?":{"Type":"Choice","Choices":[
                {"Variable":"$.transcription.job.detail.Status","StringEquals":"COMPLETED_WITH_WARNINGS","Next":"Done"},
                {"Variable":"$.transcription.job.detail.Status","StringEquals":"FAILED_WITHOUT_A_REASON","Next":"Ask"}],
                "Default":"Done"},
            "Ask":{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:bedrockagentruntime:retrieveAndGenerateStream.waitForTaskToken",
                "Catch":[{"ErrorEquals":["BedrockAgentRuntime.DependencyFailedException","BedrockAgentRuntime.BadGatewayException"],"Next":"Done"}],
                "Next":"Done"},
            "Done":{"Type":"Map","End":true,"ItemsPath":"$.transcription.results.channels.alternatives.items","ItemProcessor":
                {"StartAt":"R","States":{"R":{"Type":"Pass","End":true}}}}}}"#,
    );
    sound(&graph, "texts");
    readable(&graph, "texts");
    let labels: Vec<&str> = graph.edges.iter().filter_map(|edge| edge.label.as_deref()).collect();
    assert!(labels.contains(&"$.transcription.job.detail.Status = \"FAILED_WITHOUT_A_REASON\""), "{labels:?}");
    assert!(
        labels.contains(&"BedrockAgentRuntime.DependencyFailedException, BedrockAgentRuntime.BadGatewayException"),
        "{labels:?}"
    );
}

/// Real definitions, where their folder is beside the checkout.
#[test]
#[ignore = "needs the recordings of AWS beside the checkout; `make test` runs it where they are"]
fn real_definitions_draw() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/recordings/definitions");
    let groups = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let mut count = 0;
    for file in groups.flat_map(|group| std::fs::read_dir(group.unwrap().path()).unwrap()) {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Some(value) = crate::parse::value(&text).filter(|value: &Value| value.get("States").is_some()) else {
            continue;
        };
        let machine = Machine::from_value(value).unwrap_or_else(|| panic!("{name} has no model"));
        let graph = layout(&machine);
        sound(&graph, &name);
        readable(&graph, &name);
        let found = score::score(&graph);
        assert_eq!(found, score::Score { area: found.area, ..score::Score::default() }, "{name}");
        assert_eq!(graph.nodes.len(), machine.all_states().len() + 2, "{name}");
        count += 1;
    }
    assert!(count > 90, "only {count} definitions drew");
}

#[test]
fn many_branches_stand_in_rows() {
    let branched = |count: usize| {
        let branch = |at| format!(r#"{{"StartAt":"B{at}","States":{{"B{at}":{{"Type":"Pass","End":true}}}}}}"#);
        let branches: Vec<String> = (0..count).map(branch).collect();
        let all = branches.join(",");
        drawn(&format!(r#"{{"StartAt":"P","States":{{"P":{{"Type":"Parallel","End":true,"Branches":[{all}]}}}}}}"#))
    };
    let rows = |graph: &Graph| {
        let inside = graph.nodes.iter().filter(|node| node.parent.is_some());
        inside.map(|node| node.y.round() as i64).collect::<BTreeSet<_>>().len()
    };
    let (few, many) = (branched(6), branched(100));
    sound(&many, "a hundred branches");
    assert_eq!(rows(&few), 1);
    assert!(rows(&many) > 5 && many.width < 3.0 * many.height, "{} by {}", many.width, many.height);
}

/// A thousand states in a row with one shared handler, and a loop back from every hundredth.
#[test]
#[expect(clippy::disallowed_methods, reason = "it prints how long it took")]
fn a_thousand_states_draw() {
    let mut states = Vec::new();
    for index in 0..999 {
        let (next, back) = (index + 1, if index % 100 == 99 { format!("S{}", index - 90) } else { "Oops".to_owned() });
        states.push(format!(
            r#""S{index}":{{"Type":"Task","Resource":"arn:x","Next":"S{next}","Catch":[{{"ErrorEquals":["E"],"Next":"{back}"}},{{"ErrorEquals":["States.ALL"],"Next":"Oops"}}]}}"#
        ));
    }
    states.push(r#""S999":{"Type":"Succeed"},"Oops":{"Type":"Fail"}"#.to_owned());
    let started = std::time::Instant::now();
    let graph = drawn(&format!(r#"{{"StartAt":"S0","States":{{{}}}}}"#, states.join(",")));
    eprintln!("1,001 states in {:?}", started.elapsed());
    assert_eq!(graph.nodes.len(), 1_003);
}

/// Every state has a handler of its own, far away: the drawing stays within bounds.
#[test]
fn a_hostile_definition_draws_within_bounds() {
    let states: Vec<String> = (0..900)
        .map(|index| {
            let (next, far) = ((index + 1).min(899), (index * 7 + 451) % 900);
            format!(r#""S{index}":{{"Type":"Task","Resource":"arn:x","Next":"S{next}","Catch":[{{"ErrorEquals":["E"],"Next":"S{far}"}}]}}"#)
        })
        .collect();
    let graph = drawn(&format!(r#"{{"StartAt":"S0","States":{{{}}}}}"#, states.join(",")));
    assert_eq!(graph.nodes.len(), 902);
    let corners: usize = graph.edges.iter().map(|edge| edge.points.len()).sum();
    assert!(corners < 400_000, "{corners} corners");
}
