//! The certificate of the dashboard's listener, while it serves.

use std::time::Duration;

use countersign_local::tls::Tls;
use tokio_util::sync::CancellationToken;

use super::terminal;

/// The files are read again after so long.
const LOOK: Duration = Duration::from_secs(60);

/// Takes a renewed certificate over until `end`. Files that cannot be used are reported once, and the certificate of before stays.
#[expect(clippy::disallowed_methods, reason = "a file says nothing when it changes")]
pub async fn kept_up_to_date(tls: Tls, end: CancellationToken) {
    let mut reported = String::new();
    loop {
        tokio::select! {
            () = end.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        let problem = match tls.renew() {
            Ok(true) => {
                println!("The certificate is renewed.");
                String::new()
            }
            Ok(false) => String::new(),
            Err(error) => error.to_string(),
        };
        if !problem.is_empty() && problem != reported {
            eprintln!("{}\nThe one of before is used on.", terminal::lines(&problem));
        }
        reported = problem;
    }
}
