#![allow(clippy::unwrap_used)]
use countersign_engine::*;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Arc;
fn main() {
    let text = std::fs::read_to_string("/dev/stdin").unwrap();
    for case in serde_json::Deserializer::from_str(&text).into_iter::<Value>() {
        let case = case.unwrap();
        println!("--- {}", case["name"].as_str().unwrap_or(""));
        let program = match Program::compile(&case["definition"]) {
            Ok(p) => Arc::new(p),
            Err(e) => {
                println!("COMPILE {e}");
                continue;
            }
        };
        let mut ex = Execution::new(
            program,
            StartParams {
                input: case["input"].to_string(),
                execution_arn: "arn:x".into(),
                name: "x".into(),
                start_at: 1_700_000_000_000,
                seed: 1,
                ..StartParams::default()
            },
        );
        let mut q = VecDeque::from([Input::Start]);
        let mut timers: Vec<(i64, TimerId)> = vec![];
        let mut now = 1_700_000_000_000;
        loop {
            let input = match q.pop_front() {
                Some(i) => i,
                None => {
                    if timers.is_empty() || ex.outcome().is_some() {
                        break;
                    }
                    timers.sort_by_key(|t| (t.0, t.1));
                    let (at, timer) = timers.remove(0);
                    now = now.max(at);
                    Input::TimerFired { timer }
                }
            };
            for a in ex.step(now, input) {
                match a {
                    Action::SetTimer { timer, at } => timers.push((at, timer)),
                    Action::CancelTimer { timer } => timers.retain(|t| t.1 != timer),
                    Action::StartTask(r) => {
                        let name = match &r.integration {
                            Integration::Lambda { function_arn } => function_arn.clone(),
                            Integration::Service { .. } => {
                                r.parameters["FunctionName"].as_str().unwrap_or("ok").to_owned()
                            }
                            _ => "ok".into(),
                        };
                        let task = r.task;
                        q.push_back(Input::TaskStarted { task });
                        if name.ends_with("fail") {
                            q.push_back(Input::TaskFailed { task, error: "Boom".into(), cause: "it went".into() })
                        } else if name.ends_with("hang") {
                        } else {
                            q.push_back(Input::TaskSucceeded { task, output: r.parameters.to_string() })
                        }
                    }
                    _ => {}
                }
            }
        }
        for e in ex.history() {
            let v = serde_json::to_value(e).unwrap();
            let d: Vec<String> = v
                .as_object()
                .unwrap()
                .iter()
                .filter(|(k, _)| k.ends_with("Details"))
                .map(|(_, v)| v.to_string())
                .collect();
            println!(
                "{:3} <{:3} {:24} {}",
                e.id,
                e.previous_event_id,
                e.kind.name(),
                d.join(" ")
                    .replace(",\"inputDetails\":{\"truncated\":false}", "")
                    .replace(",\"outputDetails\":{\"truncated\":false}", "")
            );
        }
        println!("=> {:?}", ex.outcome().map(|o| (o.status, o.output.clone(), o.error.clone(), o.cause.clone())));
    }
}
