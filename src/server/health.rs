//! `countersign health`: whether a server answers. Containers and supervisors ask it.

use std::process::ExitCode;

use axum::http::{Request, Response};

use super::calls::{CallFault, Calls};
use super::config::HealthArgs;
use super::terminal;
use crate::routes;

/// Why a server counts as down.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Down {
    #[error("{0:?} is not an http:// or https:// URL.\nGive one such as http://127.0.0.1:3000.")]
    Url(String),
    #[error("{url} gives no answer: {fault}.")]
    NoAnswer { url: String, fault: CallFault },
    #[error("{url} answers with {status}, not with 200.")]
    Status { url: String, status: u16 },
}

/// Asks, and says why where the answer is no. 0: the server answers; 1: it does not.
#[must_use]
pub fn run(args: &HealthArgs) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let asked = match runtime {
        Ok(runtime) => runtime.block_on(ask(&args.url)),
        Err(error) => {
            eprintln!("countersign: The program cannot start: {error}.");
            return ExitCode::FAILURE;
        }
    };
    match asked {
        Ok(()) => ExitCode::SUCCESS,
        Err(down) => {
            eprintln!("countersign: {}", terminal::lines(&down.to_string()));
            ExitCode::FAILURE
        }
    }
}

/// Whether the server at this address answers.
///
/// # Errors
/// Why it counts as down.
pub async fn ask(url: &str) -> Result<(), Down> {
    let wrong = || Down::Url(url.to_owned());
    if !super::config::is_url(url) {
        return Err(wrong());
    }
    let place = format!("{}{}", url.trim_end_matches('/'), routes::HEALTHZ);
    let request = Request::get(place).body(Vec::new()).map_err(|_| wrong())?;
    let answer = Calls::default().send(request).await;
    match answer.as_ref().map(Response::status) {
        Ok(status) if status.as_u16() == 200 => Ok(()),
        Ok(status) => Err(Down::Status { url: url.to_owned(), status: status.as_u16() }),
        Err(fault) => Err(Down::NoAnswer { url: url.to_owned(), fault: fault.clone() }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    #[tokio::test]
    async fn a_server_that_does_not_answer_is_down() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let down = ask(&format!("http://{closed}")).await.unwrap_err();
        assert!(matches!(&down, Down::NoAnswer { .. }), "{down}");
        for wrong in ["", "127.0.0.1:3000", "ftp://127.0.0.1"] {
            assert_eq!(ask(wrong).await, Err(Down::Url(wrong.to_owned())));
        }
    }
}
