//! A person begins: `countersign init`, and what the folder does with the real program from then on.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use countersign::routes;
use countersign::wire::executions::StatusFilter;

use crate::attack::exchange;
use crate::program::folder;

const PROGRAM: &str = env!("CARGO_BIN_EXE_countersign");

/// Ends the program, however the test ends.
struct Running {
    process: Child,
    address: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn countersign(within: &Path, args: &[&str]) -> Output {
    Command::new(PROGRAM).args(args).current_dir(within).env_remove("RUST_LOG").output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A folder as `init` makes it.
fn begun(test: &str) -> PathBuf {
    let folder = folder(test);
    let made = countersign(&folder, &["init", "shop"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    folder
}

/// `countersign serve` in a folder, on free ports.
fn serve(shop: &Path) -> Running {
    let mut process = Command::new(PROGRAM)
        .args(["serve", "--listen", "127.0.0.1:0", "--engine-listen", "127.0.0.1:0"])
        .current_dir(shop)
        .env_remove("RUST_LOG")
        .stdout(Stdio::piped())
        .stderr(fs::File::create(shop.join("../log")).unwrap())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(process.stdout.take().unwrap());
    let mut running = Running { process, address: String::new() };
    let mut printed = String::new();
    while !printed.contains("Ctrl-C stops it") {
        let read = output.read_line(&mut printed).unwrap();
        assert!(read > 0, "{printed}{}", fs::read_to_string(shop.join("../log")).unwrap());
    }
    // The pipe stays open for what is still printed.
    std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
    let address = printed.split("Countersign is at http://").nth(1).and_then(|rest| rest.lines().next());
    running.address = address.unwrap_or_else(|| panic!("{printed}")).to_owned();
    running
}

impl Running {
    fn page(&self, path: &str) -> String {
        exchange(&self.address, &format!("GET {path} HTTP/1.1\r\naccept: text/html"), "")
    }

    /// A page, once it has a text.
    fn page_with(&self, path: &str, wanted: &str) -> String {
        let begun = Instant::now();
        loop {
            let page = self.page(path);
            if page.contains(wanted) {
                return page;
            }
            assert!(begun.elapsed() < Duration::from_secs(40), "no {wanted:?} on {path}: {page}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

#[test]
fn a_new_folder_is_valid_and_nothing_in_it_is_overwritten() {
    let folder = begun("init");
    let shop = folder.join("shop");
    let valid = countersign(&shop, &["validate", "--strict", "statemachine"]);
    assert!(valid.status.success(), "{}{}", text(&valid.stdout), text(&valid.stderr));
    let tested = countersign(&shop, &["test", "statemachine"]);
    assert!(tested.status.success(), "{}{}", text(&tested.stdout), text(&tested.stderr));
    let workflow = shop.join("statemachine/purchase.asl.json");
    fs::write(&workflow, "mine").unwrap();
    let again = countersign(&folder, &["init", "shop"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("shop/statemachine/purchase.asl.json"), "{}", text(&again.stderr));
    assert_eq!(fs::read_to_string(&workflow).unwrap(), "mine");
    let here = countersign(&shop, &["init"]);
    assert!(!here.status.success() && text(&here.stderr).contains("README.md"), "{}", text(&here.stderr));
    let within = folder.join("empty");
    fs::create_dir_all(&within).unwrap();
    let said = text(&countersign(&within, &["init"]).stdout);
    assert!(said.contains("countersign serve") && !said.contains("  cd "), "{said}");
    // A colleague, or the user of a container, reads what the repository has.
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(within.join("README.md")).unwrap().permissions().mode();
    let allowed = new_files_are_for_others();
    assert_eq!(mode & 0o044 != 0, allowed, "{mode:o}");
    fs::remove_dir_all(folder).unwrap();
}

/// Whether this process's new files may be read by others, as those of a shell are.
fn new_files_are_for_others() -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let file = std::env::temp_dir().join(format!("countersign-umask-{}", std::process::id()));
    fs::write(&file, "").unwrap();
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    fs::remove_file(file).unwrap();
    mode & 0o044 != 0
}

#[test]
fn a_new_folder_runs_and_follows_what_is_changed() {
    let folder = begun("serve");
    let shop = folder.join("shop");
    let server = serve(&shop);
    // A purchase waits for a person, another one was made.
    server.page_with("/default/inbox", "Buy Desk for 349.00 EUR?");
    let here = routes::of("default");
    server.page_with(&here.executions_of(None, Some(StatusFilter::Succeeded)), "purchase");

    // What the functions printed stands beside their states.
    let list =
        exchange(&server.address, "GET /api/executions?workflow=purchase HTTP/1.1\r\naccept: application/json", "");
    let list: serde_json::Value = serde_json::from_str(list.split_once("\r\n\r\n").unwrap().1).unwrap();
    let waits = list["executions"].as_array().unwrap().iter().find(|one| one["status"] != "succeeded");
    let arn = waits.unwrap_or_else(|| panic!("{list}"))["arn"].as_str().unwrap().to_owned();
    let state = |state: &str| here.execution_state(&arn, state);
    let page = server.page_with(&state("Approve"), "somebody is asked about Desk");
    assert!(page.contains("Output of the function"), "{page}");
    server.page_with(&state("Check"), "1 x Desk cost 349.00 EUR");

    // A function that cannot be used is said, and those of before go on; a correct file is taken over.
    let functions = shop.join("lambdas/functions.toml");
    let good = fs::read_to_string(&functions).unwrap();
    fs::write(&functions, format!("{good}\n[functions.late]\nruntime = \"cobol\"\nhandler = \"late.handler\"\n"))
        .unwrap();
    server.page_with("/default/deploy", "which does not run on this machine");
    fs::write(shop.join("lambdas/late.py"), "def handler(event, context):\n    print('late')\n    return event\n")
        .unwrap();
    fs::write(&functions, format!("{good}\n[functions.late]\nruntime = \"python3\"\nhandler = \"late.handler\"\n"))
        .unwrap();
    // The manifest and the definition may name it at once.
    let manifest = shop.join("statemachine/countersign.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("\"check_purchase\"", "\"late\"")).unwrap();
    let begun = Instant::now();
    loop {
        let page = server.page("/default/deploy");
        if page.contains("Changed")
            && page.contains(":function:late")
            && !page.contains("which does not run on this machine")
        {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(40), "{page}");
        std::thread::sleep(Duration::from_millis(100));
    }
    drop(server);
    fs::remove_dir_all(folder).unwrap();
}

/// The commands of a document, as a shell takes them: lines of its examples, and steps of a workflow file.
fn commands(document: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for block in document.split("```").skip(1).step_by(2) {
        let block = block.replace("\\\n", " ");
        for line in block.lines() {
            let line = line.trim().trim_start_matches("run: ");
            let line =
                line.split_once(") countersign").map_or(line.to_owned(), |(_, rest)| format!("countersign{rest}"));
            let Some(rest) = line.strip_prefix("countersign ") else { continue };
            let ends = ["#", "|", ">", ";", "&"];
            let words = rest.split_whitespace().take_while(|word| !ends.iter().any(|end| word.starts_with(end)));
            found.push(std::iter::once("countersign").chain(words).map(str::to_owned).collect());
        }
    }
    found
}

#[test]
fn every_command_of_these_documents_is_one() {
    use clap::Parser as _;
    let mut count = 0;
    for name in DOCUMENTS {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
        for command in commands(&fs::read_to_string(path).unwrap()) {
            if let Err(error) = countersign::server::config::Cli::try_parse_from(&command) {
                panic!("{name}: {}: {error}", command.join(" "));
            }
            count += 1;
        }
    }
    assert!(count >= DOCUMENTS.len(), "{count} commands");
}

/// The documents with commands.
const DOCUMENTS: [&str; 2] = ["begin.md", "ci.md"];
