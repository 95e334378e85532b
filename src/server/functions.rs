//! What the embedded engine tells about its functions, asked for over its own address.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::http::Request;
use countersign_desk::connection::{FunctionCall, FunctionHost, KnownFunctions, NotTold, Told};
use countersign_desk::deploy::FileProblem;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::calls::Calls;
use crate::routes;

/// The functions of an engine on this machine.
#[derive(Debug)]
pub struct EngineFunctions {
    address: SocketAddr,
    calls: Calls,
}

#[derive(Deserialize)]
struct Functions {
    names: Option<Vec<String>>,
    trouble: Option<Trouble>,
}

#[derive(Deserialize)]
struct Trouble {
    file: String,
    line: u32,
    column: u32,
    what: String,
    remedy: String,
}

#[derive(Deserialize)]
struct Output {
    calls: Vec<Call>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Call {
    id: String,
    function: String,
    began_at: i64,
    text: String,
    left_out: u64,
}

impl EngineFunctions {
    /// Those of the engine that listens here.
    #[must_use]
    pub fn at(address: SocketAddr) -> Self {
        Self { address, calls: Calls::default() }
    }

    async fn ask<T: DeserializeOwned>(&self, path: &str) -> Result<T, NotTold> {
        let request = Request::get(format!("http://{}/_countersign/{path}", self.address)).body(Vec::new());
        let request = request.map_err(|error| NotTold(error.to_string()))?;
        let answer = self.calls.send(request).await.map_err(|fault| NotTold(fault.to_string()))?;
        if !answer.status().is_success() {
            return Err(NotTold(format!("it answered with {}", answer.status())));
        }
        serde_json::from_slice(answer.body()).map_err(|error| NotTold(error.to_string()))
    }
}

impl FunctionHost for EngineFunctions {
    fn functions(&self) -> Told<'_, KnownFunctions> {
        Box::pin(async move {
            let Functions { names, trouble } = self.ask("functions").await?;
            let names = names.map(|names| Arc::new(names.into_iter().collect()));
            let trouble = trouble.map(|Trouble { file, line, column, what, remedy }| FileProblem {
                file,
                line,
                column,
                error: true,
                message: format!("{what}. What was declared before stays"),
                remedy,
            });
            Ok(KnownFunctions { names, trouble })
        })
    }

    fn output<'a>(&'a self, execution: &'a str, event: u64) -> Told<'a, Vec<FunctionCall>> {
        Box::pin(async move {
            let path = format!("output?execution={}&event={event}", routes::encode(execution));
            let Output { calls } = self.ask(&path).await?;
            let call = |call: Call| {
                let Call { id, function, began_at, text, left_out } = call;
                FunctionCall { id, function, began_at, text, left_out }
            };
            Ok(calls.into_iter().map(call).collect())
        })
    }
}
