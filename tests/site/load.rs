//! Many browsers at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::support::here;

use crate::support::Site;

/// Browsers, and how often each loads every page.
const CLIENTS: usize = 16;
const ROUNDS: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_page_holds_for_sixteen_browsers_at_once() {
    let panics = Arc::new(Mutex::new(Vec::new()));
    let before = std::panic::take_hook();
    let seen = Arc::clone(&panics);
    std::panic::set_hook(Box::new(move |panic| {
        // Other tests of this process may fail meanwhile: that is theirs to say.
        let text = panic.to_string();
        if text.contains("reactive") || text.contains("Arena") || text.contains("leptos") {
            seen.lock().unwrap().push(text);
        }
        before(panic);
    }));
    let site = Arc::new(Site::new("load").await);
    let (arn, event) = site.ask("load").await;
    let pages = [
        "/default".to_owned(),
        "/default/workflows".to_owned(),
        "/default/workflows/order".to_owned(),
        "/default/executions".to_owned(),
        "/default/inbox".to_owned(),
        here().approval(&arn, event),
        here().execution(&arn),
        format!("{}?tab=events", here().execution(&arn)),
        "/default/deploy".to_owned(),
        "/default/audit".to_owned(),
        "/default/nowhere".to_owned(),
        "/default/workflows/nobody".to_owned(),
    ];
    let loads = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (site, pages, loads) = (Arc::clone(&site), pages.clone(), Arc::clone(&loads));
            tokio::spawn(async move {
                for turn in 0..ROUNDS * pages.len() {
                    let path = &pages[(turn + client) % pages.len()];
                    let page = site.page(path).await;
                    let expected =
                        if path.contains("no") && !path.contains("tab") && !path.contains("arn") { 404 } else { 200 };
                    assert_eq!(page.status.as_u16(), expected, "{path}: {}", page.text);
                    assert!(page.text.contains("</title>"), "{path} has a title");
                    assert!(page.text.ends_with("</html>") || page.text.contains("</html>"), "{path} is whole");
                    loads.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    assert_eq!(loads.load(Ordering::Relaxed), CLIENTS * ROUNDS * pages.len());
    assert_eq!(*panics.lock().unwrap(), Vec::<String>::new());
    Arc::into_inner(site).unwrap().close().await;
}
